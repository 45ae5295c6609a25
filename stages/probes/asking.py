"""What one system answers to the probes' prompts, greedily, and to an evaluation's examples, drawn once a sampling seed."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from stages.files import sha256_of_json
from stages.generation.answer import Answer, texts_of
from stages.generation.batches import Request, batches_of
from stages.generation.examples import Draw, Example
from stages.generation.requests import check_context, requests_of
from stages.generation.transformers_engine import Ids, Sampling, answer_batch
from stages.parameter_models import Extrinsic, Probes
from stages.probes.cases import Case
from stages.tasks import user_message
from stages.tuning.chat import prompts

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast


Keep = Callable[[Callable[[], list[Answer]]], list[Answer]]
"""Gives the answers of the next batch: those that an earlier call left, or what the function gives, which it keeps."""


class Asked(NamedTuple):
    """All that a system is asked."""

    cases: list[Case]
    case_requests: list[Request]
    """One a case."""
    examples: list[Example]
    """To be answered once a sampling seed."""
    sampled_requests: list[Request]
    """Seed by seed, one an example."""


class Answers(NamedTuple):
    cases: list[str]
    sampled: list[list[str]]
    """One list a sampling seed."""


def what_to_ask(
    tokenizer: "PreTrainedTokenizerFast", context: int, cases: Sequence[Case], draw: Draw, probes: Probes, extrinsic: Extrinsic
) -> Asked:
    """Cases, and the first examples of each task of ``draw``, as the evaluation asks them; all must fit ``context`` tokens."""
    requests = requests_of([draw], tokenizer, extrinsic, context)
    chosen = first_of_each_task(draw.examples, extrinsic.tasks, probes.examples_per_task)
    return Asked(
        cases=list(cases),
        case_requests=_case_requests(tokenizer, context, cases, probes.maximum_new_tokens),
        examples=[draw.examples[index] for index in chosen],
        sampled_requests=[requests[index]._replace(seed=seed) for seed in probes.sampling_seeds for index in chosen],
    )


def first_of_each_task(examples: Sequence[Example], tasks: Mapping[str, object], count: int) -> list[int]:
    """Indices of the first ``count`` examples of each task, task by task."""
    return [index for task in tasks for index in [place for place, each in enumerate(examples) if each.task == task][:count]]


def _case_requests(tokenizer: "PreTrainedTokenizerFast", context: int, cases: Sequence[Case], new: int) -> list[Request]:
    written = prompts(tokenizer, [user_message(case.instruction, case.input) for case in cases])
    for case, ids in zip(cases, written, strict=True):
        do = "Lower probes.maximum_new_tokens, or take a model with a longer context."
        check_context(f"probe {case.probe}", case.name, ids, new, context, do)
    return [Request(0, case.probe, case.name, ids, False, new) for case, ids in zip(cases, written, strict=True)]


def ask(model: Any, tokenizer: "PreTrainedTokenizerFast", ids: Ids, asked: Asked, probes: Probes, keep: Keep) -> Answers:
    """Answers of a model (with or without an adapter) to all of ``asked``, batch by batch as ``keep`` takes them."""
    answer = partial(answer_batch, model, ids)
    cases = _answers(answer, tokenizer, asked.case_requests, probes.batch_size, None, keep)
    sampled = _answers(answer, tokenizer, asked.sampled_requests, probes.batch_size, probes.temperature, keep)
    count = len(asked.examples)
    return Answers(cases, [sampled[start : start + count] for start in range(0, len(sampled), count)])


def _answers(
    answer: Callable[..., list[Answer]],
    tokenizer: "PreTrainedTokenizerFast",
    requests: Sequence[Request],
    batch_size: int,
    temperature: float | None,
    keep: Keep,
) -> list[str]:
    """One text a request, in their order; greedy without a temperature."""
    texts: dict[int, str] = {}
    for batch in batches_of(requests, batch_size):
        members = [requests[index] for index in batch]
        sampling = None if temperature is None else Sampling(temperature, _seed(members))
        answers = keep(partial(answer, [each.prompt for each in members], members[0].maximum_new_tokens, sampling))
        texts |= dict(zip(batch, texts_of(tokenizer, answers), strict=True))
    return [texts[index] for index in range(len(requests))]


def _seed(batch: Sequence[Request]) -> int:
    """Seed of a batch's draws, from its sampling seed and its examples: each batch has one of its own, the same for both systems."""
    return int(sha256_of_json([batch[0].seed, [each.hash for each in batch]])[:15], 16)
