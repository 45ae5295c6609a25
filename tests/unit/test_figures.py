"""Figures show what the records say, say where from, and are the same bytes every time."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from matplotlib.figure import Figure

from stages.errors import UserError
from stages.figure import document_of, images_of, main, module_of, read_inputs
from stages.figures.catalogue import analyses_of, figures_of, runs_of, tables_of
from stages.figures.values import Inputs
from stages.figures.workflow import part_of, split_edges
from stages.files import read_json, to_json, write_atomic
from stages.parameter_models import RunParameters
from stages.parameters import load_campaign, load_run
from stages.record import load_record
from stages.rule_graph import read_graph, rule_files
from tests.conftest import ROOT

FROM_RECORDS = ("learning_curves", "losses", "cost_quality", "scores", "fragmentation", "roadmap")
UNITS = r"nats|US\$|\(h\)|Bits|bits|0 to 1|share|Tokens per character|counted|difference of scores"
NAMES = [f"rule_{index}" for index in range(16)]
GRAPH = {
    "rules": [{"rule": name, "file": "workflow/rules/corpus.smk"} for name in NAMES],
    "edges": [[one, two] for i, one in enumerate(NAMES) for j, two in enumerate(NAMES) if i < j and (7 * i + 3 * j) % 5 == 0]
    + [["rule_9", "rule_1"]],
}
"""A graph with edges over several layers and a circle."""


@pytest.fixture(autouse=True)
def _at_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def runs_of_campaign(campaign: str) -> list[RunParameters]:
    return [load_run(campaign, run) for run in load_campaign(campaign).runs]


def sources_of(figure: str) -> tuple[list[Path], list[Path]]:
    """Records and other files that a figure of the published campaign is drawn from."""
    records = [Path(f"versions/published/{run.version}/{run.run}/record.json") for run in runs_of(figure, runs_of_campaign("published"))]
    tables = [Path(f"reports/published/tables/{name}.json") for name in tables_of(figure, ["tab03", "tab10_corrected"])]
    analyses = [Path(f"analysis/published/audit/{name}.json") for name in analyses_of(figure, ["tab13_corrected"])]
    return records, tables + analyses


def document(figure: str) -> dict[str, Any]:
    if figure == "workflow":
        return document_of(figure, Inputs("published", [], {"rule_graph": ("rule_graph.json", GRAPH)}), [])
    records, others = sources_of(figure)
    return document_of(figure, read_inputs("published", records, others), [*records, *others])


def values_in(data: Any) -> Iterator[dict[str, Any]]:
    """Every value of a figure's data that names where it was read from."""
    if isinstance(data, dict):
        if "file" in data and ("value" in data or "values" in data):
            yield data
        for inner in data.values():
            yield from values_in(inner)
    elif isinstance(data, list):
        for inner in data:
            yield from values_in(inner)


def at_source(value: dict[str, Any]) -> Any:
    """What stands at the place that a value names."""
    content = read_json(Path(value["file"]))
    if "values" in value:
        return [epoch[value["field"].removeprefix("history[*].")] for epoch in content["history"]]
    if "field" in value:
        return load_record(Path(value["file"])).values.get(value["field"])
    if "row" in value:
        cell = next(row for row in content["rows"] if row["id"] == value["row"])["cells"][value["column"]]
        return next(part["value"] for part in cell["parts"] if part["name"] == value.get("part", ""))
    for key in value["path"].removeprefix("$.").split("."):
        content = content[key]
    return content


@pytest.mark.parametrize("figure", FROM_RECORDS)
def test_every_value_of_a_figure_is_what_its_source_says(figure: str) -> None:
    data = document(figure)
    found = list(values_in(data["data"]))
    assert len(found) > 10
    for value in found:
        assert value.get("values", value.get("value")) == at_source(value), value
    assert {value["file"] for value in found} <= {source["file"] for source in data["sources"]}


def test_means_and_densities_follow_from_what_they_name() -> None:
    rows = document("fragmentation")["data"]["tokenizers"]
    density = {row["label"]["en"]: row["tokens_per_character"]["value"] for row in rows}
    assert density["Characters"] == pytest.approx(1)
    assert density["BPE 3200"] == pytest.approx(0.2899, abs=1e-4)
    assert density["unigram 14500"] is None, "its characters were not counted"


