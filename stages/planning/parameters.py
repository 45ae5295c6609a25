"""What a plan cannot derive from parameters and records: ``params/plan.yaml``, each with its source."""

from functools import cache
from pathlib import Path

from stages.strict import Positive, Strict
from stages.validation import validate
from stages.yaml_files import read_yaml

FILE = Path("params/plan.yaml")


class Heavy(Strict):
    hours: Positive
    """A job that takes longer runs when it is asked for only; so does whatever needs a GPU."""
    source: str


class AnySize(Strict):
    """Rules whose time does not depend on how large the campaign is."""

    rules: list[str]
    source: str


class TextRates(Strict):
    """How fast texts are made and encoded."""

    characters_like: str
    """Record of a run whose documents are as long as those that are to come."""
    cleaning: str
    """Entry of ``bench/results/bench.json``, in MB/s."""
    encoding: dict[str, str]
    """Entries by kind of tokenizer."""
    source: str


class PlanParameters(Strict):
    """``params/plan.yaml``."""

    heavy: Heavy
    any_size: AnySize
    texts: TextRates


@cache
def plan_parameters() -> PlanParameters:
    """Parameters of planning."""
    return validate(PlanParameters, read_yaml(FILE), FILE)
