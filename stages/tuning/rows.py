"""Documents or examples as rows of ids with labels, and rows as batches, in the three ways of ``data.packing``.

``blocks``: documents run together and cut, as the thesis's CPT had them; ``padded``: one a row, as its SFT had them; ``isolated``:
several a row, whose positions begin anew with each, which keeps them apart where no attention mask is given (protocols, packing).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from stages.errors import UserError
from stages.tasks import user_message
from stages.training_parameters import Packing
from stages.tuning.chat import end_of_turn, pad_id
from stages.tuning.chat import examples as encode_examples
from stages.tuning.packing import pack

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

IGNORED = -100
"""The label of what is in no loss."""
TOGETHER = 1000
"""Documents that are tokenised together and, for blocks, run together: what ``datasets`` maps at once."""
MULTIPLE = 8
"""What the width of padded batches is a multiple of, as run."""

Ids = NDArray[np.int32]
Segment = tuple[Ids, Ids]
"""Ids that see each other, and their labels: the same ids, or :data:`IGNORED`."""


@dataclass(frozen=True)
class Rows:
    """Rows of ids, one after the other in memory."""

    ids: Ids
    labels: Ids
    positions_within: Ids
    """Of each id, in its segment."""
    offsets: NDArray[np.int64]
    """Where each row begins, and the last ends."""
    predicted: NDArray[np.int64]
    """Labels in the loss, by row: a row's first is none, for nothing comes before it."""
    packing: Packing
    pad: int
    facts: dict[str, int]

    @property
    def count(self) -> int:
        return len(self.predicted)

    def width(self, indices: NDArray[np.int64]) -> int:
        """Positions of each row in a batch of these."""
        longest = int((self.offsets[indices + 1] - self.offsets[indices]).max())
        return -(-longest // MULTIPLE) * MULTIPLE if self.packing == "padded" else longest

    def positions(self, indices: NDArray[np.int64]) -> int:
        """Positions that are computed for a batch of these rows, padding among them."""
        return len(indices) * self.width(indices)

    def predictions(self, indices: NDArray[np.int64]) -> int:
        """Labels that are in the loss of a batch of these rows."""
        return int(self.predicted[indices].sum())

    def batch(self, indices: NDArray[np.int64]) -> dict[str, NDArray[np.int64]]:
        """``input_ids`` and ``labels`` (rows × width) and what keeps apart what is not one text: for rows with padding an
        ``attention_mask``, for isolated ones ``position_ids``, of which what fills a row has its own.
        """
        shape = (len(indices), self.width(indices))
        batch = {"input_ids": np.full(shape, self.pad), "labels": np.full(shape, IGNORED)}
        mask, positions = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        for row, index in enumerate(indices):
            part = slice(self.offsets[index], self.offsets[index + 1])
            end = int(part.stop - part.start)
            batch["input_ids"][row, :end] = self.ids[part]
            batch["labels"][row, :end] = self.labels[part]
            mask[row, :end] = 1
            positions[row, :end] = self.positions_within[part]
            positions[row, end:] = np.arange(shape[1] - end)
        match self.packing:
            case "padded":
                batch["attention_mask"] = mask
            case "isolated":
                batch["position_ids"] = positions
        return batch


def document_rows(
    tokenizer: "PreTrainedTokenizerFast", documents: Sequence[str], length: int, packing: Packing, add_bos: bool, add_eos: bool
) -> Rows:
    """Rows of at most ``length`` ids in which every token is predicted but the first of each segment.

    ``padded`` and ``blocks`` cut off what a document has beyond ``length``; ``isolated`` goes on with it in further segments.
    :class:`UserError` where no row comes of it, or the tokenizer lacks a token that is to be added.
    """
    segments: list[Segment] = []
    tokens = truncated = dropped = 0
    for encoded in _encoded(tokenizer, documents, add_bos, add_eos):
        tokens += sum(map(len, encoded))
        truncated += sum(len(ids) > length for ids in encoded) if packing != "isolated" else 0
        dropped += sum(len(ids) < 2 for ids in encoded) if packing != "blocks" else 0
        segments += [(ids, _document_labels(ids, packing)) for ids in _cut(encoded, length, packing)]
    facts = {
        "documents": len(documents),
        "characters": sum(map(len, documents)),
        "dropped_examples": dropped,
        "truncated_examples": truncated,
        "empty_answers": 0,
    }
    return _rows(tokenizer, segments, length, packing, tokens, facts)


def _encoded(tokenizer: "PreTrainedTokenizerFast", documents: Sequence[str], add_bos: bool, add_eos: bool) -> Iterator[list[Ids]]:
    """Ids of :data:`TOGETHER` documents at once; what a document holds of control tokens stays ordinary text."""
    begin = [_added(tokenizer, "bos")] if add_bos else []
    end = [_added(tokenizer, "eos")] if add_eos else []
    for start in range(0, len(documents), TOGETHER):
        texts = list(documents[start : start + TOGETHER])
        found = tokenizer(texts, add_special_tokens=False, split_special_tokens=True, return_attention_mask=False)["input_ids"]
        yield [np.array([*begin, *ids, *end], np.int32) for ids in found]


def _added(tokenizer: "PreTrainedTokenizerFast", which: str) -> int:
    token: int | None = getattr(tokenizer, f"{which}_token_id")
    if token is None:
        place = tokenizer.name_or_path or "the tokenizer"
        raise UserError(place, f"{which}_token", "none", "one", f"Set tokenizer.add_{which} to false.")
    return token


def _cut(encoded: list[Ids], length: int, packing: Packing) -> list[Ids]:
    """Documents as what goes into rows: of at most ``length`` ids each, of blocks exactly so many."""
    match packing:
        case "padded":
            return [ids[:length] for ids in encoded]
        case "blocks":
            stream = np.concatenate([ids[:length] for ids in encoded])
            return [stream[start : start + length] for start in range(0, len(stream) - length + 1, length)]
    return [ids[start : start + length] for ids in encoded for start in range(0, len(ids), length)]


def _document_labels(ids: Ids, packing: Packing) -> Ids:
    labels = ids.copy()
    if packing == "isolated":
        labels[:1] = IGNORED  # or it would be predicted from the segment before
    return labels


def example_rows(tokenizer: "PreTrainedTokenizerFast", examples: Sequence[Mapping[str, str]], length: int, packing: Packing) -> Rows:
    """Rows of chats (``instruction``, ``input``, ``output``) of which the answers and the ends of their turns are predicted.

    An example that is longer than ``length`` is cut off, and dropped where that leaves nothing of its answer; both are counted, the
    dropped among the truncated. :class:`UserError` where none is left.
    """
    if packing == "blocks":
        raise UserError("--parameters", "data.packing", repr(packing), "'padded' or 'isolated': examples are not run together")
    pairs = [(user_message(row["instruction"], row["input"]), row["output"]) for row in examples]
    encoded = encode_examples(tokenizer, pairs)
    facts = {
        "documents": len(examples),
        "characters": sum(len(message) + len(answer) for message, answer in pairs),
        "dropped_examples": sum(prompt >= length for _, prompt in encoded),
        "truncated_examples": sum(len(ids) > length for ids, _ in encoded),
        "empty_answers": sum(not answer for _, answer in pairs),
    }
    ends = end_of_turn(tokenizer)
    segments = [_example(np.array(ids, np.int32), prompt, length, ends) for ids, prompt in encoded]
    return _rows(tokenizer, segments, length, packing, sum(len(ids) for ids, _ in encoded), facts)


def _example(ids: Ids, prompt: int, length: int, ends: int) -> Segment:
    """At most ``length`` ids, of which the answer's are labels: the end of its turn among them, unless it is cut off."""
    labels = ids.copy()
    labels[:prompt] = IGNORED
    assert labels[-1] == ends
    return ids[:length], labels[:length]


def _rows(
    tokenizer: "PreTrainedTokenizerFast", segments: list[Segment], length: int, packing: Packing, tokens: int, facts: dict[str, int]
) -> Rows:
    """Rows of ``segments`` but those that nothing is predicted in; ``facts`` with what is counted of both, of ``tokens`` in all."""
    segments = [(ids, labels) for ids, labels in segments if (labels[1:] != IGNORED).any()]
    if not segments:
        found = f"{length}, at which nothing is to be predicted in {facts['documents']} documents or examples of {tokens} tokens"
        raise UserError("--parameters", "data.sequence_length", found, "a length that leaves rows", "Ask for another, or give it more.")
    packed = pack([len(ids) for ids, _ in segments], length) if packing == "isolated" else [[each] for each in range(len(segments))]
    ordered = [segments[each] for row in packed for each in row]
    ids, labels = (np.concatenate(parts) for parts in zip(*ordered, strict=True))
    offsets = np.cumsum([0, *(sum(len(segments[each][0]) for each in row) for row in packed)])
    is_label = labels != IGNORED
    counted = {"unique_tokens": len(ids), "dropped_tokens": tokens - len(ids), "windows": len(packed), "label_tokens": int(is_label.sum())}
    is_label[offsets[:-1]] = False
    return Rows(
        ids=ids,
        labels=labels,
        positions_within=np.concatenate([np.arange(len(ids), dtype=np.int32) for ids, _ in ordered]),
        offsets=offsets,
        predicted=np.add.reduceat(is_label, offsets[:-1], dtype=np.int64),
        packing=packing,
        pad=0 if packing == "blocks" else pad_id(tokenizer),
        facts=facts | counted,
    )
