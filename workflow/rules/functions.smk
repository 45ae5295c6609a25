"""What rules ask for: files of a campaign, and the parameters that a stage uses, no others."""

import json
import os
import shlex
import sys
from functools import cache
from pathlib import Path

sys.path.insert(0, workflow.basedir)

from stages import ledger, parameters

# Every run asks for its campaign, and the importing modules do, too: one call of Snakemake reads each file of parameters once.
for name in ("known_runs", "load_campaign", "load_prices", "load_run", "read_run_file", "read_yaml"):
    setattr(parameters, name, cache(getattr(parameters, name)))

from stages.caller import CALLER
from stages.code_hash import code_hash
from stages.document import Document
from stages.errors import UserError
from stages.files import read_json, sha256_of_json
from stages.lock import hold_project
from stages.number import LANGUAGES
from stages.parameter_files import check_campaign_name
from stages.parameters import known_runs, load_campaign, load_prices, load_run
from stages.registry import evidence_root, is_trained_here, load_registry, registered
from stages.table import load_spec
from stages.table_inputs import TABLE_INPUTS
from stages.table_spec import COUNTING
from stages.worked_entries import worked_files

# Input functions ask for these many times over, too.
load_registry, load_spec = map(cache, (load_registry, load_spec))

# Strict bash (a prefix of ours replaces Snakemake's own). Stages run in the environment that Snakemake runs in, whether or not it is activated.
shell.prefix(f'set -euo pipefail; export PATH={shlex.quote(str(Path(sys.executable).parent))}:"$PATH"; ')

# A training frees and takes large blocks at each step; glibc gives them back to the system and asks anew, a fifth of the time on a CPU.
os.environ |= {"MALLOC_MMAP_THRESHOLD_": str(10**9), "MALLOC_TRIM_THRESHOLD_": str(2 * 10**9)} | os.environ

# Stages end with this process, even where it is killed.
os.environ[CALLER] = str(os.getpid())

CONFIG = {"campaign": "published", "lang": "pt", "set": "", "beside": "", "heavy": "no"} | config
if unknown := CONFIG.keys() - {"campaign", "lang", "set", "beside", "heavy"}:
    known = "campaign=NAME, lang=pt|en, set='RUN.KEY=VALUE …', beside=NAME,NAME, heavy=yes|no"
    raise UserError("--config", ", ".join(unknown), "an unknown key", known)
if not isinstance(CONFIG["campaign"], str):
    raise UserError("--config", "campaign", repr(CONFIG["campaign"]), "the name of a campaign")
check_campaign_name("--config", CONFIG["campaign"])
if CONFIG["lang"] not in LANGUAGES:
    raise UserError("--config", "lang", repr(CONFIG["lang"]), "one of: " + ", ".join(LANGUAGES))
if CONFIG["heavy"] not in ("yes", "no"):
    raise UserError("--config", "heavy", repr(CONFIG["heavy"]), "yes or no")


# Wildcards become part of commands: none may hold a character that a shell or a path reads as anything but itself.
wildcard_constraints:
    campaign=r"[A-Za-z0-9_][A-Za-z0-9_-]*",
    version=r"[a-z0-9][a-z0-9-]*",
    run=r"[a-z0-9_]+",
    table=r"[a-z0-9_]+",
    text=r"[a-z0-9_][a-z0-9_-]*",
    tokenizer=r"[a-z0-9_][a-z0-9_-]*",
    system=r"[a-z0-9_][a-z0-9_-]*",
    model=r"[A-Za-z0-9_][A-Za-z0-9_.@-]*",


def get_settings():
    """Overrides of the command line, split at spaces."""
    return tuple(str(CONFIG["set"] or "").split())


def get_run(wildcards):
    """Merged parameters of the output's run; the scores, whose path names none, are the extrinsic evaluation's."""
    return load_run(wildcards.campaign, getattr(wildcards, "run", "extrinsic"), get_settings())


def get_run_parameters(wildcards):
    """Merged parameters of a run as JSON: what its stage gets, and what Snakemake compares."""
    return json.dumps(get_run(wildcards).model_dump(mode="json"))


def get_evidence(wildcards):
    """Importer and published files of the output's run."""
    parameters = get_run(wildcards)
    if parameters.evidence is None:
        raise UserError(f"params/runs/{parameters.run}.yaml", "evidence", "nothing", "the importer and files of the run")
    return parameters.evidence


def get_importer(wildcards):
    """Importer that reads the run's published files."""
    return get_evidence(wildcards).importer


