"""The published campaign, made again from the real evidence, here and in another folder."""

import csv
import json
import math
from collections import defaultdict
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import pytest

from stages.files import sha256_of
from stages.registry import Registry
from tests.conftest import ROOT, copy_project, files_below, snakemake

MADE = ("versions", "reports", "analysis", ".snakemake/metadata")


ONE_OF_EACH = (
    "versions/published/v3-stacked-lstm/v3/record.json",
    "versions/published/trilha2-lora/extrinsic/record.json",
    "analysis/published/extrinsic/scores.csv",
    "analysis/published/audit/corrected_scores.json",
    "analysis/published/audit/guardrail_cross.json",
    "analysis/published/audit/worked_numbers.json",
    "analysis/published/metrics.json",
    "analysis/published/thesis_check.json",
    "analysis/published/rule_graph.json",
    "reports/published/tables/tab13.json",
    "reports/published/figures/scores.json",
    "reports/published/index.html",
)
"""A file of every rule but the audit's, which reads all of the evidence and is made above."""


@pytest.mark.evidence
def test_everything_is_made_again_from_the_evidence_to_the_same_bytes(tmp_path: Path, evidence: Path) -> None:
    """Every record, score, table, finding and ledger entry, in another folder, from the evidence alone."""
    project = copy_project(tmp_path / "another folder")
    committed = files_below(project, *MADE)
    assert len([name for name in committed if name.endswith("record.json")]) == 14
    for folder in MADE:
        for path in (project / folder).rglob("*"):
            if path.is_file():
                path.unlink()
    snakemake(project, "all", "check", "audit", evidence=evidence)
    again = files_below(project, *MADE)
    assert again.keys() == committed.keys()
    assert [name for name in committed if again[name] != committed[name]] == []
    snakemake(project, *ONE_OF_EACH, "--force", evidence=evidence)
    assert files_below(project, *MADE) == committed, "again over what is there"


@pytest.mark.evidence
def test_the_registry_is_the_evidence(evidence: Path) -> None:
    registry = Registry.model_validate_json((ROOT / "data/published/registry.json").read_text())
    for name, file in registry.files.items():
        assert sha256_of((evidence / name).read_bytes()) == file.sha256
    assert len(registry.files) == 275


def scores() -> list[dict[str, str]]:
    with (ROOT / "analysis/published/extrinsic/scores.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.evidence
def test_3600_outputs_score_row_by_row_as_published(evidence: Path) -> None:
    published: dict[tuple[int, int, str, str], float] = {}
    for seed, suffix in ((123, ""), (456, "_seed456"), (789, "_seed789")):
        file = evidence / f"versions/trilha2-lora/analysis/eval_trilha2_extrinsic_details{suffix}.jsonl"
        for line, text in enumerate(file.read_text().splitlines(), start=1):
            for system, metrics in json.loads(text)["metrics"].items():
                published |= {(seed, line, system, metric): value for metric, value in metrics.items()}
    ours = {(int(row["seed"]), int(row["line"]), row["system"], row["metric"]): float(row["score"]) for row in scores()}
    assert ours.keys() == published.keys()
    assert len({(seed, line, system) for seed, line, system, _ in ours}) == 3600
    assert max(abs(ours[key] - published[key]) for key in ours) <= 1e-9


@pytest.mark.evidence
def test_table_13_agrees_with_the_published_aggregate(evidence: Path) -> None:
    aggregate = json.loads((evidence / "versions/trilha2-lora/analysis/eval_trilha2_extrinsic_multiseed.json").read_text())["aggregate"]
    by_seed: dict[tuple[str, str, str], dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for row in scores():
        by_seed[row["task"], row["system"], row["metric"]][row["seed"]].append(float(row["score"]))
    assert len(by_seed) == 8
    for (task, system, metric), seeds in by_seed.items():
        means = [fmean(values) for values in seeds.values()]
        assert math.isclose(fmean(means), aggregate[task][system][metric]["mean"], abs_tol=1e-9)
        assert math.isclose(stdev(means), aggregate[task][system][metric]["std"], abs_tol=1e-9)


def cells(table: str) -> dict[str, Any]:
    data = json.loads((ROOT / f"reports/published/tables/{table}.json").read_text())
    return {f"{column}.{row['id']}": cell for row in data["rows"] for column, cell in row["cells"].items()}


def test_every_number_of_every_cell_leads_to_registered_bytes() -> None:
    registered = json.loads((ROOT / "data/published/registry.json").read_text())["files"]
    numbers = 0
    for path in sorted((ROOT / "reports/published/tables").glob("*.json")):
        for name, cell in cells(path.stem).items():
            for part in cell["parts"]:
                if isinstance(part["value"], float):
                    numbers += 1
                    assert part["lineage"], f"{path.stem} {name} comes from nowhere"
                for ref in part["lineage"]:
                    if ref["origin"] == "evidence":
                        assert registered[ref["file"]]["sha256"] == ref["sha256"]
                    else:
                        assert (ROOT / ref["file"]).exists()
    assert numbers > 150


@pytest.mark.evidence
@pytest.mark.parametrize(
    ("table", "cell", "file", "keys", "scale"),
    [
        ("tab01", "hours.v2", "versions/v2-char-lm/logs/train_brwac_v2_20k.json", ("performance", "elapsed_sec"), 1 / 3600),
        ("tab07", "tokens.v1", "versions/v1-char-rnn/logs/train_brwac_v1_20k.json", ("performance", "tokens_total_est"), 1e-9),
        ("tab07", "loss.v3", "analysis/artifacts/results/results_char_models_20k.json", ("results", "v3_brwac_20k", "avg_loss"), 1),
        ("tab12", "loss.sft_adapter", "versions/trilha2-lora/analysis/eval_trilha2_baselines.json", ("sft", "adapter", "eval_loss"), 1),
    ],
)
def test_a_cell_holds_the_number_that_its_lineage_names(
    evidence: Path, table: str, cell: str, file: str, keys: tuple[str, ...], scale: float
) -> None:
    [part] = cells(table)[cell]["parts"]
    assert [ref["file"] for ref in part["lineage"]] == [file]
    assert part["lineage"][0]["path"] == "$." + ".".join(keys)
    value = json.loads((evidence / file).read_text())
    for key in keys:
        value = value[key]
    assert part["value"] == pytest.approx(value * scale, rel=1e-15)
