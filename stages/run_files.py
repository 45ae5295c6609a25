"""A run as its importer is handed it: its parameters, and which evidence files it is read from, by their role."""

from stages.errors import UserError
from stages.files import parse_json
from stages.parameter_models import Extrinsic, RunParameters
from stages.validation import validate


def parse_parameters(text: str) -> RunParameters:
    """Merged parameters of a run from a stage's command line."""
    return validate(RunParameters, parse_json(text, "--parameters"), "--parameters")


def extrinsic_of(parameters: RunParameters) -> Extrinsic:
    """What the run's parameters say of its evaluation on tasks."""
    if parameters.extrinsic is None:
        raise UserError(f"params/runs/{parameters.run}.yaml", "extrinsic", "nothing", "the evaluation's parameters")
    return parameters.extrinsic


def files_of(parameters: RunParameters) -> dict[str, str]:
    """Evidence files of the run by role; none where it has no evidence."""
    return parameters.evidence.files if parameters.evidence else {}


def file_of(parameters: RunParameters, role: str) -> str:
    """Evidence file that the run's parameters name for ``role``."""
    files = files_of(parameters)
    if role not in files:
        raise UserError(f"params/runs/{parameters.run}.yaml", f"evidence.files.{role}", "nothing", "a path below the evidence root")
    return files[role]


def has_file(parameters: RunParameters, role: str) -> bool:
    """Whether the run's evidence includes a file for ``role``."""
    return role in files_of(parameters)


def key_of(parameters: RunParameters, role: str) -> str:
    """Name under which a shared file holds the run; the run's own, unless its parameters say otherwise."""
    return (parameters.evidence.keys if parameters.evidence else {}).get(role, parameters.run)
