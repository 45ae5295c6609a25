"""Track 1 as its users run it: from text to audited tables, the same bytes again, and only what a change touches."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from stages.files import read_json
from tests.conftest import copy_project, files_below, run_in, snakemake

TINY = ("--config", "campaign=tiny")
RESULTS = ("weights.safetensors", "training.json", "samples.json", "manifest.json")
"""What a run leaves that does not depend on the clock."""


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project with the campaign ``tiny``, trained and audited."""
    folder = copy_project(tmp_path_factory.mktemp("track1") / "project")
    snakemake(folder, "track1", "audit", *TINY)
    return folder


def planned(folder: Path, *arguments: str) -> list[str]:
    """What a dry run says of each job that it would run."""
    return re.findall(r"^Job \d+: (.+)$", snakemake(folder, "-n", *arguments), re.MULTILINE)


def tables(folder: Path, campaign: str) -> Iterator[tuple[str, dict[str, dict[str, str]]]]:
    """Every table with what its cells print in English, by row and column."""
    for path in sorted((folder / "reports" / campaign / "tables").glob("*.json")):
        rows = read_json(path)["rows"]
        yield path.stem, {row["id"]: {name: cell["printed"]["en"] for name, cell in row["cells"].items()} for row in rows}


def test_every_table_of_track_1_comes_out_with_all_its_runs(tiny: Path) -> None:
    found = dict(tables(tiny, "tiny"))
    assert {"tab01", "tab02", "tab03", "tab07", "tab08", "tab09", "tab10", "tokens", "comparable", "objectives"} <= found.keys()
    eleven = {"v1", "v2", "v3", "v4_subword", "v4_subword_ep6", "v4k_bf_ep2", "v4k_bf_lstm_ep2"}
    eleven |= {"v5_main", "v5b_long", "v6_rc16k_v5b", "v6_rc16k_v5b_aligned"}
    assert set(found["tab01"]) == set(found["tab03"]) == set(found["comparable"]) == eleven
    assert set(found["tab07"]) == {"v1", "v2", "v3"}
    assert {"v1", "v1_all_positions"} <= set(found["objectives"])
    measured = [cell for name in ("tab01", "tab07", "tab08", "tab09") for row in found[name].values() for cell in row.values()]
    assert "not measured" not in " ".join(measured)
    assert {row["cost"] for row in found["tab03"].values()} == {"not measured"}  # nobody rents a machine of one's own


def test_every_run_learns_more_than_nothing(tiny: Path) -> None:
    for record in (tiny / "versions/tiny").glob("*/*/record.json"):
        held_out = read_json(record)["results"]["held_out"]
        assert held_out["loss_nats"] < held_out["uniform_loss_nats"], record


def test_the_audit_reads_it_all_and_stays_silent(tiny: Path) -> None:
    result = read_json(tiny / "analysis/tiny/audit/findings.json")
    assert [finding for finding in result["findings"] if finding["severity"] != "note"] == []
    assert result["summary"]["evidence_files"] > 60


def test_an_altered_result_is_found(tiny: Path, tmp_path: Path) -> None:
    target = tiny / "versions/tiny/v2-char-lm/v2/training.json"
    before = target.read_text()
    value = json.loads(before)
    value["history"][-1]["val_loss"] *= 0.9
    target.write_text(json.dumps(value))
    done = run_in(tiny, "python", "-m", "stages.audit.make", "--campaign", "tiny", *findings_to(tmp_path))
    gate = run_in(tiny, "python", "-m", "stages.audit.gate", "report", "--campaign", "tiny")
    evaluated = run_in(tiny, "python", "-m", "stages.sample", "--run", "v2", *sampled_from("v2-char-lm/v2", tmp_path))
    target.write_text(before)
    assert done.returncode == 0, done.stderr
    assert gate.returncode == 3 and "training.json is not what" in gate.stdout
    assert evaluated.returncode == 1 and "training.json: sha256: found" in evaluated.stderr  # nothing is made from it
    found = read_json(tmp_path / "findings.json")["findings"]
    assert {"integrity.records", "integrity.sources"} <= {finding["rule"] for finding in found}


def sampled_from(run: str, folder: Path) -> tuple[str, ...]:
    weights = f"versions/tiny/{run}"
    return (
        "--weights",
        weights,
        "--tokenizer",
        weights,
        "--parameters",
        '{"prompts": ["o"], "seeds": [1], "temperature": 1, "maximum_new_tokens": 1}',
        "--output",
        str(folder / "s"),
    )


def findings_to(folder: Path) -> tuple[str, ...]:
    return "--findings", str(folder / "findings.json"), "--page", str(folder / "page.html")


