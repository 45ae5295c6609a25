"""Attention that computes only the blocks of a pattern: what a query sees is gathered, what it does not see is never multiplied.

Patterns are boolean matrices over blocks of tokens. Those here are block versions of Longformer (a window and global tokens; Beltagy et
al. 2020) and of BigBird (random blocks too; Zaheer et al. 2020), both without a causal mask.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

GATHERED = 64
"""Key blocks that are gathered at once, or all that one query block sees: no more is held beside inputs and output."""


@dataclass(frozen=True)
class Pattern:
    """What a block of queries sees, in blocks of ``block`` tokens."""

    block: int
    window: int
    """Blocks around it, its own among them."""
    first: int
    """Blocks at the beginning that see all and are seen by all."""
    random: int
    """Blocks elsewhere, drawn with a fixed seed."""


def seen_blocks(pattern: Pattern, length: int) -> Tensor:
    """Boolean matrix, blocks of queries × blocks of keys, of a text of ``length`` tokens, a multiple of the block."""
    count = length // pattern.block
    place = torch.arange(count)
    seen = (place[:, None] - place).abs() <= pattern.window // 2
    seen[:, : pattern.first] = True
    draw = torch.rand(count, count, generator=torch.Generator().manual_seed(0)).masked_fill(seen, -1)
    drawn = draw.topk(min(pattern.random, count), dim=1).indices
    seen |= torch.zeros_like(seen).scatter(1, drawn, True) & (draw >= 0)
    seen[: pattern.first] = True
    return seen


def block_attention(query: Tensor, key: Tensor, value: Tensor, seen: Tensor) -> Tensor:
    """Attention over the blocks ``seen``; query, key, value and result are heads × tokens × width.

    Query blocks that see equally many are computed together, a few at once: no block is padded, none masked.
    """
    heads, length, width = query.shape
    blocks = [tensor.view(heads, len(seen), length // len(seen), width) for tensor in (query, key, value)]
    result = torch.empty_like(blocks[0])
    counts = seen.sum(1)
    for count in sorted(set(counts.tolist())):
        for rows in (counts == count).nonzero()[:, 0].split(max(1, GATHERED // count)):
            chosen = seen[rows].nonzero()[:, 1].view(len(rows), -1)
            keys, values = (tensor[:, chosen].flatten(2, 3) for tensor in blocks[1:])
            result[:, rows] = scaled_dot_product_attention(blocks[0][:, rows], keys, values)
    return result.view_as(query)
