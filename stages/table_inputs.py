"""What tables read beside records: the models of the memory budget and of the risks, and where every such file is kept."""

from pathlib import Path
from typing import Annotated, NamedTuple

from pydantic import Field

from stages.appendix_inputs import MODELS, AttentionMeasurement
from stages.expression import ParameterNode
from stages.files import read_json, sha256_of_file, sha256_of_json
from stages.strict import Count, Positive, Strict
from stages.traced import Ref
from stages.validation import validate
from stages.yaml_files import read_yaml


class DeviceMemory(Strict):
    memory_gb: Positive


class FullTraining(Strict):
    """Training every weight; bytes are per parameter."""

    parameters: Positive
    bytes_weight: Positive
    bytes_gradient: Positive
    bytes_optimiser: Positive


class LoraTraining(Strict):
    """LoRA on a model kept in 16 bits; bytes are per parameter."""

    parameters: Positive
    rank: Count
    adapter_parameters_stated: Positive
    bytes_base: Positive
    bytes_adapter: Positive
    bytes_gradient: Positive
    bytes_optimiser: Positive


class Adapter(Strict):
    rank: Count


class Dimensions(Strict):
    """Widths of a decoder, in units."""

    layers: Count
    hidden: Count
    key_value: Count
    feed_forward: Count


class QuantisedTraining(Strict):
    """QLoRA on a large model; the last three are assumptions, in GB."""

    parameters: Positive
    bytes_fp16: Positive
    bytes_nf4: Positive
    adapters_gb: Positive
    gradients_gb: Positive
    overhead_gb: Positive


class Budget(Strict):
    """Inputs of the memory budget (thesis, equations 4.1 to 4.22), ``params/budget.yaml``."""

    device: DeviceMemory
    full: FullTraining
    lora: LoraTraining
    adapter: Adapter
    llama8b: Dimensions
    large: QuantisedTraining


class Level(Strict):
    """Word for a level in both languages."""

    pt: str
    en: str


class Scale(Strict):
    probability: dict[str, Level]
    impact: dict[str, Level]


class Risk(Strict):
    probability: Annotated[int, Field(ge=1, le=3)]
    impact: Annotated[int, Field(ge=1, le=3)]


class Risks(Strict):
    """Risks of the project and the words for their levels, ``params/risks.yaml``."""

    scale: Scale
    risks: dict[str, Risk]


class TableInput(NamedTuple):
    """A file that tables may read."""

    file: str
    model: type[Strict]

    @property
    def measured(self) -> bool:
        """Whether it holds what a benchmark measured, not what someone stated."""
        return self.file.startswith("bench/")


TABLE_INPUTS = {
    "budget": TableInput("params/budget.yaml", Budget),
    "risks": TableInput("params/risks.yaml", Risks),
    **{name: TableInput(f"params/appendix/{name}.yaml", model) for name, model in MODELS.items()},
    "attention": TableInput("bench/results/attention.json", AttentionMeasurement),
}
"""Files that tables may read, by the name that expressions give them."""


def load_table_input(name: str) -> ParameterNode:
    """One input as expressions name it: parameters are traced by the hash of their canonical JSON, measurements by that of their file."""
    file, model = TABLE_INPUTS[name]
    path = Path(file)
    measured = TABLE_INPUTS[name].measured
    content = validate(model, read_json(path) if measured else read_yaml(path), file).model_dump()
    digest = sha256_of_file(path) if measured else sha256_of_json(content)
    return ParameterNode(content, Ref(file, "$", digest, "project" if measured else "parameters"))