def test_a_second_call_has_nothing_to_do(tiny: Path) -> None:
    assert planned(tiny, "track1", "audit", *TINY) == []


def test_a_run_trained_again_has_the_same_bytes(tiny: Path) -> None:
    folder = tiny / "versions/tiny/v6-release-candidate/v6_rc16k_v5b"
    before = {name: (folder / name).read_bytes() for name in RESULTS}
    snakemake(tiny, *(str((folder / name).relative_to(tiny)) for name in RESULTS), "--forcerun", "train", "sample", *TINY)
    assert {name: (folder / name).read_bytes() for name in RESULTS} == before


def test_a_vocabulary_replans_its_own_run_and_no_other(tiny: Path) -> None:
    jobs = planned(tiny, "track1", "--config", "campaign=tiny", "set=v6_rc16k_v5b.tokenizer.vocabulary_requested=380")
    assert {match[1] for job in jobs if (match := re.search(r"\brun (\w+)", job))} == {"v6_rc16k_v5b"}
    tokenizers = [job for job in jobs if "tokenizer" in job]
    assert tokenizers and all("tokenizer unigram-380-" in job for job in tokenizers)
    assert not any(job.startswith(("Gathering", "Cleaning")) for job in jobs)
    expected = ["Training", "Drawing texts", "Checking the token shapes", "Evaluating", "Recording"]
    assert all(sum(job.startswith(words) for job in jobs) == 1 for words in expected)


def test_how_samples_are_drawn_retrains_nothing(tiny: Path) -> None:
    jobs = planned(tiny, "track1", "--config", "campaign=tiny", "set=v5_main.sampling.temperature=0.5")
    assert "Drawing texts from run v5_main" in jobs
    assert not any(job.startswith(("Training", "Encoding", "Evaluating")) for job in jobs)


def test_why_leads_from_a_cell_to_the_training(tiny: Path) -> None:
    done = run_in(tiny, "python", "-m", "stages.why", "tab07", "loss.v2", "--campaign", "tiny")
    assert done.returncode == 0, done.stderr
    for words in ("analysis/tiny/windows/v2.json", "the bytes here have it", "rule train", "rule tokens", "rule corpus"):
        assert words in done.stdout


def test_published_files_stay_as_they_are(tiny: Path) -> None:
    committed = files_below(copy_project(tiny.parent / "fresh"), "versions/published", "reports/published")
    assert files_below(tiny, "versions/published", "reports/published") == committed


CANARIM = """\
campaign: canarim
source: training
corpus: {{source: local, path: {path}, fields: [instruction, input, output], licence: CC BY-NC 4.0}}
runs: [v2, v5_main]
threads: 1
defaults:
  seed: 42
  evaluation:
    held_out:
      documents: 40
      minimum_characters: 200
      cleaning:
        {{lowercase: true, normalize_numbers: true, drop_uppercase_lines: true, minimum_line_characters: 40, minimum_alphabetic_ratio: 0.4}}
      maximum_windows: 500
  sampling: {{prompts: ["o brasil tem"], seeds: [1]}}
overrides:
  all:
    hardware: {{device: CPU, source: this machine}}
    data: {{documents_train: 300, documents_validation: 40, sequence_length: 32, stride: 8}}
    sampling: {{maximum_new_tokens: 20, minimum_new_tokens: 0}}
    training: {{epochs: 1, batch_size: 32}}
  v2:
    architecture: {{embedding_size: 16, hidden_size: 32}}
    evaluation: {{windowed: {{documents: 60, maximum_windows: 300}}}}
  v5_main:
    architecture: {{model_size: 32, layers: 1, heads: 2, feed_forward_size: 64}}
    tokenizer: {{vocabulary_requested: 600, training: {{documents: 300}}}}
    training: {{learning_rate: 0.003, warmup_steps: 10, schedule_steps: null}}
"""


@pytest.mark.evidence
def test_real_text_from_a_local_file_to_audited_records(project: Path, evidence: Path) -> None:
    [path] = evidence.rglob("canarim_sft_10k_train.jsonl")
    (project / "params/campaigns/canarim.yaml").write_text(CANARIM.format(path=path))
    snakemake(project, "track1", "audit", "--config", "campaign=canarim")
    for record in (project / "versions/canarim").glob("*/*/record.json"):
        held_out = read_json(record)["results"]["held_out"]
        assert held_out["loss_nats"] < held_out["unigram_loss_nats"] < held_out["uniform_loss_nats"]
    findings = read_json(project / "analysis/canarim/audit/findings.json")["findings"]
    assert [finding for finding in findings if finding["severity"] != "note"] == []
    written = b"".join(files_below(project, "versions/canarim", "data/canarim").values())
    assert str(evidence).encode() not in written  # no place of this machine in what is kept
