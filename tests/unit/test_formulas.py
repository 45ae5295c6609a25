"""Formulas against published figures, and against counting, searching or simulating what they sum up."""

import math
import random
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from stages.formulas import FORMULAS, MODULES
from stages.formulas.attention import (
    arithmetic_intensity,
    attainable_flops,
    attended_pairs,
    attention_flops,
    attention_matrix_bytes,
    forward_flops,
    layer_flops,
    matmul_bytes,
    matmul_flops,
)
from stages.formulas.choice import utility
from stages.formulas.memory import (
    adam_training_bytes,
    checkpointed_activations,
    kv_cache_bytes,
    lora_parameters,
    lora_ratio,
    weight_bytes,
    zero_bytes,
)
from stages.formulas.numbers import (
    epsilon,
    largest_finite,
    quantisation_step,
    smallest_normal,
    smallest_subnormal,
    underflow_probability,
    uniform_quantisation_rmse,
)
from stages.formulas.parallel import (
    all_reduce_seconds,
    amdahl_speedup,
    hierarchical_all_reduce_seconds,
    pipeline_bubble,
    pipeline_efficiency,
    strong_scaling,
    weak_scaling,
)
from stages.formulas.scaling import chinchilla_loss, chinchilla_parameters, chinchilla_tokens, power_law_loss, power_law_slope
from stages.formulas.training import (
    device_days,
    energy_kilowatt_hours,
    flops_per_dollar,
    flops_per_watt,
    training_dollars,
    training_flops,
    training_seconds,
    transformer_parameters,
)
from tests.conftest import ROOT


def test_every_formula_of_every_module_is_known_by_its_name_and_says_what_it_is() -> None:
    files = {path.stem for path in Path(ROOT, "stages/formulas").glob("*.py")} - {"__init__"}
    assert files == {module.__name__.rpartition(".")[2] for module in MODULES}
    assert len(FORMULAS) == sum(len(module.__all__) for module in MODULES) == 44
    assert all(function.__doc__ for function in FORMULAS.values())


# Attention


def counted_matmul(m: int, k: int, n: int) -> int:
    """Multiplications and additions of a product whose sums start at 0, one by one."""
    return sum(2 for _ in range(m) for _ in range(n) for _ in range(k))


