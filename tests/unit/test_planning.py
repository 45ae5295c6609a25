"""Plans: estimates against what is known, what is not measured, and what is refused."""

from pathlib import Path

import pytest

from stages.errors import UserError
from stages.files import read_json
from stages.parameters import load_run
from stages.planning.estimates import estimate_job
from stages.planning.heavy import refuse_heavy
from stages.planning.jobs import Job
from stages.planning.measure import Estimate, estimate_of
from stages.planning.page import duration, page
from stages.planning.parameters import plan_parameters
from stages.planning.texts import BENCH
from stages.planning.times import own_seconds
from stages.planning.work import work_of
from stages.record import load_record
from stages.training_parameters import TransformerArchitecture
from stages.tuning_places import System, system_name
from tests.conftest import ROOT, copy_project

TRACK_1 = ["v1", "v2", "v3", "v4_subword", "v4_subword_ep6", "v4k_bf_ep2", "v4k_bf_lstm_ep2", "v5_main", "v5b_long"]
TRACK_1 += ["v6_rc16k_v5b", "v6_rc16k_v5b_aligned"]
GPU = "NVIDIA GeForce RTX 4090"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone's files: records of a demo that was made here would be the nearest."""
    return copy_project(tmp_path_factory.mktemp("project"))


@pytest.fixture(autouse=True)
def in_the_project(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project)


def training(run: str, campaign: str = "thesis") -> Job:
    """Job that trains a run."""
    version = load_run(campaign, run).version
    return Job("train", {"campaign": campaign, "version": version, "run": run}, campaign == "thesis", None)


def estimate(job: Job, *settings: str) -> Estimate:
    found = estimate_job(job, settings)
    assert found
    return found


@pytest.mark.parametrize("run", [*TRACK_1, "cpt", "sft"])
def test_a_training_of_the_published_size_takes_the_hours_of_the_thesis(run: str) -> None:
    found = estimate(training(run))
    record = load_record(Path(found.source))
    assert (record.identity.campaign, record.identity.run) == ("published", run)
    assert found.seconds / 3600 == pytest.approx(record.time.hours, rel=1e-9)
    assert found.low <= found.seconds <= found.high
    assert found.device == record.environment.device and not found.assumptions


def test_epochs_documents_and_widths_scale_it_and_that_is_said() -> None:
    whole, half = estimate(training("v6_rc16k_v5b")), estimate(training("v6_rc16k_v5b"), "v6_rc16k_v5b.training.epochs=12")
    assert half.seconds == pytest.approx(whole.seconds / 2) and "positions" in half.assumptions[0]
    fewer = estimate(training("v6_rc16k_v5b"), "v6_rc16k_v5b.data.documents_train=10000")
    assert fewer.seconds == pytest.approx(whole.seconds / 10)
    wider = estimate(training("v6_rc16k_v5b"), "v6_rc16k_v5b.architecture.model_size=640")
    assert wider.low == whole.low and wider.high == pytest.approx(2.4 * whole.high, rel=0.01), (
        "from positions alone to positions times weights"
    )
    assert wider.seconds == pytest.approx(2.4**0.5 * whole.seconds, rel=0.01)


def test_a_variant_takes_its_base_run_and_the_output_layer_at_each_position() -> None:
    base, variant = estimate(training("v4_subword")), estimate(training("v4_subword_all_positions"))
    assert variant.source == base.source
    assert variant.low == base.seconds < variant.seconds < variant.high


def test_the_weights_at_work_are_those_that_the_record_counts() -> None:
    record = load_record(Path("versions/published/v6-release-candidate/v6_rc16k_v5b/record.json"))
    work, architecture = work_of(record.configuration, like=record.configuration), record.configuration.architecture
    assert work and isinstance(architecture, TransformerArchitecture)
    assert work.weights == architecture.parameter_count


def test_a_record_that_cannot_be_read_is_named_and_left_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "params").symlink_to(ROOT / "params")
    broken = tmp_path / "versions/old/v1-char-rnn/v1/record.json"
    broken.parent.mkdir(parents=True)
    broken.write_text("{}")
    (tmp_path / "versions/published").symlink_to(ROOT / "versions/published")
    monkeypatch.chdir(tmp_path)
    assert estimate(training("v1")).source == "versions/published/v1-char-rnn/v1/record.json"
    assert "left aside for the plan: versions/old/v1-char-rnn/v1/record.json: schema_version" in capsys.readouterr().err


def test_a_gpu_says_nothing_of_a_cpu() -> None:
    cpu = tuple(f"v6_rc16k_v5b.hardware.{key}={value}" for key, value in (("device", "CPU"), ("source", "here")))
    assert estimate_job(training("v6_rc16k_v5b"), cpu) is None


def test_answers_take_half_of_the_published_evaluation_each() -> None:
    evaluation, tuned = load_run("thesis", "extrinsic"), load_run("thesis", "sft")
    record = load_record(Path("versions/published/trilha2-lora/extrinsic/record.json"))
    for adapted in (False, True):
        job = Job("generate", {"campaign": "thesis", "system": system_name(System(evaluation, tuned, adapted))}, True, None)
        assert estimate(job).seconds == pytest.approx((record.time.seconds or 0) / 2)


