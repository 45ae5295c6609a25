"""What the rules of track 2 ask for: examples, models and answers by the parameters that make them, and those parameters, no others."""

from stages.instruction_sources.files import SUFFIXES as INSTRUCTION_SUFFIXES
from stages.parameters import merge, read_run_file
from stages.training_parameters import AdapterArchitecture, LlamaArchitecture
from stages.tuning_places import (
    System,
    architecture_of,
    base_settings,
    data_folder,
    draw_folder,
    draw_of,
    draws_name,
    generation_settings,
    is_on_hub,
    is_tuned_on_examples,
    model_name,
    outputs_folder,
    split_name,
    split_of,
    system_name,
)

MANIFEST = "manifest.json"


@cache
def get_runs_of(*families):
    """Pattern of the runs whose architecture is of one of the families."""

    def family(run):
        own = read_run_file(run)
        base = read_run_file(own["variant_of"]) if own.get("variant_of") else {}
        return merge(base, own).get("architecture", {}).get("family")

    return "|".join(run for run in known_runs() if family(run) in families) or "(?!)"


def get_named(campaign, run):
    """Merged parameters of another run of the campaign."""
    return load_run(campaign, run, get_settings())


@cache
def get_evaluations(campaign):
    """Every extrinsic evaluation of the campaign, with the run whose adapter it evaluates."""
    return [(run, get_named(campaign, run.extrinsic.adapter_run)) for run in get_campaign_runs(campaign) if run.extrinsic]


@cache
def get_splits(campaign):
    """Every split that a run of the campaign is tuned on, by name."""
    splits = [split_of(run) for run in get_campaign_runs(campaign) if is_tuned_on_examples(run)]
    return {split_name(split): split for split in splits}


@cache
def get_draws(campaign):
    """An evaluation, and the run that it evaluates, for each set of draws, by name."""
    return {draws_name(evaluation, tuned): (evaluation, tuned) for evaluation, tuned in get_evaluations(campaign)}


@cache
def get_systems(campaign):
    """Everything that answers an evaluation of the campaign, by name."""
    systems = [System(evaluation, tuned, adapted) for evaluation, tuned in get_evaluations(campaign) for adapted in (False, True)]
    return {system_name(system): system for system in systems}


@cache
def get_hub_models(campaign):
    """Every model of the hub that a run of the campaign starts from, by the name of its folder."""
    found = [run.architecture for run in get_campaign_runs(campaign) if isinstance(run.architecture, AdapterArchitecture)]
    return {model_name(architecture): architecture for architecture in found if is_on_hub(architecture.base_model)}


def get_instructions(wildcards):
    """Where the campaign's instructions come from, as JSON."""
    instructions = load_campaign(wildcards.campaign).instructions
    if instructions is None:
        raise UserError(f"params/campaigns/{wildcards.campaign}.yaml", "instructions", "nothing", "source: demo, local or canarim")
    return as_json(instructions)


def get_instruction_files(wildcards):
    """Files that local instructions are read from."""
    instructions = load_campaign(wildcards.campaign).instructions
    if not instructions or instructions.source != "local":
        return []
    return [str(file) for file in files_in(Path(instructions.path), INSTRUCTION_SUFFIXES).values()]


def get_split(wildcards):
    """Parameters of the split in the output's path, as JSON."""
    return as_json(look_up(get_splits(wildcards.campaign), wildcards.split, "examples", wildcards.campaign))


def get_draw_split(wildcards):
    """Manifest of the split that the draws in the output's path leave out."""
    _, tuned = look_up(get_draws(wildcards.campaign), wildcards.draws, "examples", wildcards.campaign)
    return f"{data_folder(wildcards.campaign, tuned)}/{MANIFEST}"


def get_draw(wildcards):
    """Parameters of the draw in the output's path, as JSON."""
    evaluation, _ = look_up(get_draws(wildcards.campaign), wildcards.draws, "examples", wildcards.campaign)
    return as_json(draw_of(evaluation, int(wildcards.seed)))


def get_hub_model(wildcards):
    """Name and revision of the hub's model in the output's path, as options of a command line."""
    architecture = look_up(get_hub_models(wildcards.campaign), wildcards.model, "models", wildcards.campaign)
    return ["--name", architecture.base_model] + (["--revision", architecture.revision] if architecture.revision else [])


def get_model_folder(campaign, architecture):
    """Folder of a base model: of the campaign's own run, or of the manifest of the hub's."""
    if is_on_hub(architecture.base_model):
        return f"data/{campaign}/models/{model_name(architecture)}"
    return run_folder(campaign, get_named(campaign, architecture.base_model))


def get_model(wildcards):
    """Manifest of the run's base model."""
    return f"{get_model_folder(wildcards.campaign, architecture_of(get_run(wildcards)))}/{MANIFEST}"


def get_tuning_data(wildcards):
    """Manifest of what the run is tuned on."""
    return f"{data_folder(wildcards.campaign, get_run(wildcards))}/{MANIFEST}"


def get_tuning_data_option(wildcards):
    """The same as an option of a stage's command line: examples, or texts."""
    run = get_run(wildcards)
    return [f"--{'examples' if is_tuned_on_examples(run) else 'texts'}", data_folder(wildcards.campaign, run)]


