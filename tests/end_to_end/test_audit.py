"""The audit of the published campaign, of a sound one, and of altered copies of the evidence."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import stages.audit.families  # noqa: F401  (registers every rule)
from stages.audit.campaign import Campaign, EvidenceAsFound
from stages.audit.finding import Finding
from stages.audit.rules import RULES, run_rules
from stages.parameters import load_campaign, load_prices, load_run
from stages.registry import load_registry
from tests.audit.sound import inside
from tests.conftest import ROOT, run_in, snakemake

TRACK2 = "versions/trilha2-lora/analysis"
V2 = "versions/v2-char-lm/logs/train_brwac_v2_20k.json"
V6 = "versions/v6-release-candidate"


def published() -> dict[str, Any]:
    content: dict[str, Any] = json.loads((ROOT / "analysis/published/audit/findings.json").read_text())
    return content


@pytest.mark.parametrize(
    ("rule", "subject", "says"),
    [
        pytest.param("samples.uniform", "samples_v5_main.json", "5 of 5", id="A: v5 samples are uniform draws"),
        pytest.param("samples.uniform", "samples_v6_rc16k_v5b_TOPK_BUG.json", "5 of 5", id="A: and those of a v6 sampler"),
        pytest.param("samples.same_text", "v5_brwac_transformer_main", "35 samples", id="A: one text for several models"),
        pytest.param("outputs.residue", "extrinsic base", "442 of 600; seed 456: 445 of 600; seed 789: 448", id="B: prompts in outputs"),
        pytest.param("outputs.residue", "extrinsic sft", "qa em 0.090 → 0.257", id="C: scores without them"),
        pytest.param("metrics.normaliser", "extrinsic", "thesis-as-run", id="D: another normaliser"),
        pytest.param("identity.tokenizer", "v5b_long", "unigram_40k", id="E: a row of another model"),
        pytest.param("metrics.smoothed_loss", "v5_main", "perplexity 38.9", id="F: a smoothed loss as perplexity"),
        pytest.param("counting.vocabulary", "unigram_12k/spm_v5b.model", "11,294", id="G: 12,000 pieces asked for"),
        pytest.param("counting.vocabulary", "unigram_16k/spm_v6.model", "14,500", id="G: 16,000 pieces asked for"),
        pytest.param("counting.divergence", "v4_subword_ep6", "4.9774", id="H: a run that diverged"),
        pytest.param("counting.split", "cpt", "95/5", id="I: another split than stated"),
        pytest.param("identity.quotations", "samples_brwac_custom_prompts_utf8.json", "8 differ", id="quotations"),
        pytest.param("identity.uncounted", "trainings", "33.93 h", id="trainings in no table"),
        pytest.param("counting.padding", "train_sft_qlora.json", "at most 7,112,706", id="padding counted as tokens"),
        pytest.param("counting.overlap", "tab07", "160", id="overlap counted as tokens"),
        pytest.param("metrics.bits_per_character", "tab08", "1.803", id="bits per character turn Table 8 around"),
        pytest.param("outputs.token_limit", "extrinsic qa base", "23,314", id="more tokens than the limit allows"),
    ],
)
def test_a_known_fault_of_the_published_campaign_is_found_by_rule(rule: str, subject: str, says: str) -> None:
    found = [f for f in published()["findings"] if f["rule"] == rule and subject in f["subject"] and f["severity"] != "note"]
    assert found, f"{rule} says nothing of {subject}"
    assert any(says in " ".join([f["message"], f["stated"], f["recomputed"], f["effect"]]) for f in found), found


def test_the_main_result_is_told_to_rest_on_faulty_outputs() -> None:
    cells = {cell for f in published()["findings"] if f["rule"] == "outputs.residue" for cell in f["cells"]}
    assert {f"tab13 {column}.{row}" for column in ("base", "sft", "gain") for row in ("qa.em", "rewriting.rouge_l")} <= cells


def test_every_printed_cell_has_a_verdict() -> None:
    cells = published()["summary"]["cells"]
    assert cells["printed"] == 327
    assert (cells["confirmed"], cells["rounding"], cells["different"], cells["not_made"]) == (316, 4, 7, 0)


def test_every_rule_says_what_it_proves_and_cannot() -> None:
    for rule in published()["rules"]:
        assert rule["title"] and rule["proves"] and rule["cannot"]
    assert {rule["id"] for rule in published()["rules"]} == set(RULES)


def test_what_is_committed_is_accepted(project: Path) -> None:
    done = run_in(project, "python", "-m", "stages.audit.gate", "report")
    assert done.returncode == 0, done.stdout
    assert "0 changed since, 0 new" in done.stdout


def test_a_finding_that_nobody_accepted_fails(project: Path) -> None:
    (project / "params/audit/published.yaml").unlink()
    done = run_in(project, "python", "-m", "stages.audit.gate", "report")
    assert done.returncode == 3
    assert "new error: outputs.residue:extrinsic-sft" in done.stdout
    again = run_in(project, "python", "-m", "stages.audit.gate", "accept", "outputs.residue", "--by", "A. Uditor", "--why", "known")
    assert again.returncode == 0, again.stderr
    done = run_in(project, "python", "-m", "stages.audit.gate", "report")
    assert done.returncode == 3
    assert "outputs.residue" not in done.stdout


def test_without_an_audit_there_is_nothing_to_report(project: Path) -> None:
    (project / "analysis/published/audit/findings.json").unlink()
    done = run_in(project, "python", "-m", "stages.audit.gate", "report")
    assert done.returncode == 1
    assert "no such file" in done.stderr


def test_a_store_that_is_none_is_named(project: Path) -> None:
    (project / ".mlflow").mkdir()
    (project / ".mlflow/lastro.db").write_bytes(bytes(range(256)) * 40)
    done = run_in(project, "python", "-m", "stages.audit.gate", "report")
    assert done.returncode == 1
    assert "no MLflow store" in done.stderr
    assert "Traceback" not in done.stderr.split("error: ")[-1]


def test_a_sound_campaign_through_the_whole_workflow(project: Path, template: Path) -> None:
    """Import, tables, corrected tables, audit, gate: no error, no warning, exit status 0."""
    for spec in (project / "params/tables").glob("*.yaml"):
        if spec.stem not in ("audit", "tab13_corrected"):  # the thesis's tables want the thesis's seeds
            spec.unlink()
    for folder in ("params/runs", "params/campaigns", "params/tables", "data"):
        shutil.copytree(template / folder, project / folder, dirs_exist_ok=True)
    snakemake(project, "records", "tables", "audit", "--config", "campaign=sound")
    findings = json.loads((project / "analysis/sound/audit/findings.json").read_text())
    assert [f["id"] for f in findings["findings"] if f["severity"] != "note"] == []
    assert findings["summary"]["cells"]["confirmed"] == findings["summary"]["cells"]["printed"]
    done = run_in(project, "python", "-m", "stages.audit.gate", "report", "--campaign", "sound")
    assert done.returncode == 0, done.stdout
    assert "nothing to be done" in snakemake(project, "-n", "records", "tables", "audit", "--config", "campaign=sound").lower()
    for file in ("reports/sound/tables/tab13_corrected.tex", "analysis/sound/audit/corrected_scores.json"):
        kept = (project / file).read_text()
        (project / file).write_text(kept.replace("0", "1", 3))
        with inside(project):
            campaign = Campaign.load("sound", load_registry("sound"), load_prices())
            assert run_rules(campaign, [RULES["integrity.corrected"]]), f"{file} was edited by hand"
        (project / file).write_text(kept)


@pytest.fixture
def altered(tmp_path: Path, evidence: Path) -> Path:
    """A copy of the evidence that a test may alter."""
    folder = tmp_path / "evidence"
    shutil.copytree(evidence, folder, copy_function=shutil.copyfile)
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
    return folder


def audit(root: Path, *rules: str) -> list[Finding]:
    """Findings of the rules on the evidence in ``root`` that the published audit does not have as they are."""
    known = {f["id"]: f["fingerprint"] for f in published()["findings"]}
    with inside(ROOT):
        runs = {run: load_run("published", run) for run in load_campaign("published").runs}
        campaign = Campaign(load_campaign("published"), runs, EvidenceAsFound(load_registry("published"), root), load_prices())
        found = run_rules(campaign, [RULES[name] for name in rules])
    return [finding for finding in found if known.get(finding.id) != finding.fingerprint and finding.severity != "note"]


def edit(file: Path, change: Callable[[str], str]) -> None:
    before = file.read_text()
    after = change(before)
    assert after != before
    file.write_text(after)


@pytest.mark.evidence
def test_a_changed_digit_in_one_log(altered: Path) -> None:
    edit(altered / "versions/v5-transformer/logs/train_v5_main.json", lambda text: text.replace("3.8918025493621826", "3.8928025493621826"))
    found = {finding.rule for finding in audit(altered, "integrity.bytes", "recompute.copies", "recompute.perplexity")}
    assert found == {"integrity.bytes", "recompute.copies", "recompute.perplexity"}


@pytest.mark.evidence
def test_swapped_files(altered: Path) -> None:
    first, second = (altered / V6 / f"analysis/guardrails_{name}.json" for name in ("v6_rc16k_v5b", "v6_rc16k_v5b_aligned"))
    content = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(content)
    assert audit(altered, "integrity.records")
    assert audit(altered, "identity.models"), "and by what the files say themselves"


@pytest.mark.evidence
def test_shifted_epochs(altered: Path) -> None:
    def shift(text: str) -> str:
        head, *rows = text.splitlines()
        return "\n".join([head, *(re.sub(r"^\d+", str(epoch), row) for epoch, row in enumerate([*rows[1:], rows[0]]))]) + "\n"

    edit(altered / V6 / "logs/history_v6_rc16k_v5b.csv", shift)
    assert any(finding.subject.endswith("shift") for finding in audit(altered, "recompute.copies"))


@pytest.mark.evidence
@pytest.mark.parametrize(
    "change", [pytest.param(lambda rows: [*rows, rows[9]], id="duplicated"), pytest.param(lambda rows: rows[:9] + rows[10:], id="dropped")]
)
def test_a_row_duplicated_or_dropped(altered: Path, change: Callable[[list[str]], list[str]]) -> None:
    edit(altered / TRACK2 / "eval_trilha2_extrinsic_details_seed456.jsonl", lambda text: "\n".join(change(text.splitlines())) + "\n")
    assert {finding.rule for finding in audit(altered, "outputs.rows", "recompute.scores")} == {"outputs.rows", "recompute.scores"}


@pytest.mark.evidence
def test_a_swapped_tokenizer(altered: Path) -> None:
    shutil.copyfile(altered / V6 / "tokenizers/unigram_12k/spm_v6.model", altered / V6 / "tokenizers/unigram_16k/spm_v6.model")
    assert {finding.rule for finding in audit(altered, "identity.tokenizer", "recompute.guardrails")} == {
        "identity.tokenizer",
        "recompute.guardrails",
    }


@pytest.mark.evidence
def test_inflated_counts(altered: Path) -> None:
    edit(altered / "versions/trilha2-lora/logs/train_cpt_qlora.json", lambda text: text.replace("13430784", "26861568"))
    assert {finding.rule for finding in audit(altered, "recompute.identities", "counting.flops")} >= {"recompute.identities"}


@pytest.mark.evidence
def test_a_copied_sample(altered: Path) -> None:
    source, target = (altered / V6 / f"analysis/samples_{name}.json" for name in ("v6_rc16k_v5b", "v6_rc16k_v5b_aligned"))
    sample = json.loads(source.read_text())["v6_brwac_transformer_v6_rc16k_v5b"][0]["output"]

    def paste(text: str) -> str:
        content = json.loads(text)
        content["v6_brwac_transformer_v6_rc16k_v5b_aligned"][0]["output"] = sample
        return json.dumps(content, ensure_ascii=False)

    edit(target, paste)
    assert {finding.rule for finding in audit(altered, "samples.same_text", "recompute.guardrails")} >= {"samples.same_text"}


@pytest.mark.evidence
def test_an_altered_copy_as_a_campaign_of_its_own(project: Path, altered: Path) -> None:
    """As a user would try it: register, make, audit; what is new beside the published cells and findings is what was done."""

    def spoil(text: str) -> str:
        rows = [json.loads(line) for line in text.splitlines()]
        clean = [row for row in rows if "assistant\n\n" not in row["sft_output"]]
        for row in clean[:20]:
            row["sft_output"] = f"do textoassistant\n\n{row['sft_output']}"
        return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)

    edit(altered / TRACK2 / "eval_trilha2_extrinsic_details_seed456.jsonl", spoil)
    edit(altered / V2, lambda text: text.replace('"elapsed_sec": 3156.332495212555', '"elapsed_sec": 7200.0'))
    registering = run_in(project, "python", "-m", "stages.evidence", "register", str(altered), "--campaign", "theirs")
    assert "claims: the thesis's" in registering.stdout, registering.stderr
    wanted = ("records", "tables", "check", "audit", "--config", "campaign=theirs")
    snakemake(project, *wanted)
    verdicts, before = ((project / f"analysis/{name}/thesis_check.csv").read_text().splitlines() for name in ("theirs", "published"))
    changed = [line.split(",")[:3] for line in verdicts if line not in before]
    assert {column for table, _, column in changed if table == "tab13"} == {"sft", "gain"}
    of_v2 = [["tab01", "v2", "hours"], ["tab03", "v2", "hours"], ["tab03", "v2", "cost"], ["tab07", "v2", "hours"]]
    assert [cell for cell in changed if cell[0] != "tab13"] == of_v2
    known = {f["id"]: f["fingerprint"] for f in published()["findings"]}
    theirs = json.loads((project / "analysis/theirs/audit/findings.json").read_text())["findings"]
    fresh = {f["rule"] for f in theirs if known.get(f["id"]) != f["fingerprint"] and f["severity"] != "note"}
    assert {"outputs.residue", "recompute.scores", "recompute.cells"} <= fresh
    residue = next(f for f in theirs if f["id"] == "outputs.residue:extrinsic-sft")
    assert "seed 456: 465 of 600" in residue["recomputed"]
    done = run_in(project, "python", "-m", "stages.audit.gate", "report", "--campaign", "theirs")
    assert done.returncode == 3
    assert "nothing to be done" in snakemake(project, "-n", *wanted).lower()
    assert "nothing to be done" in snakemake(project, "-n").lower(), "the published campaign is not touched"
