"""Segments into rows of a bounded length: best fit, the longest first."""

from collections import defaultdict
from collections.abc import Sequence


def pack(lengths: Sequence[int], size: int) -> list[list[int]]:
    """Rows of the segments that go together, by number and in order; no row is longer than ``size``, nor any segment.

    Each segment, the longest first and of equal ones the first, goes into the fullest row that it fits in.
    """
    rows: list[list[int]] = []
    by_space: dict[int, list[int]] = defaultdict(list)
    spaces = 0
    """Bit ``n`` stands where a row has space for ``n``: the lowest one above a length is found without a search."""
    for segment in sorted(range(len(lengths)), key=lambda each: -lengths[each]):
        length = lengths[segment]
        if fitting := spaces >> length:
            space = length + (fitting & -fitting).bit_length() - 1
            row = by_space[space].pop()
            if not by_space[space]:
                spaces ^= 1 << space
        else:
            space, row = size, len(rows)
            rows.append([])
        rows[row].append(segment)
        by_space[space - length].append(row)
        spaces |= 1 << (space - length)
    return [sorted(row) for row in rows]