def get_first_adapter(wildcards):
    """Manifest of the adapter that the run goes on from, if it does."""
    name = architecture_of(get_run(wildcards)).adapter_run
    return f"{run_folder(wildcards.campaign, get_named(wildcards.campaign, name))}/{MANIFEST}" if name else []


def get_first_adapter_option(wildcards):
    """The same as an option of a command line."""
    manifest = get_first_adapter(wildcards)
    return ["--adapter", str(Path(manifest).parent)] if manifest else []


def get_base_text(part):
    """Function that gives the manifest of a text that a base model is trained on."""
    return lambda wildcards: f"{text_folder(wildcards.campaign, text_of(get_run(wildcards), part))}/{MANIFEST}"


def get_tune_parameters(wildcards):
    """What defines the weights of a base model or an adapter, as JSON."""
    kept = {
        "architecture": True,
        "data": {"sequence_length", "packing", "documents_train", "documents_validation"},
        "tokenizer": {"add_bos", "add_eos"},
        "training": True,
        "seed": True,
    }
    return as_json(get_run(wildcards), include=kept, exclude={"architecture": {"parameter_count"}})


def get_system(wildcards):
    """The system whose answers are in the output's path."""
    return look_up(get_systems(wildcards.campaign), wildcards.system, "outputs", wildcards.campaign)


def get_system_models(wildcards):
    """Manifests of the system's base model and, where it has one, its adapter."""
    return [f"{folder}/{MANIFEST}" for folder in get_system_folders(wildcards.campaign, get_system(wildcards))]


def get_system_folders(campaign, system):
    """Folders of the system's base model and, where it has one, its adapter."""
    folders = [get_model_folder(campaign, architecture_of(system.tuned))]
    return folders + [run_folder(campaign, system.tuned)] if system.adapted else folders


def get_system_options(wildcards):
    """The system's models as options of a command line."""
    folders = get_system_folders(wildcards.campaign, get_system(wildcards))
    return [word for name, folder in zip(("model", "adapter"), folders) for word in (f"--{name}", folder)]


def get_system_draws(wildcards):
    """Manifests of the examples that the system answers, one a seed."""
    system = get_system(wildcards)
    seeds = system.evaluation.extrinsic.seeds
    return [f"{draw_folder(wildcards.campaign, system.evaluation, system.tuned, seed)}/{MANIFEST}" for seed in seeds]


def get_generation(wildcards):
    """How the system is loaded and answers, as JSON."""
    system = get_system(wildcards)
    return json.dumps({"architecture": base_settings(system.tuned), "generation": generation_settings(system.evaluation)})


def get_system_device(wildcards):
    """Device that the evaluation is meant for."""
    return device_of(get_system(wildcards).evaluation)


def get_evaluated(wildcards):
    """The evaluation in the output's path and the run that it evaluates."""
    evaluation = get_run(wildcards)
    return evaluation, get_named(wildcards.campaign, evaluation.extrinsic.adapter_run)


def get_answers(adapted):
    """Function that gives the manifest of the answers of base or adapted model."""
    return lambda wildcards: f"{outputs_folder(wildcards.campaign, System(*get_evaluated(wildcards), adapted))}/{MANIFEST}"


def get_draw_manifest(wildcards):
    """Manifest of the examples of the seed in the output's path."""
    return f"{draw_folder(wildcards.campaign, *get_evaluated(wildcards), int(wildcards.seed))}/{MANIFEST}"


def get_extrinsic(wildcards):
    """Parameters of the evaluation, as JSON."""
    return as_json(get_run(wildcards).extrinsic)


def get_probed(campaign, run):
    """The evaluation whose models the probes ask, and the run whose adapter it is of."""
    evaluation = get_named(campaign, get_named(campaign, run).probes.evaluation_run)
    return evaluation, get_named(campaign, evaluation.extrinsic.adapter_run)


def get_probed_folders(wildcards):
    """Folders that the probes read, by the name of their option."""
    campaign, (evaluation, tuned) = wildcards.campaign, get_probed(wildcards.campaign, wildcards.run)
    return {
        "model": [get_model_folder(campaign, architecture_of(tuned))],
        "adapter": [run_folder(campaign, tuned)],
        "draws": [draw_folder(campaign, evaluation, tuned, seed) for seed in evaluation.extrinsic.seeds],
        "base-outputs": [outputs_folder(campaign, System(evaluation, tuned, False))],
        "adapter-outputs": [outputs_folder(campaign, System(evaluation, tuned, True))],
    }


def get_probed_manifests(wildcards):
    """Manifests of what the probes read."""
    return [f"{folder}/{MANIFEST}" for folders in get_probed_folders(wildcards).values() for folder in folders]


def get_probed_options(wildcards):
    """What the probes read as options of a command line."""
    return [word for name, folders in get_probed_folders(wildcards).items() for word in (f"--{name}", *folders)]


def get_probe_parameters(wildcards):
    """What the probes are and how their models are loaded and asked, as JSON."""
    evaluation, tuned = get_probed(wildcards.campaign, wildcards.run)
    return json.dumps(
        {
            "architecture": base_settings(tuned),
            "extrinsic": evaluation.extrinsic.model_dump(mode="json"),
            "probes": get_run(wildcards).probes.model_dump(mode="json"),
        }
    )
