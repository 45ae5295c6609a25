"""Where the parameters of campaigns and runs stand, and what they may be called.

A name becomes part of paths and commands, so it is letters, digits and signs that neither reads as anything but themselves.
"""

import re
from pathlib import Path

from stages.errors import UserError

_CAMPAIGN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_RUN = re.compile(r"[a-z0-9_]+")


def check_campaign_name(place: str, campaign: str) -> None:
    """:class:`UserError`, which names ``place``, unless ``campaign`` can be a campaign's name."""
    if not _CAMPAIGN.fullmatch(campaign):
        raise UserError(place, "campaign", repr(campaign), "a name of letters, digits, '-' and '_', not starting with a sign")


def campaign_file(campaign: str) -> Path:
    """File of a campaign's parameters, whether or not it is there; :class:`UserError` for what can be no name."""
    check_campaign_name("params/campaigns", campaign)
    return Path("params/campaigns") / f"{campaign}.yaml"


def run_file(run: str) -> Path:
    """File of a run's parameters, whether or not it is there; :class:`UserError` for what can be no name."""
    if not _RUN.fullmatch(run):
        raise UserError("params/runs", "run", repr(run), "a name of small letters, digits and '_'")
    return Path("params/runs") / f"{run}.yaml"