def test_texts_and_tokens_take_their_documents_at_the_speeds_of_the_benchmarks(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = {"cleaning.one_process": {"value": 20.0}, "tokenising.unigram_in_batches": {"value": 40.0}, "tokenising.bpe_in_batches": {}}
    monkeypatch.setattr("stages.planning.texts._bench", lambda: {"machine": {"cpu": "P", "cores": 2}, "entries": entries})
    text = Job("text", {"campaign": "mine", "text": "train-20000-1f3a9c2e"}, False, None)
    assert estimate(text).seconds == pytest.approx(43.364793 / 20), "the characters of v2's 20,000 documents"
    tokens = {"campaign": "mine", "text": "train-40000-1f3a9c2e"}
    unigram = Job("tokens", tokens | {"tokenizer": "unigram-16000-5c0d1e2f"}, False, None)
    assert estimate(unigram).seconds == pytest.approx(2 * 43.364793 / 40) and estimate(unigram).device == "P, 2 cores"
    for kind in ("bpe-4000-5c0d1e2f", "byte_bpe-800-5c0d1e2f"):
        assert estimate_job(Job("tokens", tokens | {"tokenizer": kind}, False, None)) is None


def test_the_speeds_that_it_names_are_measured() -> None:
    texts = plan_parameters().texts
    names = {texts.cleaning, *texts.encoding.values()}
    assert {name.partition(".")[0] for name in names} <= {path.stem for path in Path("bench").glob("*.py")}
    if BENCH.exists():
        assert names <= read_json(BENCH)["entries"].keys()


def test_what_this_machine_measured_comes_first(tmp_path: Path) -> None:
    file = tmp_path / "corpus.tsv"
    file.write_text("s\th:m:s\tmax_rss\n2.0\t0:00:02\t1\n4.0\t0:00:04\t1\n")
    found = estimate(Job("corpus", {"campaign": "mine"}, False, file))
    assert (found.seconds, found.source) == (3.0, str(file))


@pytest.mark.parametrize("content", ["s\th:m:s\nabc\t0\n", "h:m:s\n0\n", ""])
def test_a_damaged_benchmark_file_is_named(tmp_path: Path, content: str) -> None:
    file = tmp_path / "corpus.tsv"
    file.write_text(content)
    with pytest.raises(UserError, match=r"corpus.tsv: s: found no number of seconds"):
        own_seconds(Job("corpus", {"campaign": "mine"}, False, file))


def test_what_was_never_measured_is_said_and_the_sum_is_at_least() -> None:
    known, unknown = training("v6_rc16k_v5b"), Job("corpus", {"campaign": "thesis"}, False, None)
    text = "\n".join(page("thesis", GPU, [(known, estimate(known)), (unknown, estimate_job(unknown))]))
    assert "corpus                 1  not measured" in text and "Not measured: corpus." in text
    assert "at least 13.32 h, 3.99 USD, kWh not measured (13.29 h to 13.42 h)" in text
    alone = "\n".join(page("thesis", GPU, [(unknown, None)]))
    assert "not measured hours, dollars not measured, kWh not measured." in alone and "0.0" not in alone


def test_hours_of_another_device_are_marked() -> None:
    job = training("v1")
    text = "\n".join(page("thesis", GPU, [(job, estimate(job))]))
    assert "NVIDIA GeForce RTX 3080 *" in text and f"on {GPU} not measured" in text


def test_durations_are_short_to_read() -> None:
    assert [duration(seconds) for seconds in (0.44, 119, 7199, 7200)] == ["0.4 s", "119.0 s", "120.0 min", "2.00 h"]


def test_heavy_jobs_are_refused_with_what_they_cost_and_how_to_ask() -> None:
    light = Job("corpus", {"campaign": "thesis"}, False, None)
    with pytest.raises(UserError) as refused:
        refuse_heavy("thesis", [light, training("v6_rc16k_v5b")])
    assert "found 1 jobs that need a GPU or more than 1 h each (13.32 h, 3.99 USD)" in str(refused.value)
    assert "--config campaign=thesis heavy=yes" in str(refused.value)
    refuse_heavy("thesis", [light])


def test_an_hour_on_a_cpu_is_heavy_too(tmp_path: Path) -> None:
    slow, quick = (Job("windows", {"campaign": "mine", "run": "v1"}, False, tmp_path / name) for name in ("slow.tsv", "quick.tsv"))
    (tmp_path / "slow.tsv").write_text("s\n3700\n")
    (tmp_path / "quick.tsv").write_text("s\n3500\n")
    refuse_heavy("mine", [quick])
    with pytest.raises(UserError, match=r"1 jobs .* \(61.7 min, dollars not measured\)"):
        refuse_heavy("mine", [quick, slow])


def test_energy_scales_with_the_work() -> None:
    measured = Estimate(10.0, 9.0, 11.0, GPU, "a record", 0.5)
    assert measured.times(2.0, "said") == Estimate(20.0, 18.0, 22.0, GPU, "a record", 1.0, ("said",))
    assert estimate_of(1.0, GPU, "a file").times(2.0).kilowatt_hours is None
