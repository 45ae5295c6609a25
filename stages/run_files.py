"""Which evidence files a run is read from, by the role that its importer gives them."""

from stages.errors import UserError
from stages.parameter_models import RunParameters


def file_of(parameters: RunParameters, role: str) -> str:
    """Evidence file that the run's parameters name for ``role``."""
    files = parameters.evidence.files if parameters.evidence else {}
    if role not in files:
        raise UserError(f"params/runs/{parameters.run}.yaml", f"evidence.files.{role}", "nothing", "a path below the evidence root")
    return files[role]


def has_file(parameters: RunParameters, role: str) -> bool:
    """Whether the run's evidence includes a file for ``role``."""
    return bool(parameters.evidence and role in parameters.evidence.files)
