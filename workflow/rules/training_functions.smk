"""What the rules of trained campaigns ask for: artifacts by the parameters that make them, and those parameters, no others."""

from contextlib import suppress

from stages.corpora.files import files_in
from stages.parameters import known_campaigns
from stages.tuning_places import adaptation_text, is_tuned_on_examples
from stages.places import (
    PARTS,
    has_guardrails,
    is_sampled,
    run_folder,
    text_folder,
    text_name,
    text_of,
    tokenizer_folder,
    tokenizer_name,
    tokenizer_settings,
    tokenizer_text,
    tokens_folder,
)


@cache
def get_trained():
    """Pattern of the campaigns whose runs are trained here; one whose file is broken stops those who ask for it, and nobody else."""
    names = []
    for campaign in known_campaigns():
        with suppress(UserError):
            names += [campaign] if is_trained_here(campaign) else []
    return "|".join(names) or "(?!)"


def get_imported():
    """Pattern of the campaigns whose records are imported: all others."""
    return rf"(?!(?:{get_trained()})/)[A-Za-z0-9_][A-Za-z0-9_-]*"


def show_live_curves():
    """Let trainings show their curves in the MLflow store that the environment names, else in the local one.

    It is no parameter of a training, whose bytes do not depend on who looks on.
    """
    if load_campaign(CONFIG["campaign"]).live_curves:
        from stages.store import chosen_store

        os.environ |= {"MLFLOW_TRACKING_URI": chosen_store()}


def as_json(model, **selection):
    """A model's parameters on a command line."""
    return json.dumps(model.model_dump(mode="json", **selection))


@cache
def get_texts(campaign):
    """Every text that a run of the campaign reads, by name."""
    runs = get_campaign_runs(campaign)
    return {text_name(text): text for run in runs for text in get_run_texts(run) if text}


def get_run_texts(run):
    """Every text that one run reads: none of an evaluation, nor of what is tuned on instructions."""
    if run.architecture is None or is_tuned_on_examples(run):
        return []
    return [adaptation_text(run)] if run.architecture.family == "qlora" else [tokenizer_text(run), *(text_of(run, part) for part in PARTS)]


@cache
def get_tokenized(campaign):
    """A run for each tokenizer of the campaign, by the tokenizer's name."""
    own = [run for run in get_campaign_runs(campaign) if run.tokenizer and run.tokenizer.kind != "pretrained"]
    return {tokenizer_name(run): run for run in own}


def look_up(found, name, what, campaign):
    """The entry of a name that a path was asked by."""
    if name not in found:
        raise UserError(f"data/{campaign}", what, name, "one of: " + ", ".join(sorted(found)), "Names follow from the parameters of the runs.")
    return found[name]


def get_corpus(wildcards):
    """Where the campaign's text comes from, as JSON."""
    return as_json(load_campaign(wildcards.campaign).corpus)


def get_corpus_files(wildcards):
    """Files that a local corpus is read from."""
    corpus = load_campaign(wildcards.campaign).corpus
    return [str(file) for file in files_in(Path(corpus.path)).values()] if corpus.source == "local" else []


def get_sizes(get_files):
    """Function that gives name and size of each of some files: a file that was replaced by an older one is another one, too."""
    return lambda wildcards: [f"{file.name}: {file.stat().st_size} bytes" for file in map(Path, get_files(wildcards))]


def get_text_parameters(wildcards):
    """Selection and cleaning of the text in the output's path, as JSON."""
    return as_json(look_up(get_texts(wildcards.campaign), wildcards.text, "texts", wildcards.campaign))


def get_text_cores(wildcards):
    """Cores for a text: more than one only where there is work for them, since a job that needs several waits for all of them."""
    return 2 if look_up(get_texts(wildcards.campaign), wildcards.text, "texts", wildcards.campaign).documents >= 5000 else 1


def get_tokenizer_run(wildcards):
    """A run that uses the tokenizer in the output's path."""
    return look_up(get_tokenized(wildcards.campaign), wildcards.tokenizer, "tokenizers", wildcards.campaign)


def get_tokenizer_parameters(wildcards):
    """Settings of the tokenizer in the output's path, as JSON."""
    return as_json(tokenizer_settings(get_tokenizer_run(wildcards)))


def get_tokenizer_seed(wildcards):
    """Seed of the tokenizer in the output's path."""
    return get_tokenizer_run(wildcards).seed


