"""Attention at growing lengths: the forward pass, standard against SDPA, sliding window and block-sparse.

    python -m bench.attention          prints a page, writes bench/results/attention.json, from which Table 14 is made

Table 14 is made from these figures, so they have a run and a file of their own, which `make bench` shows and does not measure
again: no other part of this page has its baseline in another run than this one.

Standard attention keeps the whole matrix of scores and their softmax; SDPA is PyTorch's fused kernel, which computes the same without
keeping it (flash attention). The sparse ways compute less, see :mod:`bench.sparse_attention`. All take the same random input, in
turn, for several rounds, on one thread; processor seconds count on a CPU, which other work disturbs less. Memory is the peak of what
PyTorch allocates during a call beyond what it had before: on a CPU the running sum of the allocations and releases that its profiler
records, on CUDA what its allocator reports. It is the same in every run.
"""

import math
import os
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention
from torch.profiler import ProfilerActivity, profile

from bench.machine import machine
from bench.measure import Result, entry, rates
from bench.sparse_attention import Pattern, block_attention, seen_blocks
from stages.files import read_json, to_json, write_atomic
from stages.threads import use_threads

RESULT = Path("bench/results/attention.json")
ROUNDS = 5
LENGTHS = (512, 1024, 2048, 4096, 8192)
HEADS, WIDTH = 2, 64
SHORTEST = 0.02
"""Seconds that a measurement lasts at least: a short call is repeated."""
ENVIRONMENT = {"MALLOC_MMAP_THRESHOLD_": str(10**9), "MALLOC_TRIM_THRESHOLD_": str(2 * 10**9), "KINETO_LOG_LEVEL": "99"}
"""Freed memory is kept for the next call, as where the project trains, or standard attention would mostly wait for the system's pages."""
PATTERNS = {"window": Pattern(block=64, window=9, first=1, random=0), "blocks": Pattern(block=64, window=3, first=2, random=3)}
"""Longformer's window of 512 tokens, beside a block's own, and BigBird's blocks as their papers have them."""


class Call(NamedTuple):
    """One way at one length."""

    run: Callable[[], Tensor]
    pairs: int
    """Pairs of query and key that are computed."""


def standard(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Attention as it is written: scores, softmax, weighted sum. All are heads × tokens × width."""
    return torch.softmax(query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1]), -1) @ value


def sdpa(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """The same by PyTorch's own kernel."""
    return scaled_dot_product_attention(query[None], key[None], value[None])[0]


def calls(length: int, device: torch.device) -> dict[str, Call]:
    """Every way on the same random input."""
    generator = torch.Generator().manual_seed(0)
    query, key, value = (torch.randn(HEADS, length, WIDTH, generator=generator).to(device) for _ in range(3))
    found = {way.__name__: Call(partial(way, query, key, value), length**2) for way in (standard, sdpa)}
    for name, pattern in PATTERNS.items():
        seen = seen_blocks(pattern, length).to(device)
        found[name] = Call(partial(block_attention, query, key, value, seen), int(seen.sum()) * pattern.block**2)
    return found


def seconds(run: Callable[[], Tensor], device: torch.device) -> float:
    """Seconds of one call, of as many as last long enough."""
    clock = time.perf_counter if device.type == "cuda" else time.process_time
    times = 1
    while True:
        start = clock()
        for _ in range(times):
            run()
        if device.type == "cuda":
            torch.cuda.synchronize()
        passed = clock() - start
        if passed >= SHORTEST:
            return passed / times
        times = max(2 * times, math.ceil(times * SHORTEST / max(passed, 1e-6)))


def peak_bytes(run: Callable[[], Tensor], device: torch.device) -> int:
    """Most bytes that PyTorch holds at once during a call, less those from before it."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        run()
        return torch.cuda.max_memory_allocated() - before
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as recorded:
        run()
    held = peak = 0
    results: Any = recorded.profiler
    for event in sorted(results.kineto_results.events(), key=lambda each: each.start_ns()):
        if event.name() == "[memory]":
            held += event.nbytes()
            peak = max(peak, held)
    return peak


def measure(device: torch.device) -> dict[str, dict[str, dict[str, Any]]]:
    """What each way takes at each length, the ways in turn; a first call of each is not counted."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for length in LENGTHS:
        ways = calls(length, device)
        peaks = {name: peak_bytes(call.run, device) for name, call in ways.items()}
        rounds = [{name: seconds(call.run, device) for name, call in ways.items()} for _ in range(ROUNDS)]
        for name, call in ways.items():
            times = [each[name] for each in rounds]
            ratios = [each["standard"] / each[name] for each in rounds]
            found.setdefault(name, {})[str(length)] = {
                "pairs": call.pairs,
                "seconds": statistics.median(times),
                "times_as_fast": statistics.median(ratios),
                "peak_bytes": peaks[name],
                "rounds": times,
            }
    return found


def result() -> Result:
    """What the file of Table 14 holds of its longest input."""
    measured = read_json(RESULT)
    length = str(LENGTHS[-1])
    at = {name: lengths[length] for name, lengths in measured["methods"].items()}
    standard = at["standard"]["rounds"]
    entries = {"standard": entry(f"Attention over {length} tokens, standard", "calls/s", rates(1, standard))}
    for name in list(at)[1:]:
        entries[name] = entry(
            f"Attention over {length} tokens, {name}", "calls/s", rates(1, at[name]["rounds"]), "standard", rates(1, standard)
        )
    memory = {f"{name}_memory": entry(f"Memory of it, {name}", "MiB", [each["peak_bytes"] / 2**20]) for name, each in at.items()}
    setting = {"rounds": measured["rounds"], "measured on": measured["device"], "heads": HEADS, "head width": WIDTH}
    return Result(entries | memory, setting)


def main() -> None:
    if not ENVIRONMENT.items() <= os.environ.items():  # read when a process starts
        os.execve(sys.executable, [sys.executable, "-m", "bench.attention"], os.environ | ENVIRONMENT)
    use_threads(1)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    libraries, methods = machine("torch"), measure(device)
    result = {
        "machine": libraries,
        "device": torch.cuda.get_device_name() if device.type == "cuda" else f"{libraries['cpu']}, 1 thread",
        "rounds": ROUNDS,
        "heads": HEADS,
        "head_width": WIDTH,
        "precision": "float32",
        "patterns": {name: vars(pattern) for name, pattern in PATTERNS.items()},
        "methods": methods,
    }
    write_atomic(RESULT, to_json(result))
    for name, lengths in methods.items():
        for length, of in lengths.items():
            mebibytes = of["peak_bytes"] / 2**20
            print(f"{of['seconds'] * 1000:9.2f} ms {of['times_as_fast']:6.2f} × {mebibytes:8.1f} MiB  {name}, {length} tokens")
    print(f"medians of {ROUNDS} rounds on {result['device']}; times as fast as standard in the same round; all in {RESULT}")


if __name__ == "__main__":
    main()
