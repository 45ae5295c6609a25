"""Token shapes of a run's samples under the run's own tokenizer, and whether the samples are text of its model at all.

The published report (facts, section 7.1) encodes each text anew and limits the share of bytes that stand for characters without a piece,
and of pieces of one or two letters inside words. Neither tells text from noise: uniform draws may pass. So a third check asks how far
the model's mean log-probability of a text lies above that of even chances, -ln V.
"""

import argparse
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from stages.errors import UserError, report_errors
from stages.evaluation_parameters import Sampling
from stages.files import parse_json, read_json, to_json, write_atomic
from stages.piece_shapes import piece_shapes
from stages.sampler import Sample
from stages.validation import validate
from stages.vocabulary import Vocabulary, load_vocabulary

LEAST_DISTANCE = 0.25
"""Distance from uniform (0: as probable as even chances, 1: certain) below which a sample is no text of its model.

Uniform draws cannot lie above 0 but by chance: their mean log-probability under *any* model is -ln V less a divergence (Gibbs'
inequality), and over a hundred tokens chance moves it by a few hundredths. A model's own draws lie at 1 - H / ln V for its entropy H,
higher where temperature and filters are on: at least 0.46 for the thesis's runs, whose weakest has 4.33 nats for 3,200 pieces. A model
that knows no more than how frequent its pieces are would give 0.16 to 0.20 (500 and 2,000 pieces, measured on Canarim's answers); one
that learns for some ten seconds on a processor gives 0.34. A quarter lies between.
"""


def report_of(run: str, samples: Sequence[Sample], tokenizer: str, vocabulary: Vocabulary, limits: Sampling) -> dict[str, Any]:
    """The report on the ``samples`` of one run; ``tokenizer`` is the file of the one they are encoded with."""
    shapes = [piece_shapes(vocabulary.pieces(sample.output)) for sample in samples]
    rows = [_row(sample, each) for sample, each in zip(samples, shapes, strict=True)]
    aggregate = {"model_key": run, **_aggregate(samples, sum(shapes, Counter[str]()))}
    thresholds = {
        "max_fallback_ratio": limits.maximum_fallback_ratio,
        "max_short_piece_ratio": limits.maximum_short_piece_ratio,
        "min_distance_from_uniform": LEAST_DISTANCE,
    }
    violations = list(_over("aggregate", aggregate, thresholds))
    for row in rows:
        violations += [*_over("sample", row, thresholds), *_degenerate(row)]
    return {
        "model_key": run,
        "tokenizer": tokenizer,
        "tokenizer_sha256": vocabulary.sha256,
        "weights": samples[0].weights,
        "weights_sha256": samples[0].weights_sha256,
        "thresholds": thresholds,
        "aggregate": aggregate,
        "per_sample": rows,
        "passes": not violations,
        "violations": violations,
    }


def _row(sample: Sample, shapes: Counter[str]) -> dict[str, Any]:
    counted = {"seed": sample.seed, "token_count": shapes["tokens"], "char_count": len(sample.output), **_ratios(shapes)}
    return counted | {"distance_from_uniform": distance_from_uniform(sample)}


def _aggregate(samples: Sequence[Sample], shapes: Counter[str]) -> dict[str, Any]:
    characters = sum(len(sample.output) for sample in samples)
    return {
        "samples_count": len(samples),
        "total_tokens": shapes["tokens"],
        "total_chars": characters,
        "avg_tokens_per_sample": shapes["tokens"] / len(samples),
        "avg_chars_per_sample": characters / len(samples),
        **_ratios(shapes),
    }


def _ratios(shapes: Counter[str]) -> dict[str, float]:
    tokens = shapes["tokens"] or 1
    return {
        "fallback_tokens": shapes["fallback"],
        "fallback_ratio": shapes["fallback"] / tokens,
        "short_alpha_tokens": shapes["short"],
        "short_alpha_ratio": shapes["short"] / tokens,
    }


def distance_from_uniform(sample: Sample) -> float:
    """How far a text is on the way from even chances (0) to certainty (1); less than 0 where it is less probable, 0 where it is empty."""
    if sample.mean_log_probability is None:
        return 0.0
    return 1 - sample.mean_log_probability / sample.uniform_log_probability


def _over(kind: str, row: dict[str, Any], thresholds: dict[str, float]) -> Iterator[dict[str, Any]]:
    """Ratios of a sample, or of all together, that are above their limits."""
    for name, key in {"fallback_ratio": "fallback_ratio", "short_piece_ratio": "short_alpha_ratio"}.items():
        if row[key] > (threshold := thresholds[f"max_{name}"]):
            yield {"type": f"{kind}_{name}", **_seed(row), "value": row[key], "threshold": threshold}


def _degenerate(row: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if row["distance_from_uniform"] < LEAST_DISTANCE:
        yield {"type": "degenerate", **_seed(row), "value": row["distance_from_uniform"], "threshold": LEAST_DISTANCE}


def _seed(row: dict[str, Any]) -> dict[str, int]:
    return {"seed": row["seed"]} if "seed" in row else {}


def read_samples(file: Path, run: str, vocabulary: Vocabulary) -> list[Sample]:
    """Samples of ``run``; :class:`UserError` where there are none, or where they were drawn with another tokenizer."""
    content = read_json(file)
    entries = content.get(run) if isinstance(content, dict) else None
    if not isinstance(entries, list) or not entries:
        raise UserError(file, run, "no samples", "a list of samples under the run's name")
    samples = [validate(Sample, entry, f"{file}: {run}[{index}]") for index, entry in enumerate(entries)]
    for index, sample in enumerate(samples):
        if sample.tokenizer_sha256 != vocabulary.sha256:
            found = f"a tokenizer of hash {sample.tokenizer_sha256[:12]}"
            raise UserError(file, f"{run}[{index}].tokenizer_sha256", found, f"{vocabulary.sha256[:12]}, the one that is given")
    return samples


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m stages.guardrails", description="Check the samples of a run.")
    parser.add_argument("--run", required=True)
    parser.add_argument("--samples", type=Path, required=True, help="the run's samples.json")
    parser.add_argument("--tokenizer", type=Path, required=True, help="folder of the run's own tokenizer")
    parser.add_argument("--parameters", required=True, help="sampling parameters, as JSON, which hold the limits")
    parser.add_argument("--output", type=Path, required=True, help="JSON to write")
    report_errors(partial(run, parser.parse_args()))


def run(arguments: argparse.Namespace) -> None:
    """Read samples and tokenizer, count, write the report; what it finds is a result, not an error."""
    limits = validate(Sampling, parse_json(arguments.parameters, "--parameters"), "--parameters")
    vocabulary = load_vocabulary(arguments.tokenizer)
    if vocabulary.kind == "character":
        raise UserError(arguments.tokenizer, "kind", "characters", "a SentencePiece tokenizer, whose pieces have shapes")
    samples = read_samples(arguments.samples, arguments.run, vocabulary)
    report = report_of(arguments.run, samples, (arguments.tokenizer / "tokenizer.model").as_posix(), vocabulary, limits)
    write_atomic(arguments.output, to_json(report))
    aggregate, farthest = report["aggregate"], min(row["distance_from_uniform"] for row in report["per_sample"])
    print(
        f"{arguments.run}: {'passes' if report['passes'] else 'fails'}, {len(report['violations'])} violations; "
        f"short pieces {aggregate['short_alpha_ratio']:.4f}, bytes {aggregate['fallback_ratio']:.4f}, "
        f"distance from uniform {farthest:.3f} at least"
    )


if __name__ == "__main__":
    main()
