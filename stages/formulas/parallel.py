"""Several devices: seconds of collective communication, shares of pipelines that work, limits of scaling.

Bandwidths are bytes a second that one worker sends while it receives as much; latencies are seconds a step.
"""

__all__ = [
    "all_reduce_seconds",
    "amdahl_speedup",
    "hierarchical_all_reduce_seconds",
    "pipeline_bubble",
    "pipeline_efficiency",
    "strong_scaling",
    "weak_scaling",
]


def all_reduce_seconds(bytes_each_worker: float, workers: float, bandwidth: float, latency: float = 0) -> float:
    """Seconds of a ring all-reduce, 2(P - 1)(α + M/(Pβ)), of ``bytes_each_worker`` M (Patarasuk and Yuan 2009; thesis, equation B.99)."""
    steps = 2 * (workers - 1)
    return steps * (latency + bytes_each_worker / (workers * bandwidth))


def hierarchical_all_reduce_seconds(
    bytes_each_worker: float,
    workers_a_node: float,
    nodes: float,
    inner_bandwidth: float,
    outer_bandwidth: float,
    inner_latency: float = 0,
    outer_latency: float = 0,
) -> float:
    """Seconds of an all-reduce within each node, one of a worker a node, and a broadcast within nodes (thesis, equations B.100 to B.102).

    The broadcast goes along a chain of G workers, each of which passes on what arrives, (G - 1)α + M/β: all bytes must reach each. The
    thesis's equation B.103 has the (G - 1)/G of them that an all-gather takes, among workers that have a G-th of the sum already.
    """
    inner = all_reduce_seconds(bytes_each_worker, workers_a_node, inner_bandwidth, inner_latency)
    outer = all_reduce_seconds(bytes_each_worker, nodes, outer_bandwidth, outer_latency)
    others = workers_a_node - 1
    return inner + outer + others * inner_latency + (bytes_each_worker / inner_bandwidth if others else 0)


def pipeline_efficiency(micro_batches: float, stages: float) -> float:
    """Share of the time that a stage works, m/(m + p - 1), where all stages take as long (Huang et al. 2019, §2.3)."""
    return micro_batches / (micro_batches + stages - 1)


def pipeline_bubble(micro_batches: float, stages: float) -> float:
    """Share of the time that a stage waits, (p - 1)/(m + p - 1)."""
    return 1 - pipeline_efficiency(micro_batches, stages)


def amdahl_speedup(serial: float, workers: float) -> float:
    """How many times as fast ``workers`` are where the share ``serial`` is done by one (Amdahl 1967)."""
    return 1 / (serial + (1 - serial) / workers)


def strong_scaling(one: float, many: float, workers: float) -> float:
    """Efficiency for a problem of fixed size: seconds on one worker over those on ``workers``, times ``workers``."""
    return one / (many * workers)


def weak_scaling(one: float, many: float) -> float:
    """Efficiency for a problem that grows with the workers: seconds on one over those on many."""
    return one / many
