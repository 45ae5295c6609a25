"""Where the parameters of campaigns and runs stand."""

from pathlib import Path


def campaign_file(campaign: str) -> Path:
    return Path("params/campaigns") / f"{campaign}.yaml"


def run_file(run: str) -> Path:
    return Path("params/runs") / f"{run}.yaml"
