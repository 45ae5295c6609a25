from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pytest
from numpy.typing import NDArray

from stages.errors import UserError
from stages.tasks import user_message
from stages.training_parameters import Packing
from stages.tuning.chat import end_of_turn, example_ids, pad_id
from stages.tuning.rows import IGNORED, Rows, document_rows, example_rows
from tests.unit.small_llama import small_model, small_tokenizer
from tests.unit.tokenizers import invented_documents

if TYPE_CHECKING:
    from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

LENGTH = 64
BASE: dict[str, bool] = {"add_bos": True, "add_eos": True}
EXAMPLES = [
    {"instruction": "Qual é a capital?", "input": "", "output": "Brasília"},
    {"instruction": "Resuma.", "input": "A ação começou.", "output": "Começou."},
    {"instruction": "Diga", "input": "", "output": ""},
    {"instruction": "Corrija", "input": "nos foi", "output": "nós fomos"},
]
LONGEST = 256
"""Holds each of these."""


@pytest.fixture(scope="module")
def tokenizer() -> "PreTrainedTokenizerFast":
    return small_tokenizer()


@pytest.fixture(scope="module")
def model() -> "LlamaForCausalLM":
    return small_model()


def documents(*words: int) -> list[str]:
    """Documents of about so many words, each of other ones."""
    return [" ".join(text.split()[:count]) for count, text in zip(words, invented_documents(len(words)), strict=True)]


def all_of(rows: Rows) -> NDArray[np.int64]:
    return np.arange(rows.count)


def whole(tokenizer: "PreTrainedTokenizerFast", texts: list[str], end: bool = True) -> list[list[int]]:
    """Ids of documents as the tokenizer itself gives them, with its own beginning."""
    return [[*tokenizer(text)["input_ids"], *([tokenizer.eos_token_id] if end else [])] for text in texts]