def test_a_layer_has_the_operations_of_its_products() -> None:
    n, d, heads, wide, vocabulary = 5, 6, 3, 7, 11
    attended = heads * (counted_matmul(n, d // heads, n) + counted_matmul(n, n, d // heads))
    layer = 4 * counted_matmul(n, d, d) + attended + counted_matmul(n, d, wide) + counted_matmul(n, wide, d)
    assert matmul_flops(n, d, wide) == counted_matmul(n, d, wide)
    assert attention_flops(n, d) == attended
    assert layer_flops(n, d, wide) == layer
    assert forward_flops(2, n, d, wide, vocabulary) == 2 * layer + counted_matmul(n, d, vocabulary)


def test_a_forward_pass_of_gpt_3_takes_the_operations_of_its_paper() -> None:
    """Brown et al. 2020, table D.1: 3.14e23 in training, at three times the forward pass and without attention, for 300 billion tokens."""
    short = forward_flops(96, 1, 12288, 49152, 50257) * 3 * 300e9
    assert short == pytest.approx(3.14e23, rel=0.01)


def test_scores_of_all_heads_take_their_bytes() -> None:
    assert attention_matrix_bytes(12, 2048, 4) == np.zeros((12, 2048, 2048), np.float32).nbytes == 201_326_592


def test_a_product_that_moves_more_than_it_computes_waits_for_memory() -> None:
    """An A100: 312 TFLOPS, 1,555 GB/s, so 200 operations a byte; square products in 16 bits reach that from n = 602."""
    peak, bandwidth = 312e12, 1555e9
    small, large = (arithmetic_intensity(matmul_flops(n, n, n), matmul_bytes(n, n, n, 2)) for n in (600, 603))
    assert (small, large) == (200, 201)
    assert attainable_flops(peak, bandwidth, small) == pytest.approx(311e12)
    assert attainable_flops(peak, bandwidth, large) == peak


def test_sparse_pairs_are_those_of_a_mask_drawn_by_hand() -> None:
    n, window, global_tokens, random_tokens = 40, 6, 3, 4
    sees = {query: set(range(global_tokens)) for query in range(n)}
    draw = random.Random(0)
    for query in range(n):
        near = [key for key in sorted(range(n), key=lambda key: abs(key - query)) if key >= global_tokens][:window]
        sees[query] |= set(near)
        sees[query] |= set(draw.sample(sorted(set(range(n)) - sees[query]), random_tokens))
        if query < global_tokens:
            sees[query] = set(range(n))
    assert attended_pairs(n, window, global_tokens, random_tokens) == sum(map(len, sees.values())) == 601
    assert attended_pairs(8, 100, 1, 0) == 64


# Training


def test_gpt_3_takes_what_its_paper_says() -> None:
    """Brown et al. 2020, table D.1: 3.14e23 operations, 3,640 petaflop/s-days, for 174.6 billion weights and 300 billion tokens."""
    flops = training_flops(174.6e9, 300e9)
    assert flops == pytest.approx(3.14e23, rel=0.002)
    assert device_days(training_seconds(flops, 1e15, 1, 1)) == pytest.approx(3640, rel=0.002)


def test_chinchilla_has_the_budget_of_gopher() -> None:
    """Hoffmann et al. 2022: 70 billion weights and 1.4 trillion tokens at 5.76e23 operations, within what 6ND neglects."""
    assert training_flops(70e9, 1.4e12) == pytest.approx(5.76e23, rel=0.03)


def test_llama_65b_takes_the_days_of_its_paper() -> None:
    """Touvron et al. 2023, §2.4: 380 tokens a second and GPU on 2,048 A100, 1.4 trillion tokens in about 21 days; 449 MWh."""
    utilisation = 380 * 6 * 65.2e9 / 312e12
    seconds = training_seconds(training_flops(65.2e9, 1.4e12), 312e12, utilisation, 2048)
    assert device_days(seconds) == pytest.approx(21, rel=0.01)
    assert energy_kilowatt_hours(400 * 1.1, 1_022_362) == pytest.approx(449e3, rel=0.003)


def test_weights_of_gpt_2_and_gpt_3() -> None:
    assert transformer_parameters(48, 1600, 50257) == pytest.approx(1.5e9, rel=0.05)
    assert transformer_parameters(96, 12288, 50257) == pytest.approx(174.6e9, rel=0.002)


def test_money_and_power() -> None:
    assert training_dollars(24 * 7, 2.5) == 420
    assert flops_per_dollar(312, 3.06) == pytest.approx(101.96, abs=0.005)
    assert flops_per_watt(312, 400) == 0.78


# Memory


def test_weights_and_states_of_a_7b_model() -> None:
    assert weight_bytes(7e9, 2) == 14e9
    assert adam_training_bytes(7e9, 4, 4, 8) == 112e9
    assert adam_training_bytes(1.5e9) == 24e9  # Rajbhandari et al. 2020, §3.1: GPT-2 takes at least 24 GB


def test_caches_of_llama_take_what_is_measured_of_them() -> None:
    """LLaMA 2 7B has half a MiB a token in 16 bits, 2 GiB at 4,096; LLaMA 3 8B, of 8 key-value heads, a quarter of it."""
    assert kv_cache_bytes(32, 32, 128, 1, 1, 2) == 2**19
    assert kv_cache_bytes(32, 32, 128, 4096, 1, 2) == 2**31
    assert kv_cache_bytes(32, 8, 128, 4096, 3, 2) == 3 * 2**29


def test_an_adapter_has_the_weights_of_its_two_matrices() -> None:
    down, up = np.zeros((16, 1024)), np.zeros((4096, 16))
    assert lora_parameters(16, 4096, 1024) == down.size + up.size
    assert lora_ratio(64, 4096, 4096) == 32


@pytest.mark.parametrize(("stage", "gigabytes"), [(0, 120), (1, 31.4), (2, 16.6), (3, 1.9)])
def test_zero_takes_what_its_paper_says(stage: int, gigabytes: float) -> None:
    """Rajbhandari et al. 2020, figure 1: 7.5 billion weights on 64 workers."""
    assert zero_bytes(stage, 7.5e9, 64) / 1e9 == pytest.approx(gigabytes, abs=0.05)


def test_checkpoints_at_the_best_spacing_keep_what_a_search_finds() -> None:
    layers = 144
    assert checkpointed_activations(layers, 3) == min(count + layers / count for count in range(1, layers + 1)) * 3 == 72


# Communication


def simulated_all_reduce(size: float, workers: int, bandwidth: float, latency: float) -> float:
    """Seconds of a ring of workers that really sum their parts, one message a step and worker."""
    parts = [[float(worker * workers + part + 1) for part in range(workers)] for worker in range(workers)]
    sums = [sum(parts[worker][part] for worker in range(workers)) for part in range(workers)]
    seconds = 0.0
    for adds in (True, False):
        for step in range(workers - 1):
            offset = 0 if adds else 1
            sent = [(worker, (worker + offset - step) % workers) for worker in range(workers)]
            values = [parts[worker][part] for worker, part in sent]
            for (worker, part), value in zip(sent, values, strict=True):
                after = (worker + 1) % workers
                parts[after][part] = parts[after][part] + value if adds else value
            seconds += latency + size / workers / bandwidth
    assert all(row == sums for row in parts)
    return seconds


@pytest.mark.parametrize("workers", [1, 2, 5, 8])
def test_a_ring_all_reduce_takes_the_steps_of_one_that_is_simulated(workers: int) -> None:
    assert all_reduce_seconds(14e9, workers, 25e9, 1e-6) == pytest.approx(simulated_all_reduce(14e9, workers, 25e9, 1e-6))


def test_an_all_reduce_by_nodes_is_one_inside_one_across_and_a_broadcast() -> None:
    """The thesis's equations B.101 and B.102 by hand, for 4 nodes of 8 and 1 GB, and a broadcast of all of it: 5.833 + 60 + 3.333 ms."""
    seconds = hierarchical_all_reduce_seconds(1e9, 8, 4, 300e9, 25e9)
    assert seconds == pytest.approx(5.8333e-3 + 60e-3 + 3.3333e-3, rel=1e-4)
    assert hierarchical_all_reduce_seconds(1e9, 1, 4, 300e9, 25e9) == pytest.approx(60e-3), "a node of one has no one to tell"
    waiting = hierarchical_all_reduce_seconds(0, 8, 4, 300e9, 25e9, 1e-6, 1e-5)
    assert waiting == pytest.approx(14e-6 + 60e-6 + 7e-6)


def test_a_pipeline_waits_as_one_that_is_simulated() -> None:
    """Forward passes only: a stage takes a micro-batch as soon as it is free and the stage before is done with it."""
    micro_batches, stages = 6, 4
    done = np.zeros((stages + 1, micro_batches + 1))
    for stage in range(stages):
        for batch in range(micro_batches):
            done[stage + 1, batch + 1] = 1 + max(done[stage, batch + 1], done[stage + 1, batch])
    share = micro_batches / done[stages, micro_batches]
    assert pipeline_efficiency(micro_batches, stages) == share == 6 / 9
    assert pipeline_bubble(micro_batches, stages) == pytest.approx(1 - share)
    assert pipeline_efficiency(1, 8) == 1 / 8


def test_what_one_does_alone_limits_all() -> None:
    """100 seconds of which 10 cannot be shared: 10 + 90/9 = 20 seconds on nine workers; ten times as fast at the most."""
    assert amdahl_speedup(0.1, 9) == pytest.approx(5)
    assert amdahl_speedup(0.1, 1e12) == pytest.approx(10)
    assert strong_scaling(100, 20, 9) == pytest.approx(5 / 9)
    assert weak_scaling(100, 125) == 0.8


# Scaling laws


def test_a_power_law_falls_as_its_slope_says() -> None:
    """Kaplan et al. 2020: 8.8e13 weights and 0.076; ten times the weights divide the loss by 10^0.076 = 1.191."""
    few, many = (power_law_loss(8.8e13, count, 0.076) for count in (1e9, 1e10))
    assert few / many == pytest.approx(1.191, abs=0.001)
    step = 1e9 * 1e-6
    measured = (power_law_loss(8.8e13, 1e9 + step, 0.076, 0.5) - power_law_loss(8.8e13, 1e9 - step, 0.076, 0.5)) / (2 * step)
    assert power_law_slope(8.8e13, 1e9, 0.076) == pytest.approx(measured, rel=1e-5)


def lowest(function: Callable[[float], float], low: float, high: float) -> float:
    """Where a function of one minimum is least, by ternary search in logarithms."""
    low, high = math.log(low), math.log(high)
    for _ in range(200):
        first, second = low + (high - low) / 3, high - (high - low) / 3
        low, high = (low, second) if function(math.exp(first)) < function(math.exp(second)) else (first, high)
    return math.exp(low)


def test_the_compute_optimal_model_is_the_one_that_a_search_finds() -> None:
    flops = 5.76e23
    found = lowest(lambda parameters: chinchilla_loss(parameters, flops / 6 / parameters), 1e6, 1e15)
    assert chinchilla_parameters(flops) == pytest.approx(found, rel=1e-5)
    assert 6 * chinchilla_parameters(flops) * chinchilla_tokens(flops) == pytest.approx(flops)


def test_losses_of_chinchilla_and_gopher_are_those_of_the_law() -> None:
    """By hand: 406.4/70e9^0.34 = 0.0835, 410.7/1.4e12^0.28 = 0.1633 (Chinchilla); Gopher, of the same budget, is worse."""
    assert chinchilla_loss(70e9, 1.4e12) == pytest.approx(1.69 + 0.0835 + 0.1633, abs=2e-4)
    assert chinchilla_loss(280e9, 300e9) > chinchilla_loss(70e9, 1.4e12)


# Number formats


def test_formats_have_the_limits_of_their_bytes() -> None:
    """The largest, smallest normal and smallest subnormal bit patterns, read by Python's struct and by numpy."""
    for kind, bits, exponent, mantissa in (("e", "H", 5, 10), ("f", "I", 8, 23)):
        places = exponent + mantissa
        largest = (1 << places) - (1 << mantissa) - 1
        read = [struct.unpack(kind, struct.pack(bits, pattern))[0] for pattern in (largest, 1 << mantissa, 1)]
        assert [largest_finite(exponent, mantissa), smallest_normal(exponent), smallest_subnormal(exponent, mantissa)] == read
    assert [epsilon(10), epsilon(23)] == [float(np.finfo(kind).eps) for kind in (np.float16, np.float32)]
    assert largest_finite(5, 10) == 65504


def test_bfloat16_has_the_limits_that_torch_gives() -> None:
    torch = pytest.importorskip("torch")
    limits = torch.finfo(torch.bfloat16)
    assert (largest_finite(8, 7), smallest_normal(8, 7), epsilon(7)) == (limits.max, limits.tiny, limits.eps)


def test_gradients_underflow_as_often_as_drawn_ones() -> None:
    drawn = np.random.default_rng(0).normal(0, 2.0, 400_000)
    assert underflow_probability(0.5, 2.0) == pytest.approx(np.mean(np.abs(drawn) < 0.5), rel=0.02)
    assert underflow_probability(6e-8, 1e-4) == pytest.approx(2 * 6e-4 / math.sqrt(2 * math.pi), rel=1e-3)


def test_quantised_values_are_as_far_off_as_drawn_ones() -> None:
    step = quantisation_step(2.5, 8)
    values = np.random.default_rng(0).uniform(-2.5, 2.5, 400_000)
    off = values - np.round(values / step) * step
    assert len(np.unique(np.round(values / step))) == 255
    assert uniform_quantisation_rmse(step) == pytest.approx(np.sqrt(np.mean(off**2)), rel=0.01)


# Choice


def test_utilities_are_those_worked_by_hand() -> None:
    """The thesis's C.93: 0.4 - 0.3 - 0.2 - 0.08; and other weights."""
    assert utility(1, 1, 1, 0.8) == pytest.approx(-0.18)
    assert utility(0.9, 0.5, 0.25, 0.2, 1, 2, 4, 5) == pytest.approx(0.9 - 1 - 1 - 1)