def get_tokenizer_text(name):
    """Function that gives one file of the text that the tokenizer in the output's path is learnt from."""
    return lambda wildcards: str(Path(text_folder(wildcards.campaign, tokenizer_text(get_tokenizer_run(wildcards))), name))


def get_tokenizer_manifest(wildcards):
    """Manifest of the run's tokenizer."""
    return str(Path(tokenizer_folder(wildcards.campaign, get_run(wildcards)), "manifest.json"))


def get_tokens(part):
    """Function that gives the manifest of the tokens of one part of the run; nothing where the run has no such part."""

    def manifest(wildcards):
        parameters = get_run(wildcards)
        text = text_of(parameters, part)
        return f"{tokens_folder(wildcards.campaign, parameters, text)}/manifest.json" if text else []

    return manifest


def get_folders(**parts):
    """Function that gives, as options of a command line, the folders of the tokens of some parts of the run, those that it has."""

    def options(wildcards):
        found = {f"--{option.replace('_', '-')}": get_tokens(part)(wildcards) for option, part in parts.items()}
        return [word for option, manifest in found.items() if manifest for word in (option, str(Path(manifest).parent))]

    return options


def get_train_parameters(wildcards):
    """What defines the run's weights, as JSON: nothing of how they are evaluated."""
    kept = {"architecture": True, "data": {"sequence_length", "stride"}, "training": True, "seed": True}
    return as_json(get_run(wildcards), include=kept, exclude={"architecture": {"parameter_count"}})


def get_threads(wildcards):
    """Threads of a training, as an option of its command line."""
    threads = load_campaign(wildcards.campaign).threads
    return ["--threads", str(threads)] if threads else []


def get_launcher(wildcards):
    """What starts a training: Python, or accelerate where several processes share it, on a CPU, too (its ``--cpu`` starts but one)."""
    processes, threads = get_run(wildcards).hardware.processes, load_campaign(wildcards.campaign).threads
    if processes == 1:
        return ["python"]
    options = f"--multi_gpu --num_processes {processes} --num_machines 1 --mixed_precision no --dynamo_backend no --main_process_port 0"
    options += f" --num_cpu_threads_per_process {threads}" if threads else ""
    return ["accelerate", "launch", *options.split()]


def get_training_cores(wildcards):
    """Cores that a training computes on: threads of all its processes, as far as they are known."""
    return get_run(wildcards).hardware.processes * (load_campaign(wildcards.campaign).threads or 1)


def get_training_gpus(wildcards):
    """GPUs that a training computes on, one a process."""
    return get_run(wildcards).hardware.processes if get_training_device(wildcards) == "cuda" else 0


def device_of(run):
    """Device that a run is meant for: the CPU where its parameters say so, else a GPU."""
    return "cpu" if run.hardware.device == "CPU" else "cuda"


def get_training_device(wildcards):
    """Device that the output's run is meant for."""
    return device_of(get_run(wildcards))


def get_evaluation(wildcards):
    """Windows of the run's evaluation, as JSON."""
    return as_json(get_run(wildcards).evaluation)


def get_sampling(wildcards):
    """How the run's samples are drawn, as JSON: nothing of the limits that they are held against."""
    return as_json(get_run(wildcards).sampling, exclude={"maximum_fallback_ratio", "maximum_short_piece_ratio"})


def get_limits(wildcards):
    """Sampling parameters of the run with the limits of its samples' token shapes, as JSON."""
    return as_json(get_run(wildcards).sampling)


def get_lowercase(wildcards):
    """Whether prompts are lower-cased, as the text that the run learnt was, as an option of a command line."""
    return ["--lowercase"] if get_run(wildcards).cleaning.lowercase else []


def get_weights(name):
    """Function that gives one file of a run by its name alone."""
    return lambda wildcards: f"{run_folder(wildcards.campaign, get_run(wildcards))}/{name}"


def get_results(wildcards):
    """Raw results that the run's record is read from."""
    return [file for role, file in get_evidence(wildcards).files.items() if role != "tokenizer_model"]


def get_fragmentation(wildcards):
    """Fragmentation reports of the campaign's tokenizers that have pieces; none where they are not trained here."""
    campaign = CONFIG["campaign"]
    runs = get_tokenized(campaign).values() if is_trained_here(campaign) else ()
    return [f"{tokenizer_folder(campaign, run)}/fragmentation.json" for run in runs if run.tokenizer.kind in ("bpe", "unigram")]
