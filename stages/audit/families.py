"""Every family of rules; importing this module registers them all, in the order in which they are reported."""

from stages.audit import cells

FAMILIES = (cells,)