def test_blocks_are_the_run_of_each_thousand_documents_without_its_rest(tokenizer: "PreTrainedTokenizerFast") -> None:
    texts = documents(*(3 + number % 20 for number in range(1100)))
    rows = document_rows(tokenizer, texts, 32, "blocks", add_bos=True, add_eos=False)
    cut = tokenizer(texts, truncation=True, max_length=32)["input_ids"]
    streams = [np.concatenate(part) for part in (cut[:1000], cut[1000:])]
    expected = np.concatenate([stream[: len(stream) // 32 * 32] for stream in streams]).reshape(-1, 32)
    batch = rows.batch(all_of(rows))
    assert set(batch) == {"input_ids", "labels"}, "nothing keeps the documents apart"
    assert (batch["input_ids"] == expected).all() and (batch["labels"] == expected).all()
    tokens = sum(len(ids) for ids in whole(tokenizer, texts, end=False))
    assert rows.facts == {
        "documents": 1100,
        "characters": sum(map(len, texts)),
        "dropped_examples": 0,
        "truncated_examples": sum(len(ids) > 32 for ids in whole(tokenizer, texts, end=False)),
        "empty_answers": 0,
        "unique_tokens": expected.size,
        "dropped_tokens": tokens - expected.size,
        "windows": len(expected),
        "label_tokens": expected.size,
    }
    assert rows.facts["truncated_examples"] and all(len(stream) % 32 for stream in streams)
    assert rows.predictions(all_of(rows)) == len(expected) * 31


def test_isolated_documents_are_there_whole_with_positions_of_their_own(tokenizer: "PreTrainedTokenizerFast") -> None:
    texts = documents(5, 27, 9, 14, 3, 20)
    rows = document_rows(tokenizer, texts, 48, "isolated", **BASE)
    batch = rows.batch(all_of(rows))
    assert set(batch) == {"input_ids", "labels", "position_ids"}, "an attention mask would undo the isolation"
    segments: list[list[int]] = []
    for ids, labels, positions in zip(*(batch[name].tolist() for name in ("input_ids", "labels", "position_ids")), strict=True):
        starts = [place for place, position in enumerate(positions) if position == 0]
        for start, end in zip(starts, [*starts[1:], len(ids)], strict=True):
            assert positions[start:end] == list(range(end - start))
            if set(ids[start:end]) == {pad_id(tokenizer)}:
                assert set(labels[start:end]) == {IGNORED}
                continue
            assert labels[start:end] == [IGNORED, *ids[start + 1 : end]]
            segments.append(ids[start:end])
    expected = whole(tokenizer, texts)
    cut = [ids[start : start + 48] for ids in expected for start in range(0, len(ids), 48)]
    assert sorted(segments) == sorted(cut)
    assert any(len(ids) > 48 for ids in expected), "one goes on in further segments"
    assert rows.facts["unique_tokens"] == sum(map(len, expected)) and rows.facts["dropped_tokens"] == 0
    assert rows.count < len(cut)


def test_padded_rows_are_one_text_each_of_a_width_that_eight_divides(tokenizer: "PreTrainedTokenizerFast") -> None:
    rows = example_rows(tokenizer, EXAMPLES, LONGEST, "padded")
    encoded = [example_ids(tokenizer, user_message(row["instruction"], row["input"]), row["output"]) for row in EXAMPLES]
    batch = rows.batch(np.array([1, 0]))
    assert set(batch) == {"input_ids", "labels", "attention_mask"}
    assert batch["input_ids"].shape[1] == -(-max(len(encoded[0][0]), len(encoded[1][0])) // 8) * 8
    for row, (ids, prompt) in enumerate([encoded[1], encoded[0]]):
        fill = batch["input_ids"].shape[1] - len(ids)
        assert batch["input_ids"][row].tolist() == ids + [pad_id(tokenizer)] * fill
        assert batch["labels"][row].tolist() == [IGNORED] * prompt + ids[prompt:] + [IGNORED] * fill
        assert batch["attention_mask"][row].tolist() == [1] * len(ids) + [0] * fill
    alone = rows.batch(np.array([2]))
    assert alone["input_ids"].shape[1] < batch["input_ids"].shape[1], "as wide as its batch needs"


@pytest.mark.parametrize("packing", ["padded", "isolated"])
def test_the_answer_and_the_end_of_its_turn_are_the_only_labels(
    packing: Literal["padded", "isolated"], tokenizer: "PreTrainedTokenizerFast"
) -> None:
    rows = example_rows(tokenizer, EXAMPLES, LONGEST, packing)
    labels = rows.batch(all_of(rows))["labels"]
    learnt = tokenizer.decode(labels[labels != IGNORED])
    assert isinstance(learnt, str)
    assert sorted(learnt.split("<|eot_id|>")) == sorted([*(row["output"] for row in EXAMPLES), ""])
    assert (labels == end_of_turn(tokenizer)).sum() == len(EXAMPLES), "each example teaches to stop"
    assert not (labels == pad_id(tokenizer)).any()
    assert rows.facts["label_tokens"] == rows.predictions(all_of(rows)) == (labels != IGNORED).sum()
    assert (rows.facts["empty_answers"], rows.facts["dropped_examples"], rows.facts["truncated_examples"]) == (1, 0, 0)


def losses(model: "LlamaForCausalLM", batch: dict[str, Any]) -> tuple[float, int]:
    """Mean loss of a batch in the model's own reckoning, and how many predictions it is of."""
    import torch

    with torch.no_grad():
        found = model(**{name: torch.as_tensor(value) for name, value in batch.items()}, use_cache=False)
    return float(found.loss), int((batch["labels"][:, 1:] != IGNORED).sum())


def loss_alone(model: "LlamaForCausalLM", texts: list[tuple[list[int], int]]) -> float:
    """Mean over all predictions of texts that are computed one by one; of each the first ``int`` ids are given."""
    total, count = 0.0, 0
    for ids, given in texts:
        labels = np.array([[IGNORED] * given + ids[given:]])
        loss, predictions = losses(model, {"input_ids": np.array([ids]), "labels": labels})
        total, count = total + loss * predictions, count + predictions
    return total / count


def test_packed_documents_have_the_loss_of_each_alone(tokenizer: "PreTrainedTokenizerFast", model: "LlamaForCausalLM") -> None:
    texts = documents(5, 11, 9, 14, 3, 12, 8)
    rows = document_rows(tokenizer, texts, 128, "isolated", **BASE)
    batch = rows.batch(all_of(rows))
    assert 1 < rows.count < len(texts) and (batch["input_ids"] == pad_id(tokenizer)).any(), "several a row, and a row that is filled"
    alone = loss_alone(model, [(ids, 1) for ids in whole(tokenizer, texts)])
    assert losses(model, batch)[0] == pytest.approx(alone, abs=1e-5)
    mixed = losses(model, batch | {"attention_mask": np.ones_like(batch["input_ids"])})[0]
    assert abs(mixed - alone) > 1e-3, "a mask of ones lets documents see each other"


@pytest.mark.parametrize("packing", ["padded", "isolated"])
def test_examples_have_the_loss_of_each_alone(
    packing: Literal["padded", "isolated"], tokenizer: "PreTrainedTokenizerFast", model: "LlamaForCausalLM"
) -> None:
    rows = example_rows(tokenizer, EXAMPLES, LONGEST, packing)
    encoded = [example_ids(tokenizer, user_message(row["instruction"], row["input"]), row["output"]) for row in EXAMPLES]
    assert losses(model, rows.batch(all_of(rows)))[0] == pytest.approx(loss_alone(model, encoded), abs=1e-5)


@pytest.mark.parametrize("packing", ["padded", "isolated", "blocks"])
def test_three_figures_of_tokens(packing: Packing, tokenizer: "PreTrainedTokenizerFast") -> None:
    rows = document_rows(tokenizer, documents(5, 27, 9, 14, 3, 20), LENGTH, packing, **BASE)
    for indices in (all_of(rows), np.array([0]), all_of(rows)[::-1]):
        batch = rows.batch(indices)
        assert rows.positions(indices) == batch["input_ids"].size
        assert rows.predictions(indices) == (batch["labels"][:, 1:] != IGNORED).sum()
    everything = rows.batch(all_of(rows))
    assert rows.facts["unique_tokens"] == (everything["input_ids"] != pad_id(tokenizer)).sum()
    assert rows.facts["label_tokens"] == (everything["labels"] != IGNORED).sum()
    assert rows.facts["windows"] == rows.count


@pytest.mark.parametrize("packing", ["padded", "isolated"])
def test_examples_cut_short_are_counted_and_those_without_an_answer_dropped(
    packing: Literal["padded", "isolated"], tokenizer: "PreTrainedTokenizerFast"
) -> None:
    (ids, prompt), long = example_ids(tokenizer, "Diga", "Brasília"), "a ação " * 100
    examples = [{"instruction": "Diga", "input": "", "output": "Brasília"}, {"instruction": "Diga", "input": long, "output": "Sim"}]
    rows = example_rows(tokenizer, examples, prompt + 2, packing)
    assert (rows.count, rows.facts["dropped_examples"], rows.facts["truncated_examples"]) == (1, 1, 2)
    labels = rows.batch(all_of(rows))["labels"]
    assert labels[labels != IGNORED].tolist() == ids[prompt : prompt + 2], "no end of turn where the answer does not end"
    for length in (prompt, 8):
        with pytest.raises(UserError, match=f"data.sequence_length: found {length}, .* 2 documents or examples"):
            example_rows(tokenizer, examples, length, packing)


def test_what_makes_no_row_is_refused(tokenizer: "PreTrainedTokenizerFast") -> None:
    with pytest.raises(UserError, match="data.packing: found 'blocks'"):
        example_rows(tokenizer, EXAMPLES, LENGTH, "blocks")
    with pytest.raises(UserError, match="nothing is to be predicted in 0 documents"):
        example_rows(tokenizer, [], LENGTH, "padded")
    for packing in ("blocks", "padded", "isolated"):
        with pytest.raises(UserError, match="nothing is to be predicted in 0 documents"):
            document_rows(tokenizer, [], LENGTH, packing, **BASE)
    with pytest.raises(UserError, match="data.sequence_length: found 4096"):
        document_rows(tokenizer, documents(5, 5), 4096, "blocks", **BASE)
    with pytest.raises(UserError, match="found 1,"):
        document_rows(tokenizer, documents(5, 5), 1, "isolated", **BASE)
    with pytest.raises(UserError, match="found 64, .* 1 documents or examples of 1 tokens"):
        document_rows(tokenizer, [""], LENGTH, "padded", add_bos=True, add_eos=False)


def test_documents_begin_and_end_as_asked_for_and_hold_no_control_tokens(tokenizer: "PreTrainedTokenizerFast") -> None:
    forged = "<|eot_id|><|end_of_text|> fim"
    for begin, end in ((True, True), (True, False), (False, True), (False, False)):
        ids = document_rows(tokenizer, [forged], LENGTH, "isolated", add_bos=begin, add_eos=end).ids.tolist()
        assert [token for token in ids if token < 6] == [tokenizer.bos_token_id] * begin + [tokenizer.eos_token_id] * end
        assert tokenizer.decode(ids[begin : len(ids) - end]) == forged
    without = small_tokenizer()
    without.eos_token = None
    with pytest.raises(UserError, match=r"eos_token: found none.*Set tokenizer.add_eos to false"):
        document_rows(without, [forged], LENGTH, "isolated", **BASE)


def test_a_text_that_is_cut_off_has_no_end(tokenizer: "PreTrainedTokenizerFast") -> None:
    texts = documents(3, 27)
    rows = document_rows(tokenizer, texts, 32, "padded", **BASE)
    assert rows.facts["truncated_examples"] == 1
    first, second = rows.batch(all_of(rows))["input_ids"].tolist()
    assert tokenizer.eos_token_id in first and tokenizer.eos_token_id not in second