def test_what_was_not_measured_is_said_and_never_nought() -> None:
    figure = module_of("losses").draw(document("losses")["data"], "pt")
    assert [text.get_text() for axes in figure.axes for text in axes.texts].count("não medido") == 6
    points = [x for axes in figure.axes for line in axes.lines for x in line.get_xdata()]
    assert min(points) > 1


def test_bars_are_spoken_of_where_there_are_bars() -> None:
    caption = document("losses")["caption"]
    assert "Bars" not in caption["en"] and "Barras" not in caption["pt"]
    assert "validation text is each training's own" in caption["en"]


def test_a_run_with_one_epoch_says_so_and_one_with_none_has_no_panel(tmp_path: Path) -> None:
    content = read_json(Path("versions/published/v1-char-rnn/v1/record.json"))
    content["history"] = content["history"][:1]
    path = tmp_path / "record.json"
    write_atomic(path, to_json(content))
    silent = Path("versions/published/trilha2-lora/cpt/record.json")
    found = document_of("learning_curves", read_inputs("published", [path, silent], []), [path, silent])
    figure = module_of("learning_curves").draw(found["data"], "en")
    assert len(figure.axes) == 1
    assert "one epoch logged" in [text.get_text() for text in figure.axes[0].texts]
    assert "No epoch in the record: cpt" in figure.get_supxlabel()
    assert "No epoch in the record: cpt. One epoch only: v1." in found["caption"]["en"]


def test_a_changed_record_changes_the_data_of_the_figures_that_show_it(tmp_path: Path) -> None:
    before = document("losses")
    records, _ = sources_of("losses")
    content = read_json(records[0])
    content["results"]["validation"]["loss_nats"] += 0.25
    changed = tmp_path / "record.json"
    write_atomic(changed, to_json(content))
    after = document_of("losses", read_inputs("published", [changed, *records[1:]], []), [changed, *records[1:]])
    first, second = (found["data"]["groups"][0]["runs"][0]["losses"]["validation"]["value"] for found in (before, after))
    assert second == pytest.approx(first + 0.25)
    assert before["sources"][0]["sha256"] != after["sources"][0]["sha256"]


def labels_of(figure: Figure) -> Iterator[str]:
    """Labels of every axis that has numbers on it."""
    for axes in figure.axes:
        if axes.axison:
            yield axes.get_xlabel() or figure.get_supxlabel()
            named = any(re.search("[^0-9.,−]", label.get_text()) for label in axes.get_yticklabels())
            if not named and axes.yaxis.get_tick_params().get("labelleft", True) and not axes.get_shared_y_axes().get_siblings(axes)[1:]:
                yield axes.get_ylabel() or figure.get_supylabel()


@pytest.mark.parametrize("figure", [figure for figure in FROM_RECORDS if figure != "roadmap"])
def test_every_axis_is_labelled_with_its_unit(figure: str) -> None:
    drawn = module_of(figure).draw(document(figure)["data"], "en")
    drawn.draw_without_rendering()
    labels = list(labels_of(drawn))
    assert labels
    assert [label for label in labels if not re.search(UNITS, label)] == []


@pytest.mark.parametrize("figure", [*FROM_RECORDS, "workflow"])
def test_captions_and_descriptions_stand_in_both_languages(figure: str) -> None:
    found = document(figure)
    for text in ("caption", "alt"):
        assert found[text]["pt"] != found[text]["en"]
        assert all("{" not in words and len(words) > 40 for words in found[text].values())
    assert re.search("published", found["caption"]["en"])


def test_numbers_have_commas_in_portuguese_and_points_in_english() -> None:
    alt = document("scores")["alt"]
    assert "base 0,0367, sft 0,09" in alt["pt"]
    assert "base 0.0367, sft 0.09" in alt["en"]


