"""Answering the examples of the extrinsic evaluation: sorted by length in large batches against batches of four as they come.

Prompts have the lengths of the published examples of one seed, in tokens by the rate that the evidence gives; their ids and the
model's weights are random, and one id in forty ends an answer. The baseline is the thesis's way; each way after it changes one
thing more: weights read out of NF4 once, examples sorted, larger batches. All must give the same answers, which is asserted on a
processor, in fp32. On one thread, generated tokens per processor second. On a GPU: the same with LLaMA-3.1-8B's dimensions. The
ratios are of this model and this processor; reading out costs memory that a large model may not have.
"""

import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch

from bench.measure import Result, entry, in_turn, not_measured
from bench.results import Entry
from stages.generation.answer import Answer
from stages.generation.batches import Request, batches_of
from stages.generation.engine import load_system
from stages.generation.transformers_engine import Ids, answer_batch
from stages.manifest import write_manifest
from stages.parameters import load_run
from stages.registry import Evidence
from stages.run_files import file_of
from stages.tasks import user_message
from stages.threads import use_threads
from stages.training_parameters import QuantisedBase
from stages.tuning.models import load_base

LABELS = {
    "as_they_come_4": "as they come, 4 a batch",
    "read_out_4": "the same, weights read out once",
    "sorted_4": "sorted, 4 a batch",
    "sorted_16": "sorted, 16 a batch",
}
ROUNDS = 2
EVERY = 20
"""On a processor, one example of so many is answered."""
CHARACTERS_PER_TOKEN = 158_331 / 45_765
"""Of the 1,000 answers that the thesis validated its SFT on: 46,765 label tokens, of which each answer's last is no text."""
TEMPLATE_TOKENS = 36
"""Of LLaMA-3.1's chat template around a message."""
SMALL = {"hidden_size": 128, "intermediate_size": 352, "num_hidden_layers": 4, "num_attention_heads": 4, "vocab_size": 2000}
LARGE = {"hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32, "num_attention_heads": 32, "vocab_size": 128_256}
ARCHITECTURE = {"base_model": "random", "quantisation": "nf4", "double_quantisation": True, "compute_dtype": "bfloat16"}
PAD = 0

Way = Callable[[], list[Answer]]
"""Answers every request, in their order."""


def requests_of_lengths(vocabulary: int, every: int) -> list[Request]:
    """Random prompts as long as the published ones, in their order, with the published limits."""
    run = load_run("published", "extrinsic")
    assert run.extrinsic
    random, seed = np.random.default_rng(0), run.extrinsic.seeds[0]
    requests = []
    for row in Evidence("published").json_lines(file_of(run, f"outputs_{seed}"))[::every]:
        message = user_message(str(row.text("$.instruction").value), str(row.text("$.input").value))
        length = min(TEMPLATE_TOKENS + round(len(message) / CHARACTERS_PER_TOKEN), run.extrinsic.maximum_prompt_tokens)
        task, prompt = str(row.text("$.task").value), random.integers(1, vocabulary, length).tolist()
        requests.append(Request(seed, task, "", prompt, False, run.extrinsic.maximum_new_tokens[task]))
    return requests


def write_random_model(folder: Path, dimensions: dict[str, int], device: torch.device) -> Path:
    """A folder of kind ``model``: a LLaMA of random weights, large enough for one token to tell on the next."""
    from transformers import AutoModelForCausalLM, LlamaConfig

    shape: Any = {**dimensions, "num_key_value_heads": dimensions["num_attention_heads"] // 4, "max_position_embeddings": 4096}
    torch.manual_seed(0)
    with device:
        settings = LlamaConfig(**shape, initializer_range=0.05, pad_token_id=PAD)
        model: Any = AutoModelForCausalLM.from_config(settings, dtype=torch.bfloat16)  # type: ignore[no-untyped-call]
    model.save_pretrained(folder)
    files = sorted(path.name for path in folder.iterdir())
    write_manifest(folder, "model", "stages.generate", files=files, facts={}, parameters={})
    return folder


def answer_all(model: Any, ids: Ids, requests: Sequence[Request], batches: Sequence[Sequence[int]]) -> list[Answer]:
    """Answers in the order of the requests."""
    answers: dict[int, Answer] = {}
    for batch in batches:
        found = answer_batch(model, ids, [requests[index].prompt for index in batch], requests[batch[0]].maximum_new_tokens)
        answers |= dict(zip(batch, found, strict=True))
    return [answers[index] for index in range(len(requests))]


def in_order(requests: Sequence[Request], size: int) -> list[list[int]]:
    """Batches of one task as the examples come: those of the thesis."""
    batches: list[list[int]] = []
    for index, request in enumerate(requests):
        if not batches or len(batches[-1]) == size or requests[batches[-1][0]].task != request.task:
            batches.append([])
        batches[-1].append(index)
    return batches


def ways(folder: Path, requests: Sequence[Request], vocabulary: int, device: torch.device) -> dict[str, Way]:
    """The thesis's way first, then one change after the other."""
    architecture = QuantisedBase.model_validate(ARCHITECTURE)
    ids = Ids(PAD, list(range(20, vocabulary, 40)))
    quantised, model = load_base(folder, architecture, device), load_system(architecture, folder, None, device, 1)
    sizes = (4, 16)
    return {
        "as_they_come_4": lambda: answer_all(quantised, ids, requests, in_order(requests, 4)),
        "read_out_4": lambda: answer_all(model, ids, requests, in_order(requests, 4)),
        **{
            f"sorted_{size}": lambda size=size: answer_all(model, ids, requests, batches_of(requests, size))  # type: ignore[misc]
            for size in sizes
        },
    }


def tokens_a_second(way: Way, clock: Callable[[], float], answers: list[list[Answer]]) -> float:
    """Generated tokens a second of one call, whose answers are kept."""
    start = clock()
    answers.append(way())
    return sum(answer.tokens for answer in answers[-1]) / (clock() - start)


def compare(dimensions: dict[str, int], device: torch.device, every: int, clock: Callable[[], float]) -> dict[str, list[float]]:
    """Tokens a second of each way, round by round."""
    requests = requests_of_lengths(dimensions["vocab_size"], every)
    answers: list[list[Answer]] = []
    with TemporaryDirectory() as folder:
        compared = ways(write_random_model(Path(folder), dimensions, device), requests, dimensions["vocab_size"], device)
        calls = {name: partial(tokens_a_second, way, clock, answers) for name, way in compared.items()}
        found = in_turn(calls, ROUNDS, warm_up=False)
    assert device.type == "cuda" or all(each == answers[0] for each in answers), "the ways differ in what they answer"
    return found


def entries_of(found: dict[str, list[float]], prefix: str, title: str) -> dict[str, Entry]:
    """The first way, and the others beside it."""
    first, *others = LABELS
    entries = {prefix + first: entry(f"{title}, {LABELS[first]}", "tokens/s", found[first])}
    for name in others:
        entries[prefix + name] = entry(f"{title}, {LABELS[name]}", "tokens/s", found[name], prefix + first, found[first])
    return entries


def result() -> Result:
    use_threads(1)
    entries = entries_of(compare(SMALL, torch.device("cpu"), EVERY, time.process_time), "", "Answering")
    title = "Answering, LLaMA-3.1-8B's dimensions on a GPU"
    if torch.cuda.is_available():
        entries |= entries_of(compare(LARGE, torch.device("cuda"), 1, time.perf_counter), "8b_", title)
    else:
        entries["8b"] = not_measured(title, "tokens/s")
    return Result(entries, {"rounds": ROUNDS, "every so many examples": EVERY}, ("torch", "transformers", "bitsandbytes"))
