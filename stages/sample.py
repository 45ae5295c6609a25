"""Continuations of a campaign's prompts by a trained model, each under its own seed, with what they are to be judged by."""

import argparse
import math
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import nn

from stages.errors import UserError, report_errors
from stages.evaluation_parameters import Sampling
from stages.files import parse_json, sha256_of_file, to_json, write_atomic
from stages.manifest import NAME
from stages.sampler import Drawn, Logits, Sample, draw, tidy
from stages.trained_model import TrainedModel, load_trained_model
from stages.validation import validate
from stages.vocabulary import Vocabulary, load_vocabulary

DECODING = {"temperature", "top_k", "top_p", "maximum_new_tokens", "minimum_new_tokens", "frequency_penalty"}


def samples_of(model: TrainedModel, vocabulary: Vocabulary, settings: Sampling, lowercase: bool) -> list[Sample]:
    """One sample a prompt, all drawn side by side."""
    prompts = [prompt_ids(vocabulary, prompt.lower() if lowercase else prompt) for prompt in settings.prompts]
    end = vocabulary.eos
    drawn = draw(partial(last_logits, model.network), prompts, vocabulary.size, model.sequence_length, end, settings)
    return [
        Sample(
            seed=seed,
            prompt=prompt,
            output=tidy(vocabulary.decode(each.ids)),
            prompt_lowercased=lowercase,
            settings=settings.model_dump(include=DECODING),
            tokens=len(each.ids),
            mean_log_probability=_mean(each),
            uniform_log_probability=-math.log(vocabulary.size),
            weights=model.weights,
            weights_sha256=model.sha256,
            tokenizer_sha256=vocabulary.sha256,
        )
        for seed, prompt, each in zip(settings.seeds, settings.prompts, drawn, strict=True)
    ]


def _mean(drawn: Drawn) -> float | None:
    return math.fsum(drawn.log_probabilities) / len(drawn.ids) if drawn.ids else None


def prompt_ids(vocabulary: Vocabulary, prompt: str) -> list[int]:
    """Ids of ``prompt`` as a document begins, with its first token where documents have one; :class:`UserError` where there are none."""
    ids = vocabulary.encode(prompt)
    begins = vocabulary.encode_document("")[:1]
    ids = [*begins, *ids] if begins == [vocabulary.bos] else ids
    if not ids:
        raise UserError("--parameters", "prompts", repr(prompt), "a prompt of at least one token")
    return ids


@torch.inference_mode()
def last_logits(network: nn.Module, contexts: list[list[int]]) -> Logits:
    """Logits after each context; those of one length are one batch, so that none is padded."""
    device = next(network.parameters()).device
    logits: dict[int, Logits] = {}
    for length in {len(context) for context in contexts}:
        rows = [row for row, context in enumerate(contexts) if len(context) == length]
        batch_BV = network(torch.tensor([contexts[row] for row in rows], device=device), last_only=True)
        logits |= dict(zip(rows, batch_BV.double().cpu().numpy(), strict=True))
    return np.stack([logits[row] for row in range(len(contexts))])


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m stages.sample", description="Draw texts from a trained model.")
    parser.add_argument("--run", required=True)
    parser.add_argument("--weights", type=Path, required=True, help="the run's folder")
    parser.add_argument("--tokenizer", type=Path, required=True, help="folder of the tokenizer that the run was trained with")
    parser.add_argument("--parameters", required=True, help="sampling parameters, as JSON")
    parser.add_argument("--lowercase", action="store_true", help="the run was trained on lower-cased text, so lower-case its prompts")
    parser.add_argument("--output", type=Path, required=True, help="JSON to write")
    parser.add_argument("--threads", type=int, help="on a CPU; all where not given")
    report_errors(partial(run, parser.parse_args()))


def run(arguments: argparse.Namespace) -> None:
    """Read model and tokenizer, draw, write the samples."""
    settings = validate(Sampling, parse_json(arguments.parameters, "--parameters"), "--parameters")
    _check(settings)
    model, vocabulary = load_trained_model(arguments.weights, arguments.threads), load_vocabulary(arguments.tokenizer)
    if sha256_of_file(arguments.tokenizer / NAME) != model.tokenizer:
        raise UserError(arguments.tokenizer, "", "another tokenizer", "the one that the run was trained with")
    samples = samples_of(model, vocabulary, settings, arguments.lowercase)
    write_atomic(arguments.output, to_json({arguments.run: [sample.model_dump() for sample in samples]}))
    drawn = sum(sample.tokens for sample in samples)
    total = math.fsum(sample.tokens * (sample.mean_log_probability or 0) for sample in samples)
    print(
        f"{arguments.run}: {len(samples)} samples, {drawn} tokens, mean log-probability {total / max(drawn, 1):.3f} "
        f"(uniform {-math.log(vocabulary.size):.3f})"
    )


def _check(settings: Sampling) -> None:
    if not settings.prompts or len(settings.seeds) != len(settings.prompts):
        found = f"{len(settings.seeds)} for {len(settings.prompts)} prompts"
        raise UserError("--parameters", "seeds", found, "one for each prompt, and at least one prompt")


if __name__ == "__main__":
    main()
