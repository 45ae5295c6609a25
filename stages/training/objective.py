"""What a batch costs: the objective that is descended, and beside it the plain cross-entropy and the hits, which are reported.

Shapes: B batch, T time, V vocabulary, N predictions (B, or B x T).
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

TAIL_IDS = 256
"""Last ids of the vocabulary, whose probability the tail penalty weighs."""


class Losses(NamedTuple):
    """Sums over the predictions of a batch."""

    objective: Tensor
    """With label smoothing and tail penalty; nats."""
    cross_entropy: Tensor
    """Without either; nats."""
    correct: Tensor
    """Predictions whose most probable token is right."""


def losses(model: nn.Module, inputs_BT: Tensor, targets_BT: Tensor, last_only: bool, smoothing: float, penalty: float) -> Losses:
    """Losses of the token after each window (``last_only``) or after every position."""
    if last_only:
        logits_NV, targets_N = model(inputs_BT, last_only=True), targets_BT[:, -1]
    else:
        logits_NV, targets_N = model(inputs_BT).flatten(0, 1), targets_BT.flatten()
    return losses_of(logits_NV, targets_N, smoothing, penalty)


def losses_of(logits_NV: Tensor, targets_N: Tensor, smoothing: float, penalty: float) -> Losses:
    """Losses of predictions; their gradients flow into the logits."""
    logp_NV = F.log_softmax(logits_NV.float(), dim=-1)
    cross_entropy = F.nll_loss(logp_NV, targets_N, reduction="sum")
    objective = cross_entropy
    if smoothing:
        objective = (1 - smoothing) * cross_entropy - smoothing * logp_NV.mean(-1).sum()
    if penalty:
        objective = objective + penalty * logp_NV[:, -TAIL_IDS:].exp().sum()
    return Losses(objective, cross_entropy.detach(), _hits(logits_NV.detach(), targets_N))


@torch.no_grad()
def _hits(logits_NV: Tensor, targets_N: Tensor) -> Tensor:
    """Number of rows whose greatest logit is the target's.

    In fp32 ties do not happen and the maximum alone is needed, which on a CPU is found seven times faster than its place.
    """
    if logits_NV.dtype == torch.float32:
        return (logits_NV.amax(-1) == logits_NV.gather(1, targets_N[:, None])[:, 0]).sum()
    return (logits_NV.argmax(-1) == targets_N).sum()
