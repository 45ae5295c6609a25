"""Parameters and records, each read once a call."""

import sys
from functools import cache
from pathlib import Path

from stages import parameters, record
from stages.errors import UserError

load_campaign = cache(parameters.load_campaign)
load_run = cache(parameters.load_run)
load_prices = cache(parameters.load_prices)
load_record = cache(record.load_record)


@cache
def readable_record(path: Path) -> record.Record | None:
    """Record of a run that may be of use; one that cannot be read is named and left aside: it stops those who need it, no plan."""
    try:
        return load_record(path)
    except UserError as error:
        print(f"left aside for the plan: {error}", file=sys.stderr)
        return None
