import shutil
from pathlib import Path

import pytest

from stages.errors import UserError
from stages.parameter_models import Configuration
from stages.parameters import known_runs, load_campaign, load_prices, load_run, merge, read_run_file
from stages.record import load_record
from stages.schemas import schemas
from stages.table import load_spec
from stages.yaml_files import read_yaml
from tests.conftest import ROOT


@pytest.fixture
def params(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small set of parameters in a folder of its own."""
    (tmp_path / "params/campaigns").mkdir(parents=True)
    (tmp_path / "params/runs").mkdir()
    (tmp_path / "params/campaigns/c.yaml").write_text("campaign: c\nsource: evidence\nruns: [r]\ndefaults: {seed: 1, title: below}\n")
    (tmp_path / "params/runs/r.yaml").write_text("run: r\nversion: v\ntrack: 1\ntitle: own\nhardware: {device: cpu, source: here}\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "params"


def test_run_overrides_campaign_and_command_line_overrides_both(params: Path) -> None:
    assert load_run("c", "r").model_dump(include={"seed", "title"}) == {"seed": 1, "title": "own"}
    assert load_run("c", "r", ["r.seed=7"]).seed == 7


def test_processes_are_a_parameter_only_of_a_run_that_several_share(params: Path) -> None:
    assert load_run("c", "r").model_dump(mode="json")["hardware"] == {"device": "cpu", "source": "here"}
    assert load_run("c", "r", ["r.hardware.processes=2"]).model_dump(mode="json")["hardware"]["processes"] == 2
    with pytest.raises(UserError, match="hardware.processes: found 0"):
        load_run("c", "r", ["r.hardware.processes=0"])


def test_lists_and_scalars_are_replaced_mappings_merged() -> None:
    assert merge({"a": {"x": 1, "y": [1, 2]}}, {"a": {"y": [3]}, "b": 2}) == {"a": {"x": 1, "y": [3]}, "b": 2}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (["r.sead=1"], "--config set: sead: found unknown key 'sead', expected one of: .*Did you mean 'seed'"),
        (["r.seed=many"], "--config set: seed: found 'many' .str., expected input should be a valid integer"),
        (["r.seed=[1"], "--config set: r.seed: found invalid YAML"),
        (["x.seed=1"], "--config set: x.seed=1: found 'x.seed=1', expected RUN.KEY=VALUE"),
    ],
)
def test_bad_settings_name_the_command_line(params: Path, settings: list[str], message: str) -> None:
    with pytest.raises(UserError, match=message):
        load_run("c", "r", settings)


def test_bad_keys_name_the_file_that_holds_them(params: Path) -> None:
    (params / "runs/r.yaml").write_text((params / "runs/r.yaml").read_text() + "colour: red\n")
    with pytest.raises(UserError, match="params/runs/r.yaml: colour: found unknown key 'colour'"):
        load_run("c", "r")
    (params / "campaigns/c.yaml").write_text("campaign: c\nsource: evidence\nruns: [r]\ndefaults: {seed: one}\n")
    (params / "runs/r.yaml").write_text("run: r\nversion: v\ntrack: 1\ntitle: own\nhardware: {device: cpu, source: here}\n")
    with pytest.raises(UserError, match="params/campaigns/c.yaml: defaults: seed: found 'one'"):
        load_run("c", "r")


def test_a_missing_key_names_the_run_file(params: Path) -> None:
    (params / "runs/r.yaml").write_text("run: r\nversion: v\ntrack: 1\ntitle: own\n")
    with pytest.raises(UserError, match="params/runs/r.yaml: hardware: found nothing"):
        load_run("c", "r")


def test_a_mistyped_required_key_is_named_not_called_missing(params: Path) -> None:
    (params / "runs/r.yaml").write_text("run: r\nversion: v\ntrakc: 1\ntitle: own\nhardware: {device: cpu, source: here}\n")
    with pytest.raises(UserError, match="params/runs/r.yaml: trakc: found unknown key 'trakc'.*Did you mean 'track'"):
        load_run("c", "r")


def test_a_file_is_of_the_run_that_it_names(params: Path) -> None:
    (params / "runs/r.yaml").write_text("run: s\nversion: v\ntrack: 1\ntitle: own\nhardware: {device: cpu, source: here}\n")
    with pytest.raises(UserError, match="params/runs/r.yaml: run: found 's', expected 'r'"):
        load_run("c", "r")
    (params / "campaigns/c.yaml").write_text("campaign: d\nsource: evidence\nruns: [r]\n")
    with pytest.raises(UserError, match="params/campaigns/c.yaml: campaign: found 'd', expected 'c'"):
        load_campaign("c")


def test_an_unknown_campaign_lists_those_there_are(params: Path) -> None:
    with pytest.raises(UserError, match=r"params/campaigns/x.yaml: found no such file, expected one of: c"):
        load_campaign("x")


def test_a_key_given_twice_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text("seed: 1\nseed: 2\n")
    with pytest.raises(UserError, match="key 'seed' given twice"):
        read_yaml(tmp_path / "p.yaml")


def test_text_that_reads_as_a_number_is_one(params: Path) -> None:
    (params.parent / "params/prices.yaml").write_text("cpu: {name: cpu, usd_per_hour: 1e-3, source: here}\n")
    assert load_prices()["cpu"].usd_per_hour == 0.001


def test_all_of_our_parameters_are_valid(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert {load_run("published", run).run for run in load_campaign("published").runs} == {
        run for run in known_runs() if read_run_file(run).get("evidence")
    }
    devices = {load_run("published", run).hardware.device for run in known_runs()}
    assert devices <= load_prices().keys()
    for spec in Path("params/tables").glob("*.yaml"):
        assert load_spec(spec).table == spec.stem


def test_what_the_logs_state_is_what_our_run_files_say(monkeypatch: pytest.MonkeyPatch) -> None:
    """A record's configuration is the run file's, overridden by the log; for the published campaign nothing is overridden."""
    monkeypatch.chdir(ROOT)
    records = [load_record(path) for path in Path("versions/published").glob("*/*/record.json")]
    assert len(records) == 14
    for record in records:
        stated = load_run("published", record.identity.run)
        assert record.configuration.model_dump() == {name: stated.model_dump()[name] for name in Configuration.model_fields}


def test_schemas_are_in_step_with_the_models(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    for path, text in schemas().items():
        assert path.read_text() == text, f"{path} lags behind its model: run 'make schemas'"


TRAINED = """
campaign: c
source: training
corpus: {source: demo, documents: 5, seed: 1}
runs: [v2]
defaults: {seed: 1, evaluation: {batch_size: 8}}
overrides: {v2: %s}
"""


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ("{tokenizer: null}", "params/runs/v2.yaml: tokenizer: found nothing, expected what a run needs that is made here"),
        ("{data: {documents_train: 0}}", "params/runs/v2.yaml: data: found no documents_train"),
        (
            "{training: {clip_norm: -1}}",
            "c.yaml: overrides: training.clip_norm: found -1 .int., expected input should be greater",
        ),
        ("{training: {beta1: 1.0}}", "training.beta1: found 1.0 .float., expected input should be less than 1"),
        ("{architecture: {dropout_input: 1.0}}", "architecture.dropout_input: found 1.0"),
        ("{seed: -1}", "overrides: seed: found -1 .int., expected input should be greater"),
    ],
)
def test_what_cannot_be_trained_is_said_before_anything_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, overrides: str, message: str
) -> None:
    (tmp_path / "params/campaigns").mkdir(parents=True)
    shutil.copytree(ROOT / "params/runs", tmp_path / "params/runs")
    (tmp_path / "params/campaigns/c.yaml").write_text(TRAINED % overrides)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=message):
        load_run("c", "v2")


def test_heads_must_divide_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    with pytest.raises(UserError, match="3 heads cannot share a model size of 64 equally"):
        load_run("demo", "v5_main", ["v5_main.architecture.heads=3"])


TUNED = """
campaign: c
source: training
corpus: {source: demo, documents: 5, seed: 1}
instructions: {source: demo, examples: 9, seed: 1}
runs: [base, cpt, sft, extrinsic, safety]
defaults: {seed: 1}
overrides: {cpt: {architecture: {base_model: base}}, sft: {architecture: {base_model: base}}}
"""


def tuned(folder: Path, monkeypatch: pytest.MonkeyPatch, old: str = "", new: str = "") -> None:
    """A project with a campaign of track 2, in whose text ``new`` takes the place of ``old``."""
    (folder / "params/campaigns").mkdir(parents=True)
    shutil.copytree(ROOT / "params/runs", folder / "params/runs")
    (folder / "params/campaigns/c.yaml").write_text(TUNED.replace(old, new) if old else TUNED)
    monkeypatch.chdir(folder)


def test_an_evaluation_is_of_the_model_that_its_run_is_tuned_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tuned(tmp_path, monkeypatch)
    assert load_run("c", "extrinsic").extrinsic.base_model == "base"  # type: ignore[union-attr]
    sft = load_run("c", "sft")
    assert sft.training and sft.training.save_every_steps is None  # checkpoints go by the clock
    assert sft.data and sft.data.dataset == "demo"


def test_base_answers_belong_to_the_first_evaluation_that_has_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tuned(tmp_path, monkeypatch, "sft, extrinsic,", "sft, sft_isolated, extrinsic, extrinsic_isolated,")

    def first(run: str, *settings: str) -> dict[str, str]:
        evidence = load_run("c", run, settings).evidence
        assert evidence
        return evidence.keys

    assert first("extrinsic") == {} and first("extrinsic_isolated") == {"base_answers": "extrinsic"}
    assert first("extrinsic_isolated", "extrinsic_isolated.extrinsic.batch_size=2") == {}, "they are made anew"
    assert first("extrinsic_isolated", "extrinsic.extrinsic.batch_size=2") == {"base_answers": "extrinsic"}
    campaign = tmp_path / "params/campaigns/c.yaml"
    campaign.write_text(campaign.read_text().replace("extrinsic, ", ""))
    assert first("extrinsic_isolated") == {}, "or no one would count them"


@pytest.mark.parametrize(
    ("run", "change", "message"),
    [
        ("sft", ("instructions:", "#"), "c.yaml: instructions: found nothing, expected what is tuned on"),
        (
            "cpt",
            ("[base, cpt", "[cpt"),
            "c.yaml: cpt: architecture.base_model: found 'base', expected another run of the campaign, or owner",
        ),
        (
            "cpt",
            ("cpt: {architecture: {base_model: base}}", "cpt: {architecture: {base_model: sft}}"),
            "architecture.base_model: found sft, of family qlora, expected a run that trains a model of family llama",
        ),
        ("extrinsic", ("cpt, sft,", "cpt,"), "c.yaml: extrinsic: extrinsic.adapter_run: found 'sft', expected another run of the campaign"),
        ("safety", ("extrinsic, ", ""), "c.yaml: safety: probes.evaluation_run: found 'extrinsic', expected another run"),
        (
            "extrinsic",
            ("overrides: {", "overrides: {extrinsic: {extrinsic: {adapter_run: cpt}}, "),
            "extrinsic.adapter_run: found cpt, expected a run that is tuned on instructions",
        ),
        (
            "sft",
            ("sft: {architecture: {base_model: base}}", "sft: {architecture: {adapter_run: cpt}}"),
            "architecture.adapter_run: found cpt, of base, expected an adapter of meta-llama/Llama-3.1-8B-Instruct",
        ),
        (
            "sft",
            ("sft: {architecture: {base_model: base}}", "sft: {architecture: {base_model: cpt}}"),
            "architecture.base_model: found cpt, of family qlora, expected a run that trains a model of family llama",
        ),
        (
            "sft",
            ("base_model: base}", "base_model: base, adapter_run: extrinsic}"),
            "architecture.adapter_run: found extrinsic, of None, expected an adapter of base",
        ),
        (
            "sft",
            (
                "{base_model: base}}, sft: {architecture: {base_model: base}",
                "{base_model: base, adapter_run: sft}}, sft: {architecture: {base_model: base, adapter_run: cpt}",
            ),
            "architecture.adapter_run: found sft from cpt from sft, expected an adapter that is there before",
        ),
        (
            "extrinsic",
            ("overrides: {", "overrides: {extrinsic: {extrinsic: {normaliser: mine}}, "),
            "extrinsic.yaml: extrinsic.normaliser: found 'mine', expected one of: strict, case-accents",
        ),
        (
            "extrinsic",
            ("overrides: {", "overrides: {extrinsic: {extrinsic: {tasks: {translation: [em]}}}, "),
            "extrinsic.yaml: extrinsic.tasks: found 'translation', expected one of: qa",
        ),
        (
            "extrinsic",
            ("overrides: {", "overrides: {extrinsic: {extrinsic: {seeds: [1, 1]}}, "),
            r"c.yaml: overrides: extrinsic.seeds: found \[1, 1\] .list., expected value error, each may be given once",
        ),
        (
            "extrinsic",
            ("overrides: {", "overrides: {extrinsic: {extrinsic: {examples_per_task: 0}}, "),
            "c.yaml: overrides: extrinsic.examples_per_task: found 0",
        ),
        (
            "sft",
            ("base_model: base}}}", "base_model: base}, data: {documents_validation: 0}}}"),
            "sft.yaml: data: found no documents_train, or",
        ),
    ],
)
def test_what_cannot_be_tuned_is_said_before_anything_runs(
    run: str, change: tuple[str, str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tuned(tmp_path, monkeypatch, *change)
    with pytest.raises(UserError, match=message):
        load_run("c", run)
