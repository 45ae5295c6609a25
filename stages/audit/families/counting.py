"""Rules on what training logs count: tokens against the bytes of their files and against FLOPs, examples against rows."""

import math
import re
from collections.abc import Iterator

from stages.audit.campaign import Campaign
from stages.audit.finding import Finding
from stages.audit.objects import Nested, effect, field, figure, number, objects, walk
from stages.audit.rules import rule
from stages.traced import Ref

TEMPLATE_TOKENS = 100
"""Tokens that a chat template may add to an example, generously: headers, a default system message and a date take about 40."""
FLOPS_PER_TOKEN = 6
"""Floating-point operations a parameter and token that trainers count for a training step (Kaplan et al., 2020)."""
FLOPS_FACTOR = 3.0
"""Factor from which on FLOPs and tokens cannot both be right; counting packed 4-bit weights as they lie gives 2."""
_SIZE = re.compile(r"(?<![\d.])(?:(\d+)\s?[xX]\s?)?(\d+(?:\.\d+)?)\s?[bB](?![a-zA-Z])(?:-(\d+)E\b)?")
"""Billions of parameters in a model's name, with the number of experts before it (8x7B) or behind it (17B-16E)."""


_TOKENS: tuple[tuple[str, str | None, tuple[str, ...]], ...] = (
    ("training.tokens_seen", "training.trainer_metrics.epoch", ("data.train_jsonl", "data.dataset_jsonl")),
    ("counts.unique_tokens", None, ("data.train_jsonl",)),
)
"""Counts of tokens that are meant to hold no padding, the epochs that they are of (none: one reading), and the files that were read."""


@rule(
    "counting.padding",
    "Tokens that the training files cannot hold",
    proves="A log states more processed tokens than its files have bytes, although a token has at least one: padding was counted.",
    cannot="How many tokens there really were, and overstatements by less than the bytes of a token.",
)
def padding(campaign: Campaign) -> Iterator[Finding]:
    for key, epochs_key, file_keys in _TOKENS:
        for log in _logs(campaign, key):
            files = [file for file_key in file_keys if (file := _rows_file(campaign, log.content, file_key))]
            epochs = number(log.content, epochs_key) if epochs_key else 1.0
            if files and epochs is not None:
                yield from _padded(campaign, log, key, epochs, files)


def _padded(campaign: Campaign, log: Nested, key: str, epochs: float, files: list[str]) -> Iterator[Finding]:
    """What the bytes of the files, read ``epochs`` times, say of a log's count of tokens."""
    stated = number(log.content, key) or 0.0
    rows = [row for file in files for row in campaign.rows[file]]
    size = sum(len(value.encode()) for row in rows for _, value in walk(row.content) if isinstance(value, str))
    bound = (size + TEMPLATE_TOKENS * len(rows)) * epochs
    if stated > bound:
        message = (
            f"{figure(stated)} tokens are stated for {epochs:g} epochs over {len(rows):,} examples of {size:,} bytes in all. A token "
            f"has at least one byte, so that with {TEMPLATE_TOKENS} template tokens an example there were at most {figure(bound)}: "
            f"positions that hold padding, or nothing, were counted.{_nominal(log, stated)}"
        )
        refs = log.ref(*key.split(".")), *(Ref(file, "", campaign.rows[file][0].sha256) for file in files)
        sides = f"{figure(stated)} tokens", f"at most {figure(bound)}"
        yield Finding(log.document.file, "error", "protocol fault", message, *sides, f"at least {stated / bound:.1f} times", refs)


def _logs(campaign: Campaign, key: str) -> Iterator[Nested]:
    """Logs that have a field; not the copies of them that another report holds within it."""
    for document in campaign.documents.values():
        if number(document.content, key) is not None:
            yield Nested(document, "$", document.content)


def _rows_file(campaign: Campaign, content: object, key: str) -> str | None:
    """File of rows that a path in a log means; none where it is not here."""
    path = field(content, key)
    file = campaign.find(path) if isinstance(path, str) else None
    return file if file in campaign.rows else None