def get_importer_code(wildcards):
    """Hash of the code of the run's importer."""
    return code_hash(f"stages.importers.{get_importer(wildcards)}")


def get_evidence_hash(wildcards):
    """Hash of the registered files that the run is read from: evidence is compared by content, without reading it."""
    registry = load_registry(wildcards.campaign)
    return sha256_of_json({file: registered(registry, file).sha256 for file in get_evidence(wildcards).files.values()})


def get_record(campaign, run):
    """Record file of one run."""
    return f"versions/{campaign}/{load_run(campaign, run, get_settings()).version}/{run}/record.json"


def get_records(wildcards):
    """Record files of the campaign."""
    return [get_record(CONFIG["campaign"], run) for run in load_campaign(CONFIG["campaign"]).runs]


def get_campaign_records(wildcards):
    """Record files of the campaign in the output's path."""
    return [get_record(wildcards.campaign, run) for run in load_campaign(wildcards.campaign).runs]


@cache
def get_campaign_runs(campaign):
    """Merged parameters of every run of the campaign."""
    return [load_run(campaign, run, get_settings()) for run in load_campaign(campaign).runs]


@cache
def get_specs(campaign):
    """Specs of the tables of the campaign: those whose runs it has, or, where a spec allows it, some of them."""
    parameters, specs = load_campaign(campaign), []
    for path in sorted(Path("params/tables").glob("*.yaml")):
        spec = load_spec(path)
        if unknown := set(spec.runs()) - set(known_runs()):
            raise UserError(path, "rows", ", ".join(sorted(unknown)), "runs that have a file in params/runs")
        if "worked_numbers" in spec.analyses and not worked_files(parameters.worked_numbers):
            continue
        if restricted := spec.restricted_to(set(parameters.runs), parameters.source):
            specs.append(restricted)
    return specs


def get_table_names(campaign):
    """Tables that rest on records and parameters alone."""
    return [spec.table for spec in get_specs(campaign) if not spec.analyses]


def get_corrected_names(campaign):
    """Tables that correct others by what the audit measured; those that only count what it found are not among them."""
    return [spec.table for spec in get_specs(campaign) if spec.analyses and not COUNTING & set(spec.analyses)]


def get_worked_names(campaign):
    """Tables that count worked numbers."""
    return [spec.table for spec in get_specs(campaign) if "worked_numbers" in spec.analyses]


def get_own_names(campaign):
    """All tables of the campaign but the audit's, which is made after them."""
    return get_table_names(campaign) + get_corrected_names(campaign) + get_worked_names(campaign)


def get_table_files(campaign, names):
    """Files of tables, in every format."""
    return [f"reports/{campaign}/tables/{name}.{kind}" for name in names for kind in ("tex", "csv", "json")]


def get_tables(wildcards):
    """Table files of the campaign, corrected ones included."""
    campaign = CONFIG["campaign"]
    return get_table_files(campaign, get_own_names(campaign))


def get_table_data(wildcards):
    """Table data of the campaign in the output's path."""
    return [f"reports/{wildcards.campaign}/tables/{name}.json" for name in get_table_names(wildcards.campaign)]


def get_corrected_data(wildcards):
    """Data of the corrected tables of the campaign in the output's path."""
    return [f"reports/{wildcards.campaign}/tables/{name}.json" for name in get_corrected_names(wildcards.campaign)]


def get_audit(wildcards):
    """Findings, page and summary table of the campaign."""
    campaign = CONFIG["campaign"]
    return [f"analysis/{campaign}/audit/{name}" for name in ("findings.json", "index.html")] + get_table_files(campaign, ["audit"])


def get_track(track):
    """Records of the campaign's runs of one track, and the tables of these runs alone."""
    campaign = CONFIG["campaign"]
    own = [run.run for run in get_campaign_runs(campaign) if run.track == track]
    names = [spec.table for spec in get_specs(campaign) if spec.runs() and set(spec.runs()) <= set(own)]
    return [get_record(campaign, run) for run in own] + get_table_files(campaign, names)


def get_track1(wildcards):
    """All of track 1, and what its tokenizers do to raw text."""
    return get_track(1) + get_fragmentation(wildcards)


def get_track2(wildcards):
    """All of track 2."""
    return get_track(2)


def get_metrics(wildcards):
    """Metrics of the campaign."""
    return f"analysis/{CONFIG['campaign']}/metrics.json"


def get_check(wildcards):
    """Verdicts on the campaign's cells, and their counts."""
    return [f"analysis/{CONFIG['campaign']}/thesis_check.{kind}" for kind in ("csv", "json")]


