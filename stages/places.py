"""Where the artifacts of a trained campaign lie: named by the parameters that make them, so that runs which agree share them.

A text is a selection of documents and a cleaning; a tokenizer adds its own settings; tokens are a text under a tokenizer. Each
name ends in a digest of all that it depends on: change a parameter of one run, and that run asks for other files, no other run does.
"""

from stages.evaluation_parameters import HeldOut
from stages.files import sha256_of_json
from stages.parameter_models import EvidenceFiles, RunParameters
from stages.text_parameters import Selection, TextParameters
from stages.tokenizer_parameters import Tokenizer, TokenizerTraining

PARTS = ("train", "validation", "head", "held_out")
"""Texts that a run reads: to learn from, to stop by, and for the two windowed evaluations."""


def text_of(parameters: RunParameters, part: str) -> TextParameters | None:
    """The text of one part of a run; ``None`` where the run has no such part."""
    data, evaluation = parameters.data, parameters.evaluation
    assert data is not None
    match part:
        case "train":
            return _run_text(parameters, "train", data.documents_train)
        case "validation":
            return _run_text(parameters, "validation", data.documents_validation) if data.documents_validation else None
        case "head":
            return _run_text(parameters, "head", evaluation.windowed.documents) if evaluation and evaluation.windowed else None
    return _chosen_text(parameters.seed, "held_out", evaluation.held_out) if evaluation and evaluation.held_out else None


def _run_text(parameters: RunParameters, selection: Selection, documents: int) -> TextParameters:
    """Documents as the run itself cleans them."""
    assert parameters.data and parameters.cleaning
    return TextParameters(
        selection=selection,
        documents=documents,
        minimum_characters=parameters.data.minimum_characters or 0,
        cleaning=parameters.cleaning,
        seed=parameters.seed,
    )


def _chosen_text(seed: int, selection: Selection, chosen: HeldOut | TokenizerTraining) -> TextParameters:
    """Documents cleaned in a way of their own."""
    return TextParameters(
        selection=selection,
        documents=chosen.documents,
        minimum_characters=chosen.minimum_characters,
        cleaning=chosen.cleaning,
        seed=seed,
    )


def tokenizer_text(parameters: RunParameters) -> TextParameters:
    """The text that the run's tokenizer is learnt from: its own, or, for characters, the training text."""
    assert parameters.tokenizer
    if training := parameters.tokenizer.training:
        return _chosen_text(parameters.seed, "shuffled", training)
    text = text_of(parameters, "train")
    assert text
    return text


def text_name(text: TextParameters) -> str:
    """Folder of a text below ``data/<campaign>/texts``, as ``train-20000-1f3a9c2e``."""
    return f"{text.selection}-{text.documents}-{_digest(text.model_dump(mode='json'))}"


def tokenizer_settings(parameters: RunParameters) -> Tokenizer:
    """What a tokenizer's training gets: its settings without what is only known, or only said, of it."""
    assert parameters.tokenizer
    return parameters.tokenizer.model_copy(update={"vocabulary": None, "name": parameters.tokenizer.kind})


def tokenizer_name(parameters: RunParameters) -> str:
    """Folder of a run's tokenizer below ``data/<campaign>/tokenizers``, as ``unigram-16000-5c0d1e2f``."""
    settings = tokenizer_settings(parameters)
    digest = _digest([settings.model_dump(mode="json"), text_name(tokenizer_text(parameters)), parameters.seed])
    return "-".join(filter(None, [settings.kind, str(settings.vocabulary_requested or ""), digest]))


def text_folder(campaign: str, text: TextParameters) -> str:
    return f"data/{campaign}/texts/{text_name(text)}"


def tokenizer_folder(campaign: str, parameters: RunParameters) -> str:
    return f"data/{campaign}/tokenizers/{tokenizer_name(parameters)}"


def tokens_folder(campaign: str, parameters: RunParameters, text: TextParameters) -> str:
    return f"data/{campaign}/tokens/{tokenizer_name(parameters)}/{text_name(text)}"


def run_folder(campaign: str, parameters: RunParameters) -> str:
    return f"versions/{campaign}/{parameters.version}/{parameters.run}"


def is_sampled(parameters: RunParameters) -> bool:
    """Whether texts are drawn from the run's model: a variant answers one question, and its samples answer none."""
    return bool(parameters.sampling and parameters.sampling.prompts and not parameters.variant_of)


def has_guardrails(parameters: RunParameters) -> bool:
    """Whether token shapes of the samples mean anything: characters have none."""
    return is_sampled(parameters) and parameters.tokenizer is not None and parameters.tokenizer.kind != "character"


def result_files(campaign: str, parameters: RunParameters) -> EvidenceFiles:
    """Raw results of a trained run, by role: what its record is read from, and what the audit reads."""
    folder = run_folder(campaign, parameters)
    files = {
        "training": f"{folder}/training.json",
        "timing": f"{folder}/timing.json",
        "weights": f"{folder}/manifest.json",
        "windows": f"analysis/{campaign}/windows/{parameters.run}.json",
        "tokenizer": f"{tokenizer_folder(campaign, parameters)}/manifest.json",
    }
    if is_sampled(parameters):
        files["samples"] = f"{folder}/samples.json"
    if has_guardrails(parameters):
        files["guardrails"] = f"analysis/{campaign}/guardrails/{parameters.run}.json"
        files["tokenizer_model"] = f"{tokenizer_folder(campaign, parameters)}/tokenizer.model"
    return EvidenceFiles(importer="trained", files=files)


def _digest(value: object) -> str:
    return sha256_of_json(value)[:8]
