"""How long the audit of the published campaign takes, as a command and rule by rule, and how much memory.

    python -m bench.audit          prints a page, writes bench/results/<date>_audit.json

The baseline is scoring all 3,600 outputs again (``stages.score``), a process of its own as the audit is, in turn with it.
"""

import json
import resource
import statistics
from tempfile import TemporaryDirectory

import stages.audit.families  # noqa: F401  (registers every rule)
from bench.measure import machine, python, report, seconds
from stages.audit.campaign import Campaign
from stages.audit.rules import all_rules, run_rules
from stages.parameters import load_prices, load_run
from stages.registry import load_registry

ROUNDS = 3


def rule_seconds() -> dict[str, float]:
    """Seconds of each rule within one process, every file read beforehand by the first that needs it."""
    campaign = Campaign.load("published", load_registry("published"), load_prices())
    return {rule.id: seconds(lambda rule=rule: run_rules(campaign, [rule])) for rule in all_rules()}  # type: ignore[misc]


def measure() -> dict[str, list[float]]:
    """Seconds of the audit and of the scoring, in turn, one entry a round."""
    parameters = json.dumps(load_run("published", "extrinsic").model_dump(mode="json"))
    with TemporaryDirectory() as folder:
        calls = {
            "audit": python(
                "-m", "stages.audit.make", "--campaign", "published", "--findings", f"{folder}/f.json", "--page", f"{folder}/p.html"
            ),
            "scoring": python("-m", "stages.score", "--campaign", "published", "--parameters", parameters, "--scores", f"{folder}/s.csv"),
        }
        rounds = [{name: seconds(call) for name, call in calls.items()} for _ in range(ROUNDS)]
    return {name: [each[name] for each in rounds] for name in calls}


def main() -> None:
    times = measure()
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    rules = rule_seconds()
    medians = {name: statistics.median(values) for name, values in times.items()}
    slowest = sorted(rules, key=lambda name: -rules[name])[:5]
    summary = {
        "seconds for the audit, as a process": medians["audit"],
        "seconds for scoring the outputs, as a process": medians["scoring"],
        "audit / scoring": medians["audit"] / medians["scoring"],
        "MiB of memory at the audit's peak": memory,
        **{f"seconds of {name}": rules[name] for name in slowest},
    }
    result = {
        "machine": machine("numpy", "sentencepiece", "datasketch"),
        "rounds": ROUNDS,
        "summary": summary,
        "seconds": times,
        "rules": rules,
    }
    report("audit", result, summary)


if __name__ == "__main__":
    main()
