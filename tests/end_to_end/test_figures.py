"""Figures as Snakemake makes them: each again when a record that it shows changes, none when nothing does."""

import re
from pathlib import Path

from stages.files import read_json, to_json, write_atomic
from tests.conftest import files_below, snakemake

FIGURES = ("reports/published/figures/scores.json", "reports/published/figures/losses.json", "reports/published/figures/workflow.json")


def planned(folder: Path) -> set[str]:
    return set(re.findall(r"^Job \d+: (.+)$", snakemake(folder, "-n", *FIGURES), re.MULTILINE))


def test_a_figure_is_drawn_again_when_a_record_changes_that_it_shows(project: Path) -> None:
    snakemake(project, *FIGURES)
    before = files_below(project, "reports/published/figures")
    with (project / "workflow/rules/tables.smk").open("a") as rules:
        rules.write("\n# a remark\n")
    record = project / "versions/published/trilha2-lora/sft/record.json"
    record.touch()
    assert planned(project) == set()

    content = read_json(record)
    content["results"]["validation"]["loss_nats"] = 1.5
    write_atomic(record, to_json(content))
    assert planned(project) == {"Drawing figure losses of campaign published"}
    snakemake(project, *FIGURES)
    after = files_below(project, "reports/published/figures")
    assert {name for name in before if before[name] != after[name]} == {
        f"reports/published/figures/losses.{kind}" for kind in ("svg", "en.svg", "pdf", "png", "json")
    }


def test_the_graph_holds_the_rules_that_make_the_tables(project: Path) -> None:
    snakemake(project, "analysis/published/rule_graph.json", "--forcerun", "rule_graph")
    graph = read_json(project / "analysis/published/rule_graph.json")
    assert {"import_run", "table", "audit_campaign", "figure"} <= {rule["rule"] for rule in graph["rules"]}
    assert ["import_run", "table"] in graph["edges"]
