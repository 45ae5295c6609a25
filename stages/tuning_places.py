"""Where the artifacts of track 2 lie: named, as those of track 1, by the parameters that make them.

An adapter is trained on the split of the campaign's instructions, or on a text; an evaluation draws its examples around that split. The
answers of one system (a base model, or it with an adapter) are made once, for every evaluation that asks for the same.
"""

from typing import Any, NamedTuple

from stages.errors import UserError
from stages.example_rows import EXAMPLES, PARTS, part_file
from stages.files import sha256_of_json
from stages.generation.parameters import Generation
from stages.instruction_parameters import DrawParameters, SplitParameters
from stages.parameter_files import run_file
from stages.parameter_models import EvidenceFiles, RunParameters
from stages.places import run_folder, text_folder, tokenizer_folder
from stages.text_parameters import TextParameters
from stages.training_parameters import AdapterArchitecture, QuantisedBase


class System(NamedTuple):
    """What answers an evaluation's examples: the base model of ``tuned``, with its adapter or without."""

    evaluation: RunParameters
    tuned: RunParameters
    adapted: bool


def architecture_of(parameters: RunParameters) -> AdapterArchitecture:
    """Architecture of a run that trains an adapter; :class:`UserError` where it trains something else."""
    if not isinstance(parameters.architecture, AdapterArchitecture):
        family = getattr(parameters.architecture, "family", "nothing")
        raise UserError(run_file(parameters.run), "architecture.family", family, "qlora: an adapter")
    return parameters.architecture


def is_tuned_on_examples(parameters: RunParameters) -> bool:
    return parameters.training is not None and parameters.training.objective == "answer_tokens"


def split_of(parameters: RunParameters) -> SplitParameters:
    """The instructions that a run is tuned on."""
    assert parameters.data
    data = parameters.data
    return SplitParameters(
        seed=parameters.seed,
        documents_train=data.documents_train,
        documents_validation=data.documents_validation,
        documents_test=data.documents_test or 0,
    )


def split_folder(campaign: str, parameters: RunParameters) -> str:
    return f"data/{campaign}/examples/{split_name(split_of(parameters))}"


def split_name(split: SplitParameters) -> str:
    """Folder of a split below ``data/<campaign>/examples``, as ``split-8000-1f3a9c2e``."""
    return f"split-{split.documents_train}-{_digest(split.model_dump(mode='json'))}"


def draw_of(evaluation: RunParameters, seed: int) -> DrawParameters:
    """The examples of one seed of an evaluation."""
    assert evaluation.extrinsic
    extrinsic = evaluation.extrinsic
    return DrawParameters(
        seed=seed,
        tasks=list(extrinsic.tasks),
        examples_per_task=extrinsic.examples_per_task,
        exclude_near_duplicates=extrinsic.exclude_near_duplicates,
    )


def draws_name(evaluation: RunParameters, tuned: RunParameters) -> str:
    """Folder of an evaluation's examples, those of ``tuned`` left out, as ``draws-200-1f3a9c2e``; below it, one folder a seed."""
    draw = draw_of(evaluation, 0)
    return f"draws-{draw.examples_per_task}-{_digest([draw.model_dump(mode='json'), split_name(split_of(tuned))])}"


def draw_folder(campaign: str, evaluation: RunParameters, tuned: RunParameters, seed: int) -> str:
    return f"data/{campaign}/examples/{draws_name(evaluation, tuned)}/{seed}"


def adaptation_text(parameters: RunParameters) -> TextParameters:
    """The text of a continued pre-training: documents to learn from and to validate on, in one."""
    assert parameters.data and parameters.cleaning
    return TextParameters(
        selection="adaptation",
        documents=parameters.data.documents_train + parameters.data.documents_validation,
        minimum_characters=parameters.data.minimum_characters or 0,
        cleaning=parameters.cleaning,
        seed=parameters.seed,
    )