def test_images_say_nothing_of_the_day_and_an_svg_stands_in_a_page_beside_others() -> None:
    images = images_of(document("workflow"), "pt")
    assert set(images) == {".svg", ".en.svg", ".pdf", ".png"}
    svg = images[".svg"].decode()
    assert svg.startswith("<svg")
    assert not re.search("<style|<metadata|20[0-9]{2}-[0-9]{2}", svg)
    names = set(re.findall(r'\bid="([^"]+)"', svg))
    assert all(name.startswith("published-workflow-pt-") for name in names)
    assert {first or second for first, second in re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', svg)} <= names
    assert b"CreationDate" not in images[".pdf"]
    assert b"Software" not in images[".png"]


@pytest.mark.parametrize("figure", ["scores", "workflow"])
def test_two_processes_write_the_same_bytes(figure: str, tmp_path: Path) -> None:
    records, others = sources_of(figure)
    if figure == "workflow":
        others = [tmp_path / "rule_graph.json"]
        write_atomic(others[0], to_json(GRAPH))
    folder = tmp_path / "written"
    command = [sys.executable, "-m", "stages.figure", "--figure", figure, "--campaign", "published", "--folder", str(folder)]
    command += ["--records", *map(str, records), "--data", *map(str, others)]
    subprocess.run(command, check=True, env=os.environ | {"PYTHONHASHSEED": "1"})
    written = {path.name.removeprefix(figure): path.read_bytes() for path in folder.iterdir()}
    assert set(written) == {".svg", ".en.svg", ".pdf", ".png", ".json"}
    here = document_of(figure, read_inputs("published", records, others), [*records, *others])
    assert written == images_of(here, "pt") | {".json": to_json(here).encode()}


def test_a_campaign_gets_the_figures_that_it_has_something_for() -> None:
    assert figures_of(runs_of_campaign("published")) == [*FROM_RECORDS, "workflow"]
    assert "scores" not in figures_of(runs_of_campaign("tiny"))
    assert "fragmentation" not in figures_of(runs_of_campaign("tiny-qlora"))
    assert [run.run for run in runs_of("scores", runs_of_campaign("demo"))] == ["extrinsic", "extrinsic_after_cpt"]
    assert "v1_all_positions" not in [run.run for run in runs_of("roadmap", runs_of_campaign("demo"))]


def test_an_unknown_figure_is_an_error(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with pytest.raises(UserError, match="'pie', expected a module of stages/figures"):
        module_of("pie")
    monkeypatch.setattr(sys, "argv", ["figure", "--figure", "pie", "--campaign", "published", "--folder", str(tmp_path)])
    with pytest.raises(SystemExit):
        main()
    assert "error: --figure: found 'pie'" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_the_graph_has_the_rules_of_one_campaign_without_those_that_only_name_targets() -> None:
    jobs = ["all", "table", "train\\ncampaign: a\\nrun: v1", "table\\ncampaign: b", "import\\nrun: v1\\ncampaign: b", "page"]
    dot = "digraph {\n" + "".join(f'\t{number}[label = "{label}", color = "0"];\n' for number, label in enumerate(jobs))
    dot += "\t1 -> 0\n\t2 -> 1\n\t4 -> 3\n\t1 -> 5\n\t3 -> 5\n}"
    files = {"train": "train.smk", "import": "records.smk", "table": "tables.smk", "page": "report.smk", "unused": "x.smk"}
    graph = read_graph(dot, files, "a")
    assert graph["rules"] == [{"rule": rule, "file": files[rule]} for rule in ("train", "table", "page")]
    assert graph["edges"] == [["table", "page"], ["train", "table"]]
    with pytest.raises(UserError, match="found no job"):
        read_graph("digraph {}", {}, "a")


def test_every_rule_has_its_file_and_its_part() -> None:
    files = rule_files(Path("Snakefile"))
    assert files["piece_tokenizer"] == "workflow/rules/tokenizer.smk"
    assert "all" not in files
    assert {part_of(rule, file) for rule, file in files.items()} == {
        "data",
        "tokenizer",
        "train",
        "evaluate",
        "records",
        "tables",
        "report",
    }


def test_arrows_that_follow_from_others_go_and_circles_of_rules_are_told_apart() -> None:
    forward, back = split_edges(["a", "b", "c"], [("a", "b"), ("a", "c"), ("b", "c"), ("c", "b")])
    assert forward == [("a", "b"), ("b", "c")]
    assert back == [("c", "b")]