def _nominal(log: Nested, stated: float) -> str:
    parts = [number(log.content, key) for key in ("training.train_samples", "data.seq_len", "training.trainer_metrics.epoch")]
    nominal = math.prod(part for part in parts if part is not None)
    return " The figure is examples times maximum length times epochs." if None not in parts and nominal == stated else ""


@rule(
    "counting.flops",
    "FLOPs that contradict the stated tokens",
    proves="The operations that the trainer counted are far from six a parameter and token: the tokens or the operations are wrong.",
    cannot="Which of the two is wrong; and differences below the threshold, which depend on what the trainer counts.",
)
def flops(campaign: Campaign) -> Iterator[Finding]:
    for log in _logs(campaign, "training.trainer_metrics.total_flos"):
        operations, tokens = (number(log.content, f"training.{key}") for key in ("trainer_metrics.total_flos", "tokens_seen"))
        least, most = _billions(str(field(log.content, "model.name_or_path")))
        if not operations or not tokens or not least:
            continue
        fitting = operations / (FLOPS_PER_TOKEN * tokens) / 1e9
        billions = min(max(fitting, least), most)
        if max(fitting / billions, billions / fitting) > FLOPS_FACTOR:
            implied = operations / (FLOPS_PER_TOKEN * billions * 1e9)
            message = (
                f"{operations:.4g} operations, at {FLOPS_PER_TOKEN} a parameter and token of a model of {billions:g}B parameters, are "
                f"about {implied / 1e6:,.1f} million tokens; {tokens / 1e6:,.1f} million are stated. Over those, they would fit a model of "
                f"{fitting:.2g}B parameters."
            )
            refs = (
                log.ref("training", "trainer_metrics", "total_flos"),
                log.ref("training", "tokens_seen"),
                log.ref("model", "name_or_path"),
            )
            sides = f"{figure(tokens)} tokens", f"about {implied / 1e6:,.1f} million"
            change = f"{max(implied / tokens, tokens / implied):.1f} times"
            yield Finding(log.document.file, "error", "mismatch", message, *sides, change, refs)


def _billions(name: str) -> tuple[float, float]:
    """Billions of parameters that may take part in a token, by a model's name: of a mixture, one expert to all of them; 0 where unknown."""
    size = _SIZE.search(name)
    one, experts = (float(size[2]), int(size[1] or size[3] or 1)) if size else (0.0, 1)
    return one, one * max(experts, 1)


_COUNTED = (
    ("training.train_samples", "data.train_jsonl"),
    ("training.eval_samples", "data.val_jsonl"),
    ("data.train.documents", "data.train_jsonl"),
    ("data.validation.documents", "data.val_jsonl"),
    ("eval_samples", "dataset"),
    *((f"splits.{split}", f"artifacts.{split}_jsonl") for split in ("train", "val", "test")),
)
"""Numbers of examples and the files that they were counted in; blocks of running text are not counted by rows."""


@rule(
    "counting.rows",
    "Numbers of examples that their files do not have",
    proves="A log or a description of a data set states another number of examples than the file that it names has rows.",
    cannot="Whether the rows are the ones that were there at the training: their number alone is compared.",
)
def rows(campaign: Campaign) -> Iterator[Finding]:
    right = 0
    for document in campaign.documents.values():
        for nested in objects(document):
            for count, path in _COUNTED:
                stated, file = number(nested.content, count), _rows_file(campaign, nested.content, path)
                if stated is None or file is None or file not in campaign.examples:
                    continue
                found = len(campaign.rows[file])
                right += found == stated
                if found != stated:
                    message = f"{figure(stated)} examples are stated as {count}; {file} has {found:,} rows."
                    refs = nested.ref(*count.split(".")), Ref(file, "", campaign.rows[file][0].sha256)
                    sides = figure(stated), f"{found:,}"
                    yield Finding(f"{nested.name} {count}", "error", "mismatch", message, *sides, effect(stated, found), refs)
    if right:
        message = "Numbers of examples that logs and descriptions state are the numbers of rows of the files that they name."
        yield Finding("all files of examples", "note", "confirmed", message, recomputed=f"{right} numbers")