def get_spec(wildcards):
    """Spec of the table in the output's path, with the rows that the campaign has."""
    path = Path(f"params/tables/{wildcards.table}.yaml")
    spec = load_spec(path)
    campaign = load_campaign(wildcards.campaign)
    restricted = spec.restricted_to(campaign.runs, campaign.source)
    if restricted is None:
        raise UserError(path, "rows", ", ".join(spec.runs()), f"runs of campaign {wildcards.campaign}")
    return restricted


def get_source(wildcards):
    """Where the campaign's records come from."""
    return load_campaign(wildcards.campaign).source


def get_table_records(wildcards):
    """Record files that the table reads."""
    return [get_record(wildcards.campaign, run) for run in get_spec(wildcards).runs()]


def get_table_analyses(wildcards):
    """Results of the audit that the table reads."""
    return [f"analysis/{wildcards.campaign}/audit/{name}.json" for name in get_spec(wildcards).analyses]


def get_guardrail_records(wildcards):
    """Record files of the runs that the corrected guardrails table shows."""
    return [get_record(wildcards.campaign, run) for run in load_spec(Path("params/tables/tab10_corrected.yaml")).runs()]


def get_claims(wildcards):
    """File of what the text about the campaign states; none where there is no text."""
    return load_campaign(wildcards.campaign).claims or []


def get_claims_option(wildcards):
    """The claims as an option of a stage's command line."""
    claims = load_campaign(wildcards.campaign).claims
    return ["--claims", claims] if claims else []


def get_statements(wildcards):
    """Files of what the text states, in words, in tables and in figures that it works out."""
    campaign = load_campaign(wildcards.campaign)
    return [path for path in (campaign.claims, campaign.printed_cells) if path] + get_worked_files(wildcards)


def get_worked_files(wildcards):
    """Files of the figures and equations that the text works out beside its tables."""
    return [str(path) for path in worked_files(load_campaign(wildcards.campaign).worked_numbers)]


def get_registry(wildcards):
    """Registry of the campaign's evidence; none where its runs are trained here."""
    return [] if is_trained_here(wildcards.campaign) else f"data/{wildcards.campaign}/registry.json"


def get_registry_hash(wildcards):
    """Hash of every registered file of the campaign; of one that is trained here, the records stand for them."""
    if is_trained_here(wildcards.campaign):
        return ""
    return sha256_of_json({file: entry.sha256 for file, entry in load_registry(wildcards.campaign).files.items()})


def get_all_parameters_hash(wildcards):
    """Hash of the merged parameters of every run, and of the prices."""
    runs = [run.model_dump(mode="json") for run in get_campaign_runs(wildcards.campaign)]
    return sha256_of_json([runs, {device: price.model_dump() for device, price in load_prices().items()}])


def get_table_inputs(wildcards):
    """Files of parameters or measurements that the table reads."""
    return [TABLE_INPUTS[name].file for name in get_spec(wildcards).inputs]


def get_device(campaign, run):
    """Device that the run's record names; before there is a record, the one that its parameters state."""
    record = Path(get_record(campaign, run))
    ran_on = Document(record, "", read_json(record)).find("$.environment.device") if record.exists() else None
    return ran_on or load_run(campaign, run, get_settings()).hardware.device


def get_table_prices(wildcards):
    """Prices that the table uses, as JSON: those of the devices of its runs (of all runs, where devices are its rows)."""
    spec, prices = get_spec(wildcards), load_prices()
    if not spec.uses_prices() and spec.rows != "devices":
        return "{}"
    runs = load_campaign(wildcards.campaign).runs if spec.rows == "devices" else spec.runs()
    devices = {get_device(wildcards.campaign, run) for run in runs}
    if missing := sorted(devices - prices.keys()):
        raise UserError("params/prices.yaml", missing[0], "no entry", f"a price for every device of table {wildcards.table}")
    return json.dumps({device: price.model_dump(exclude={"source"}) for device, price in prices.items() if device in devices})


def refuse_what_is_not_asked_for(workflow):
    """Stop, before any job, where heavy ones would run that nobody asked for; no parameter of a job, so that asking makes none stale."""
    if CONFIG["heavy"] == "no":
        from stages.planning.heavy import refuse_heavy
        from stages.planning.jobs import jobs_to_run

        refuse_heavy(CONFIG["campaign"], jobs_to_run(workflow.dag), get_settings())


def get_unfinished_outputs(workflow):
    """Outputs of this run's jobs that were not made."""
    return [str(file) for job in workflow.dag.needrun_jobs() for file in job.output]
