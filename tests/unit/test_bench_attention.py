"""What the attention benchmark times: sparse forms that equal masked full attention, and compute what they say and no more."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn import functional as F

from bench import attention, sparse_attention
from bench.attention import HEADS, PATTERNS, WIDTH, calls, peak_bytes, seconds
from bench.sparse_attention import Pattern, block_attention, seen_blocks
from stages.appendix_inputs import AttentionMeasurement
from stages.files import read_json
from stages.validation import validate
from tests.conftest import ROOT

CPU = torch.device("cpu")
SMALL = {"window": Pattern(block=4, window=3, first=1, random=0), "blocks": Pattern(block=4, window=3, first=2, random=2)}


def seen_tokens(pattern: Pattern, length: int) -> torch.Tensor:
    """A pattern as a mask of tokens."""
    return seen_blocks(pattern, length).repeat_interleave(pattern.block, 0).repeat_interleave(pattern.block, 1)


@pytest.mark.parametrize("name", SMALL)
def test_sparse_attention_is_full_attention_under_a_mask(name: str) -> None:
    pattern, length = SMALL[name], 96
    query, key, value = torch.randn(3, 2, length, 8, generator=torch.Generator().manual_seed(1))
    expected = F.scaled_dot_product_attention(query, key, value, attn_mask=seen_tokens(pattern, length))
    found = block_attention(query, key, value, seen_blocks(pattern, length))
    torch.testing.assert_close(found, expected)
    assert not torch.allclose(found, F.scaled_dot_product_attention(query, key, value), atol=1e-3)


def test_a_pattern_has_its_window_its_global_blocks_and_its_random_ones() -> None:
    pattern, count = SMALL["blocks"], 24
    seen = seen_blocks(pattern, count * pattern.block)
    assert seen[:2].all() and seen[:, :2].all()
    assert all(seen[row, max(row - 1, 0) : row + 2].all() for row in range(count))
    inner = seen[4:-1].sum(1)  # a window of 3, 2 global, 2 random
    assert inner.tolist() == [7] * len(inner)
    assert torch.equal(seen, seen_blocks(pattern, count * pattern.block)), "the same in every run"


def test_no_more_pairs_are_multiplied_than_the_pattern_has(monkeypatch: pytest.MonkeyPatch) -> None:
    multiplied: list[int] = []
    real = F.scaled_dot_product_attention

    def counted(query: Any, key: Any, value: Any) -> Any:
        multiplied.append(query.shape[-2] * key.shape[-2] * query.shape[1])
        return real(query, key, value)

    monkeypatch.setattr(sparse_attention, "scaled_dot_product_attention", counted)
    for name in PATTERNS:
        multiplied.clear()
        call = calls(1024, CPU)[name]
        call.run()
        assert sum(multiplied) == call.pairs < 1024**2


def test_memory_is_what_a_call_holds_at_its_peak() -> None:
    """Two tensors of 4 MB at once, though three are made one after the other."""
    elements = 10**6

    def run() -> torch.Tensor:
        first = torch.ones(elements)
        second = first * 2
        del first
        return second * 3

    assert peak_bytes(run, CPU) == pytest.approx(2 * 4 * elements, rel=0.001)
    dense = calls(512, CPU)["standard"]
    assert peak_bytes(dense.run, CPU) == pytest.approx(2 * HEADS * 512**2 * 4, rel=0.01)


def test_a_measurement_of_every_length_is_what_the_table_takes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(attention, "LENGTHS", (256, 512))
    monkeypatch.setattr(attention, "ROUNDS", 1)
    monkeypatch.setattr(attention, "SHORTEST", 1e-4)
    monkeypatch.setattr(attention, "ENVIRONMENT", {})
    monkeypatch.setattr(attention, "RESULT", tmp_path / "attention.json")
    threads = torch.get_num_threads()
    attention.main()
    torch.set_num_threads(threads)
    measured = validate(AttentionMeasurement, read_json(tmp_path / "attention.json"), "attention.json")
    assert set(measured.methods) == {"standard", "sdpa", "window", "blocks"}
    assert all(list(lengths) == ["256", "512"] for lengths in measured.methods.values())
    assert measured.methods["standard"]["512"].peak_bytes > 3 * measured.methods["sdpa"]["512"].peak_bytes
    assert measured.patterns["blocks"].model_dump() == vars(PATTERNS["blocks"])


def test_a_short_call_is_repeated_until_it_can_be_timed() -> None:
    times = []
    passed = seconds(lambda: times.append(1) or torch.ones(10), CPU)  # type: ignore[func-returns-value]
    assert len(times) > 100 and passed < 1e-3


def test_the_committed_measurement_is_of_these_patterns() -> None:
    measured = validate(AttentionMeasurement, read_json(ROOT / attention.RESULT), attention.RESULT)
    assert {name: pattern.model_dump() for name, pattern in measured.patterns.items()} == {n: vars(p) for n, p in PATTERNS.items()}
    assert (measured.heads, measured.head_width, measured.rounds) == (HEADS, WIDTH, attention.ROUNDS)
    for name, pattern in PATTERNS.items():
        pairs = {length: call.pairs for length, call in measured.methods[name].items()}
        assert pairs == {str(length): int(seen_tokens(pattern, length).sum()) for length in attention.LENGTHS}
