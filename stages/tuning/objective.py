"""What a batch of rows costs a causal language model: cross-entropy of the labels alone, summed, so that every token weighs alike.

Shapes: B rows, T positions, N labels in the loss, V vocabulary.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from stages.training.objective import Losses, losses_of
from stages.tuning.rows import IGNORED

LOGITS = 2**26
"""In fp32 at once: 256 MiB of each of the few such tensors that a loss needs."""


def label_losses(model: nn.Module, batch: Mapping[str, Tensor], smoothing: float) -> Losses:
    """Losses of the labels of a batch (:meth:`stages.tuning.rows.Rows.batch`), whose logits alone are computed."""
    following_BT = F.pad(batch["labels"][:, 1:], (0, 1), value=IGNORED)
    predicted_BT = following_BT != IGNORED
    inputs = {name: tensor for name, tensor in batch.items() if name != "labels"}
    logits_NV = model(**inputs, use_cache=False, logits_to_keep=predicted_BT).logits
    targets_N = following_BT[predicted_BT]
    if logits_NV.numel() <= LOGITS:
        return losses_of(logits_NV, targets_N, smoothing, 0.0)
    return _losses_in_pieces(logits_NV, targets_N, smoothing)


def _losses_in_pieces(logits_NV: Tensor, targets_N: Tensor, smoothing: float) -> Losses:
    """The same, of which the backward pass computes each piece anew: a vocabulary of 128,256 fills memory otherwise."""
    size = max(1, LOGITS // logits_NV.shape[1])
    pieces = zip(torch.split(logits_NV, size), torch.split(targets_N, size), strict=True)
    found = [checkpoint(losses_of, logits, targets, smoothing, 0.0, use_reentrant=False) for logits, targets in pieces]
    return Losses(*(torch.stack(sums).sum(0) for sums in zip(*found, strict=True)))
