"""Records and scores made anew in memory, by the importers that made the ones on disk."""

from collections import defaultdict
from collections.abc import Callable
from functools import partial

from stages.importer import Imported, read_run
from stages.importers.adapter import read_adapter
from stages.importers.evaluated import read_evaluated
from stages.importers.extrinsic import Scores, read_extrinsic
from stages.importers.probed import read_probed
from stages.importers.recurrent import read_recurrent
from stages.importers.trained import read_trained
from stages.importers.transformer import read_transformer
from stages.importers.tuned import read_tuned
from stages.parameter_models import RunParameters
from stages.record import Record
from stages.registry import Evidence
from stages.run_files import file_of
from stages.score import score_outputs

_READERS: dict[str, Callable[[Evidence, RunParameters], Imported]] = {
    "recurrent": read_recurrent,
    "transformer": read_transformer,
    "adapter": read_adapter,
    "trained": read_trained,
    "tuned": read_tuned,
    "evaluated": read_evaluated,
    "probed": read_probed,
}


def remake_record(evidence: Evidence, parameters: RunParameters) -> Record:
    """The record that the run's importer makes of ``evidence``; :class:`UserError` where it cannot."""
    assert parameters.evidence
    if parameters.evidence.importer == "extrinsic":
        return read_run(evidence, parameters, partial(read_extrinsic, scores=remake_scores(evidence, parameters)))
    return read_run(evidence, parameters, _READERS[parameters.evidence.importer])


def remake_scores(evidence: Evidence, parameters: RunParameters) -> Scores:
    """Scores of an evaluation's outputs, example by example."""
    scores: Scores = defaultdict(list)
    assert parameters.extrinsic
    for seed in parameters.extrinsic.seeds:
        outputs = evidence.json_lines(file_of(parameters, f"outputs_{seed}"))
        for row in score_outputs(outputs, seed, parameters.extrinsic):
            scores[seed, row["task"], row["metric"], row["system"]].append(float(row["score"]))
    return scores
