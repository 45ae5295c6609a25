"""Runs of track 2 that are trained here: a base model of one's own, and adapters, with what they gain on validation text.

python -m stages.importers.tuned --campaign demo --parameters JSON --record FILE --history FILE
"""

from pathlib import Path

from stages.document import Document
from stages.importer import Facts, Imported, intrinsic_facts, run_importer
from stages.importers.trained import epochs, time_facts, training_facts
from stages.parameter_models import RunParameters
from stages.registry import Evidence
from stages.run_files import file_of, has_file, key_of
from stages.traced import Traced

WHY_MISSING = {
    "environment": "not read from the machine",
    "data": "not counted",
    "history[*].seconds": "not measured",
    "results": "not evaluated in this way",
    "energy": "not measured: no counter of energy can be read on this machine",
    "cost": "the tables compute it from hours and price",
}


def read_tuned(evidence: Evidence, parameters: RunParameters) -> Imported:
    """Facts of a base model or an adapter that was trained in this project."""
    training, timing = (evidence.json(file_of(parameters, role)) for role in ("training", "timing"))
    facts = training_facts(training) | time_facts(timing)
    facts["configuration.architecture.parameter_count"] = training.integer("$.model.parameters")
    if has_file(parameters, "tokenizer"):
        facts |= tokenizer_facts(evidence.json(file_of(parameters, "tokenizer")))
    if has_file(parameters, "intrinsic"):
        facts |= gain_facts(evidence.json(file_of(parameters, "intrinsic")), key_of(parameters, "intrinsic"))
    return Imported(facts, epochs(training, timing), WHY_MISSING)


def tokenizer_facts(manifest: Document) -> Facts:
    """Name and size of a tokenizer that was learnt here."""
    name = Path(manifest.file).parent.name
    return {
        "configuration.tokenizer.name": Traced(name, (manifest.ref("$"),), "the folder that its settings name"),
        "configuration.tokenizer.vocabulary": manifest.integer("$.facts.vocabulary"),
    }


def gain_facts(report: Document, key: str) -> Facts:
    """What the adapter gains on validation text, in plain losses."""
    facts = intrinsic_facts(report, key, report.text("$.weights"))
    for system in ("base", "adapter"):
        loss = report.ref(f"$.{key}.{system}.eval_loss")
        facts[f"results.intrinsic.{system}.plain"] = Traced(True, (loss,), "cross-entropy of the labels alone")
    return facts


if __name__ == "__main__":
    run_importer(read_tuned)
