"""The earlier run that a run is nearest to, among all records here: its time is what an estimate rests on."""

from pathlib import Path

from stages.parameter_models import RunParameters
from stages.planning.read_once import readable_record
from stages.record import Record
from stages.training_parameters import AdapterArchitecture
from stages.tuning_places import is_on_hub

CPU = "CPU"


def nearest_record(campaign: str, run: RunParameters) -> tuple[Path, Record] | None:
    """File and record of the same run, or of the one that it is a variant of, with a time; none where there is none.

    One of the same campaign goes before others, then one on the same device, then the published one. A GPU says nothing of a CPU, nor
    a CPU of a GPU.
    """
    names = [name for name in (run.run, run.variant_of) if name]
    paths = [path for name in names for path in sorted(Path("versions").glob(f"*/{run.version}/{name}/record.json"))]
    found = [(path, record) for path in paths if (record := readable_record(path))]
    fitting = [(path, record) for path, record in found if _fits(campaign, run, record)]
    return min(fitting, key=lambda entry: _distance(campaign, run, entry[1]), default=None)


def _fits(campaign: str, run: RunParameters, record: Record) -> bool:
    device, model = record.environment.device, run.architecture
    if not record.time.seconds or not device or (device == CPU) != (run.hardware.device == CPU):
        return False
    own_base = isinstance(model, AdapterArchitecture) and not is_on_hub(model.base_model)
    return not own_base or record.identity.campaign == campaign  # another campaign's base is another model by the same name


def _distance(campaign: str, run: RunParameters, record: Record) -> tuple[bool, bool, bool, bool]:
    other_device = record.environment.device != run.hardware.device
    identity = record.identity
    return identity.campaign != campaign, identity.run != run.run, other_device, identity.campaign != "published"
