"""What was asked of base and adapted model beyond the thesis's tasks: probes, and answers that were sampled.

python -m stages.importers.probed --campaign demo --parameters JSON --record FILE --history FILE
"""

from stages.document import Document
from stages.importer import Facts, Imported, hours_of, run_importer
from stages.importers.trained import energy_facts, environment_facts
from stages.importers.tuned import WHY_MISSING
from stages.parameter_models import RunParameters
from stages.registry import Evidence
from stages.run_files import file_of


def read_probed(evidence: Evidence, parameters: RunParameters) -> Imported:
    """Facts of the probes of one pair of models."""
    report, timing = (evidence.json(file_of(parameters, role)) for role in ("report", "timing"))
    seconds = timing.number("$.seconds", minimum=0)
    facts = environment_facts(report) | _probes(report) | _sampled(report) | energy_facts(timing)
    facts |= {"time.seconds": seconds, "time.hours": hours_of(seconds)}
    missing = {"data": "a probe trains on nothing", "history": "a probe has no epochs"}
    return Imported(facts, [], WHY_MISSING | missing)


def _probes(report: Document) -> Facts:
    """Prompts and failures by probe and system."""
    return {
        f"results.probes.{probe}.{system}.{name}": report.integer(f"$.probes.{probe}.{system}.{name}")
        for probe in report.mapping("$.probes")
        for system in report.mapping(f"$.probes.{probe}")
        for name in ("examples", "failures", "empty")
    }


def _sampled(report: Document) -> Facts:
    """Scores of the sampled answers, one a sampling seed, beside those of the greedy ones."""
    facts: Facts = {}
    for task in report.mapping("$.sampled"):
        for metric in report.mapping(f"$.sampled.{task}"):
            for system in report.mapping(f"$.sampled.{task}.{metric}"):
                here, into = f"$.sampled.{task}.{metric}.{system}", f"results.sampled.{task}.{metric}.{system}"
                seeds = range(len(report.sequence(f"{here}.seeds")))
                facts[f"{into}.temperature"] = report.number(f"{here}.temperature", minimum=0)
                facts[f"{into}.greedy"] = report.number(f"{here}.greedy", minimum=0, maximum=1)
                facts[f"{into}.seeds"] = [report.integer(f"{here}.seeds[{index}]") for index in seeds]
                facts[f"{into}.score"] = [report.number(f"{here}.score[{index}]", minimum=0, maximum=1) for index in seeds]
    return facts


if __name__ == "__main__":
    run_importer(read_probed)
