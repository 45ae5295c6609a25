"""The audit of the published campaign against scoring its outputs again.

Both are processes of their own, as in the workflow, in turn. The audit reads all of the evidence, makes records and tables again
in memory and goes through every rule; the baseline (`stages.score`) scores all of the outputs once. Then each rule runs alone in
one process, every file read beforehand by the first that needs it: the slowest are shown. Another campaign's audit takes another
time; it follows the evidence.
"""

import json
from collections.abc import Callable
from tempfile import TemporaryDirectory

from bench.measure import Result, Usage, entry, in_turn, python, wall
from stages.parameters import load_prices, load_run
from stages.registry import load_registry

ROUNDS = 2
SLOWEST = 3
"""Rules shown."""


def rule_seconds() -> dict[str, float]:
    """Seconds of each rule within one process."""
    import stages.audit.families  # noqa: F401  (registers every rule)
    from stages.audit.campaign import Campaign
    from stages.audit.rules import all_rules, run_rules

    campaign = Campaign.load("published", load_registry("published"), load_prices())
    return {rule.id: wall(lambda rule=rule: run_rules(campaign, [rule])) for rule in all_rules()}  # type: ignore[misc]


def commands(folder: str) -> dict[str, Callable[[], Usage]]:
    """The audit and the scoring as the workflow calls them."""
    parameters = json.dumps(load_run("published", "extrinsic").model_dump(mode="json"))
    outputs = ("--findings", f"{folder}/f.json", "--page", f"{folder}/p.html")
    scores = ("--parameters", parameters, "--scores", f"{folder}/s.csv")
    return {
        "audit": lambda: python("-m", "stages.audit.make", "--campaign", "published", *outputs),
        "scoring": lambda: python("-m", "stages.score", "--campaign", "published", *scores),
    }


def result() -> Result:
    with TemporaryDirectory() as folder:
        taken = in_turn(commands(folder), ROUNDS, warm_up=False)
    seconds = {name: [each.seconds for each in usage] for name, usage in taken.items()}
    rules = rule_seconds()
    entries = {
        "scoring": entry("Scoring the published outputs, as a process", "s", seconds["scoring"]),
        "audit": entry("The whole audit, as a process", "s", seconds["audit"], "scoring", seconds["scoring"]),
        "memory": entry("Most memory of the audit", "MiB", [each.mebibytes for each in taken["audit"]]),
    }
    for rule in sorted(rules, key=lambda name: -rules[name])[:SLOWEST]:
        entries[f"rule.{rule}"] = entry(f"Rule {rule}, alone", "s", [rules[rule]])
    return Result(entries, {"rounds": ROUNDS, "rules": len(rules)}, ("numpy", "sentencepiece", "datasketch"))