def data_folder(campaign: str, parameters: RunParameters) -> str:
    """Folder of what an adapter is trained on: a split of instructions, or a text."""
    if is_tuned_on_examples(parameters):
        return split_folder(campaign, parameters)
    return text_folder(campaign, adaptation_text(parameters))


def is_on_hub(model: str) -> bool:
    """Whether a base model's name is that of a repository of the hub; else it is a run's."""
    return "/" in model


def model_name(architecture: AdapterArchitecture) -> str:
    """Folder of a hub's model below ``data/<campaign>/models``."""
    revision = f"@{architecture.revision}" if architecture.revision else ""
    return f"{architecture.base_model}{revision}".replace("/", "--")


def system_name(system: System) -> str:
    """Folder of a system's answers below ``analysis/<campaign>/outputs``, as ``sft-1f3a9c2e``."""
    assert system.evaluation.extrinsic
    name = system.tuned.run if system.adapted else "base"
    return f"{name}-{_digest([name, base_settings(system.tuned), generation_settings(system.evaluation), _drawn(system)])}"


def _drawn(system: System) -> list[Any]:
    assert system.evaluation.extrinsic
    return [draws_name(system.evaluation, system.tuned), system.evaluation.extrinsic.seeds]


def base_settings(tuned: RunParameters) -> dict[str, Any]:
    """How the base model of an adapter is loaded, as JSON."""
    return architecture_of(tuned).model_dump(mode="json", include=set(QuantisedBase.model_fields))


def generation_settings(evaluation: RunParameters) -> dict[str, Any]:
    """How answers are generated, as JSON."""
    assert evaluation.extrinsic
    return evaluation.extrinsic.model_dump(mode="json", include=set(Generation.model_fields))


def outputs_folder(campaign: str, system: System) -> str:
    return f"analysis/{campaign}/outputs/{system_name(system)}"


def tuned_files(campaign: str, parameters: RunParameters) -> EvidenceFiles:
    """Raw results of a run of track 2 that trains something, by role."""
    folder = run_folder(campaign, parameters)
    files = {"training": f"{folder}/training.json", "timing": f"{folder}/timing.json", "weights": f"{folder}/manifest.json"}
    if isinstance(parameters.architecture, AdapterArchitecture):
        files["intrinsic"] = f"analysis/{campaign}/intrinsic/{parameters.run}.json"
        files["data"] = f"{data_folder(campaign, parameters)}/manifest.json"
    else:
        files["tokenizer"] = f"{tokenizer_folder(campaign, parameters)}/manifest.json"
    if is_tuned_on_examples(parameters):
        files |= {f"examples_{part}": f"{data_folder(campaign, parameters)}/{part_file(part)}" for part in PARTS}
    return EvidenceFiles(importer="tuned", files=files)


def evaluated_files(campaign: str, evaluation: RunParameters, tuned: RunParameters) -> EvidenceFiles:
    """Raw results of an extrinsic evaluation, by role."""
    assert evaluation.extrinsic
    files = {}
    for seed in evaluation.extrinsic.seeds:
        for name, ending in (("outputs", "jsonl"), ("summary", "json"), ("timing", "json")):
            files[f"{name}_{seed}"] = f"analysis/{campaign}/extrinsic/{evaluation.run}/{seed}/{name}.{ending}"
        draw = draw_folder(campaign, evaluation, tuned, seed)
        files |= {f"examples_{seed}": f"{draw}/{EXAMPLES}", f"draw_{seed}": f"{draw}/manifest.json"}
    return EvidenceFiles(importer="evaluated", files=files)


def probed_files(campaign: str, parameters: RunParameters) -> EvidenceFiles:
    """Raw results of the probes, by role."""
    report = f"analysis/{campaign}/probes/{parameters.run}"
    return EvidenceFiles(importer="probed", files={"report": f"{report}.json", "timing": f"{report}_timing.json"})


def _digest(value: object) -> str:
    return sha256_of_json(value)[:8]
