"""The report's data: every cell with its lineage, verdicts and marks, other campaigns beside it, the same bytes each time."""

import base64
import copy
import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from stages.compare import cells_of
from stages.errors import UserError
from stages.files import read_csv, read_json
from stages.record import load_record
from stages.report.audit import findings_view, worked_view
from stages.report.beside import by_campaign, side_by_side
from stages.report.content import Inputs, page_content
from stages.report.environment import citation, environment_view, file_address
from stages.report.image import image_address, svg_address
from stages.report.lineage import lineage_data
from stages.report.make import read_figure
from stages.report.names import both, cell_anchor, group_of, row_labels, title_of
from stages.report.page import render
from stages.report.rule_titles import PORTUGUESE
from stages.report.shapes import FindingsFile, WorkedFile, read_as
from stages.report.tables import cell_marks, table_view
from stages.table_file import read_table_file
from tests.conftest import ROOT

PRINTED = read_csv(ROOT / "data/thesis_cells.csv")
FINDINGS = read_json(ROOT / "analysis/published/audit/findings.json")


SVG = """<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" id="unused">
 <defs>
  <path id="long-name-1" d="M 0.123456 1.000000
L 2 3.5" style="fill: #0072b2"/>
 </defs>
 <use xlink:href="#long-name-1" transform="translate(59.78125 0) scale(0.001953)"/>
 <use xlink:href="#long-name-1" transform="translate(7.125 0)"/>
 <text>100% "é" #1</text>
</svg>
"""


def tables() -> list[dict[str, Any]]:
    return [read_json(path) for path in sorted((ROOT / "reports/published/tables").glob("*.json"))]


def small(campaign: str = "published", **values: float) -> dict[str, Any]:
    """Table 7 with one row and one number a value."""
    place = {"file": "logs/a.json", "path": "$.loss", "sha256": "ab" * 32, "origin": "evidence", "record": "v1", "field": "results.loss"}
    label = {"name": "", "value": "v1", "printed": "v1", "formula": "", "lineage": []}
    cells = {
        name: {
            "printed": {"pt": f"{value:.2f}".replace(".", ","), "en": f"{value:.2f}"},
            "parts": [{"name": "", "value": value, "printed": "", "formula": "run.loss", "lineage": [place]}],
        }
        for name, value in values.items()
    }
    return {
        "table": "tab07",
        "campaign": campaign,
        "label": "tab:x",
        "caption": {"pt": "Legenda", "en": "Caption"},
        "caption_values": {},
        "columns": [{"id": name, "header": {"pt": name.upper(), "en": name}, "show": True} for name in ("experiment", *values)],
        "rows": [{"id": "v1", "cells": {"experiment": {"printed": {"pt": "v1", "en": "v1"}, "parts": [label]}} | cells}],
    }


def inputs(**changes: Any) -> Inputs:
    """Inputs of the published page, some of them changed."""
    given: dict[str, Any] = {
        "campaign": "published",
        "source": "evidence",
        "language": "pt",
        "tables": tables(),
        "printed": PRINTED,
        "claims_printed": True,
        "findings": FINDINGS,
        "worked": None,
        "figures": [],
        "records": [load_record(path) for path in sorted((ROOT / "versions/published").glob("*/*/record.json"))],
        "registry": read_json(ROOT / "data/published/registry.json"),
        "sources": {},
        "citation": citation(ROOT / "CITATION.cff"),
    }
    return Inputs(**given | changes)


def told(data: dict[str, Any], part: dict[str, Any]) -> list[dict[str, str]]:
    """Places of a part as a table's JSON has them."""
    places = []
    for number in part["places"]:
        file, path, record, field = data["places"][number]
        name, sha256, origin = data["files"][file]
        place = {"file": name, "path": path, "sha256": sha256, "origin": origin, "record": record, "field": field}
        places.append({key: value for key, value in place.items() if value})
    return places


def test_every_cell_of_every_table_is_told_with_its_whole_lineage() -> None:
    data = lineage_data(tables(), {}, [])
    cells = {(cell["table"], cell["cell"]): cell for cell in data["cells"]}
    checked = 0
    for table in tables():
        for (row, column), cell in cells_of(table).items():
            shown = cells.pop((table["table"], f"{column}.{row}"))
            for part, there in zip(shown["parts"], cell["parts"], strict=True):
                assert told(data, part) == there["lineage"]
                assert data["formulas"][part["formula"]] == there["formula"]
                assert (
                    part["value"] == there["value"]
                    if isinstance(there["value"], str)
                    else json.loads(part["value"] or "null") == there["value"]
                )
                checked += len(there["lineage"])
    assert not cells, "cells of no table"
    assert checked > 500
    assert len({tuple(place) for place in data["places"]}) == len(data["places"]), "each place once"


def test_anchors_of_cells_differ() -> None:
    anchors = [cell["anchor"] for cell in lineage_data(tables(), {}, [])["cells"]]
    assert len(set(anchors)) == len(anchors)
    assert cell_anchor("tab13", "sft", "qa.em") == "tab13-sft-qa-em"


def test_findings_and_what_the_thesis_prints_come_with_the_cell() -> None:
    content = page_content(inputs())
    cells = {f"{cell['table']} {cell['cell']}": cell for cell in content["data"]["cells"]}
    for number, finding in enumerate(FINDINGS["findings"]):
        for name in finding["cells"]:
            assert number in cells[name]["findings"]
            assert content["data"]["findings"][number]["anchor"].startswith("finding-")
    assert cells["tab13 sft.qa.em"]["thesis"]["thesis"] == "0.090±0.017"
    assert cells["tab09 tokenizer.v5b_long"]["thesis"]["verdict"] == "different"
    assert content["verdicts"] == {"equal": 316, "equal under habit": 4, "different": 7}


def test_a_cell_is_marked_by_the_worst_that_reaches_it() -> None:
    findings = [{"severity": severity, "cells": ["tab07 loss.v1"]} for severity in ("note", "error", "warning")]
    verdicts = {"tab07 loss.v1": {"verdict": "different"}, "tab07 ppl.v1": {"verdict": "equal"}}
    assert cell_marks(verdicts, findings) == {"tab07 loss.v1": ["error", "different"]}
    assert cell_marks({}, findings[:1]) == {}


def test_numbers_stand_to_the_right_and_words_to_the_left() -> None:
    table = small(loss=1.5)
    assert [column["numeric"] for column in table_view(table, {})["columns"]] == [False, True]
    table["rows"][0]["cells"]["loss"]["printed"]["en"] = "unigram 12k"
    assert [column["numeric"] for column in table_view(table, {})["columns"]] == [False, False]


@pytest.mark.parametrize(
    ("name", "group", "title"),
    [
        ("tab02", "thesis", "Table 2"),
        ("tab14", "appendix", "Table 14"),
        ("tab13_corrected", "corrected", "Table 13, corrected"),
        ("tokens", "further", "Tokens"),
        ("of_mine", "further", "of_mine"),
        ("audit", "audit", "Audit"),
    ],
)
def test_tables_are_grouped_and_named(name: str, group: str, title: str) -> None:
    assert (group_of(name), title_of(name)["en"]) == (group, title)


def test_rows_that_begin_alike_are_told_apart() -> None:
    labels = row_labels(next(table for table in tables() if table["table"] == "tab13"))
    assert labels["qa.em"]["en"] == "QA (short answer), EM"
    assert labels["qa.f1"]["en"] == "QA (short answer), F1"
    corrected = row_labels(next(table for table in tables() if table["table"] == "tab13_corrected"))
    assert corrected["qa.em.answer"]["pt"] == "QA, EM, só a resposta"


def test_side_by_side_has_thesis_evidence_correction_and_other_campaigns() -> None:
    other = small("mine", loss=9.0)
    shown = side_by_side(by_campaign([*tables(), other]), PRINTED, {})
    assert [table["name"] for table in shown[:4]] == ["tab13", "tab09", "tab08", "tab07"], "the main results first"
    lines = {table["name"]: [line for row in table["rows"] for line in row["lines"]] for table in shown}
    score = next(line for line in lines["tab13"] if line["anchor"] == "tab13-sft-qa-em")
    assert (score["thesis"], score["verdict"]) == ("0.090±0.017", "equal")
    assert score["campaigns"]["published"]["en"] == "0.090±0.017"
    assert score["corrected"]["printed"]["en"] == "0.257±0.046"
    loss = next(line for line in lines["tab07"] if line["anchor"] == "tab07-loss-v1")
    assert loss["campaigns"]["mine"]["en"] == "9.00"
    assert loss["corrected"] is None
    assert next(table for table in shown if table["name"] == "tab13")["campaigns"] == ["published"], "no empty column"
    for table in shown:
        printed = [each for each in PRINTED if each["table"] == table["name"]]
        assert table["cells"] + table["left_out"] == len(printed), "each is shown, or counted as an equal text"
    assert {each["table"] for each in PRINTED} - lines.keys() == {"tab06"}, "which prints words alone, all of them equal"


def test_without_the_imported_campaign_nothing_stands_beside() -> None:
    assert side_by_side(by_campaign([small("mine", loss=9.0)]), PRINTED, {}) == []


def test_a_trained_campaign_claims_no_printed_cell() -> None:
    content = page_content(
        inputs(campaign="mine", source="training", tables=[small("mine", loss=9.0)], claims_printed=False, findings=None)
    )
    assert content["verdicts"] == {}
    assert content["data"]["claims"] is False
    assert content["data"]["audited"] is False
    assert all(
        not each["marks"] for group in content["groups"] for table in group["tables"] for row in table["rows"] for each in row["cells"]
    )
    assert "1.522" in json.dumps(content["data"]["cells"]), "what the thesis prints is told all the same"


def test_a_campaign_without_tables_or_with_two_of_a_name_is_refused() -> None:
    with pytest.raises(UserError, match="found published, expected a table of campaign mine"):
        page_content(inputs(campaign="mine", tables=[small(loss=1.0)]))
    with pytest.raises(UserError, match="tab07: found two of campaign published"):
        page_content(inputs(tables=[small(loss=1.0), small(loss=2.0)]))


def test_findings_are_sorted_errors_first_and_lead_to_cells_and_to_the_audit() -> None:
    shown = findings_view(FINDINGS)
    assert shown
    for family in shown["families"]:
        severities = [("error", "warning", "note").index(finding["severity"]) for finding in family["findings"]]
        assert severities == sorted(severities)
    others = [finding for finding in FINDINGS["findings"] if not finding["rule"].startswith("worked.")]
    assert len(others) < len(FINDINGS["findings"]), "those on worked numbers have a section of their own"
    assert sum(len(family["findings"]) for family in shown["families"]) == sum(shown["severities"].values()) == len(others)
    page = (ROOT / "analysis/published/audit/index.html").read_text()
    for finding in (each for family in shown["families"] for each in family["findings"]):
        assert f'id="{finding["audit_anchor"]}"' in page
    assert findings_view(None) is None


def test_worked_numbers_are_counted_by_part_and_outcome() -> None:
    entry = {
        "id": "A.1",
        "where": "A.1",
        "what": "x",
        "unit": "",
        "kind": "number",
        "stated": "1",
        "found": "2",
        "value": 2.0,
        "inputs": ["n = 3 tokens (A.1)"],
        "why": "",
        "remark": "",
    }
    entries = [
        entry | {"part": part, "outcome": outcome} for part, outcome in (("A", "differs"), ("Appendix B", "follows"), ("A", "follows"))
    ]
    shown = worked_view({"entries": entries})
    assert shown
    assert [(part["name"], len(part["entries"])) for part in shown["parts"]] == [
        (both("A"), 2),
        ({"pt": "Apêndice B", "en": "Appendix B"}, 1),
    ]
    assert {outcome["id"]: outcome["count"] for outcome in shown["outcomes"]} == {"follows": 2, "differs": 1}
    assert worked_view(None) is None
    page = render(page_content(inputs(worked={"entries": entries})))
    assert page.count('class="entry"') == page.count("from n = 3 tokens (A.1)") == 3


def test_runs_with_the_same_libraries_share_a_line() -> None:
    records = inputs().records
    shown = environment_view(records)
    known = [record for record in records if record.environment.libraries]
    assert sum(len(each["runs"]) for each in shown["libraries"]) == len(known)
    assert len(shown["unknown"]) == len(records) - len(known)
    seeds = {run["run"]: run["seeds"] for run in shown["runs"]}
    assert seeds["extrinsic"] == [123, 456, 789]


def test_files_of_the_evidence_are_linked_only_where_their_address_is_known() -> None:
    assert file_address({"repository": "https://github.com/a/b", "commit": "c0"}) == "https://github.com/a/b/blob/c0/"
    assert file_address({"repository": "javascript:alert(1)//", "commit": "c0"}) == ""
    assert file_address({"repository": "", "commit": ""}) == file_address(None) == ""


def test_the_citation_is_the_repositorys() -> None:
    cited = citation(ROOT / "CITATION.cff")
    assert cited["bibtex"].startswith("@software{lastro2026,")
    assert "Lastro: experiment pipelines" in cited["text"]


def test_the_only_script_is_named_by_its_hash() -> None:
    page = render(page_content(inputs()))
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    assert len(scripts) == 1
    digest = base64.b64encode(hashlib.sha256(scripts[0].encode()).digest()).decode()
    assert f"script-src &#39;sha256-{digest}&#39;" in page
    assert not re.search(r"(src|href)=\"(https?:)?//(?!github\.com/)", page)


def poison(value: Any, bad: str) -> Any:
    """``value`` with ``bad`` added to every text that is no key."""
    if isinstance(value, dict):
        return {key: poison(inner, bad) for key, inner in value.items()}
    if isinstance(value, list):
        return [poison(inner, bad) for inner in value]
    return value + bad if isinstance(value, str) else value


def test_markup_in_any_text_stays_text() -> None:
    bad = "</script><img src=x onerror=alert(1)>\"'&"
    table = small(loss=1.5)
    for key in ("caption", "rows", "label", "columns"):
        kept = [column["id"] for column in table["columns"]], [row["id"] for row in table["rows"]]
        table[key] = poison(table[key], bad)
        for column, id in zip(table["columns"], kept[0], strict=True):
            column["id"] = id
    result = copy.deepcopy(FINDINGS)
    for finding in result["findings"]:
        finding |= {
            key: poison(finding[key], bad) for key in ("message", "stated", "recomputed", "effect", "subject", "claims", "evidence", "id")
        }
    page = render(page_content(inputs(tables=[table], findings=result, registry=poison(inputs().registry, bad))))
    assert "<img src=x" not in page
    assert page.count("</script>") == 2
    data = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert data
    assert json.loads(data[1])["cells"][0]["printed"]["en"].endswith(bad), "and is told as it is"


def test_figures_are_images_that_can_do_nothing(tmp_path: Path) -> None:
    figure = {"figure": "curves", "caption": {"pt": "Curvas", "en": "Curves"}, "alt": {"pt": "duas linhas", "en": "two lines"}}
    (tmp_path / "curves.json").write_text(json.dumps(figure))
    with pytest.raises(UserError, match=r"curves\.svg: found no such file"):
        read_figure(tmp_path / "curves.json")
    (tmp_path / "curves.svg").write_text("<p>no image</p>")
    with pytest.raises(UserError, match=r"curves\.svg: found <p>, expected an SVG"):
        read_figure(tmp_path / "curves.json")
    (tmp_path / "curves.svg").write_text(SVG)
    (tmp_path / "curves.en.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    read = read_figure(tmp_path / "curves.json")
    assert read["images"]["en"]["file"] == "curves.en.svg"
    address = read["images"]["pt"]["address"]
    assert not set('<>"#\n') & set(address)
    assert svg_address("<svg>100%</svg>") == "data:image/svg+xml,%3Csvg%3E100%25%3C/svg%3E"
    page = render(page_content(inputs(figures=[read])))
    assert 'alt="two lines"' in page
    assert 'href="#figures"' in page


def test_an_image_keeps_what_is_seen_and_loses_the_rest(tmp_path: Path) -> None:
    (tmp_path / "a.svg").write_text(SVG)
    shown = unquote(image_address(tmp_path / "a.svg").removeprefix("data:image/svg+xml,"))
    assert "long-name" not in shown
    assert "unused" not in shown
    assert "M 0.12 1 L 2 3.5" in shown
    assert "fill: #0072b2" in shown, "a colour is no name"
    assert '100% "é" #1' in shown
    [name] = re.findall(r"<path id='(\w+)'", shown) or re.findall(r'<path id="(\w+)"', shown)
    assert f"#{name}" in re.sub(r"(fill|stroke): #\w+", "", shown), "it is still referred to"
    assert "translate(59.78 0) scale(0.001953)" in shown
    assert "x='7.12'" in shown and "translate(7" not in shown, "a mere move in fewer letters"


@pytest.fixture
def write_page(tmp_path: Path) -> Callable[[str], bytes]:
    def write(seed: str) -> bytes:
        page = tmp_path / f"{seed}.html"
        command = [sys.executable, "-m", "stages.report.make", "--campaign", "published", "--source", "evidence", "--claimed"]
        command += ["--tables", *(str(path) for path in sorted((ROOT / "reports/published/tables").glob("*.json")))]
        command += ["--printed", "data/thesis_cells.csv", "--findings", "analysis/published/audit/findings.json"]
        command += ["--registry", "data/published/registry.json", "--citation", "CITATION.cff", "--page", str(page)]
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True, env={"PYTHONHASHSEED": seed})
        return page.read_bytes()

    return write


def test_the_same_inputs_give_the_same_bytes(write_page: Callable[[str], bytes]) -> None:
    first, second = write_page("1"), write_page("2")
    assert first == second
    assert ROOT.as_posix().encode() not in first
    assert len(first) < 2_000_000


def damaged(*path: Any, value: Any = None) -> Callable[[Any], Any]:
    """A change that takes out what lies at ``path``, or puts ``value`` there."""

    def change(content: Any) -> Any:
        inner = content
        for key in path[:-1]:
            inner = inner[key]
        if value is None:
            del inner[path[-1]]
        else:
            inner[path[-1]] = value
        return content

    return change


@pytest.mark.parametrize(
    ("file", "change", "told"),
    [
        ("reports/published/tables/tab13.json", lambda _: {}, "table: found nothing"),
        ("reports/published/tables/tab13.json", lambda _: [], "found [] (list)"),
        ("reports/published/tables/tab13.json", damaged("rows", 0, "cells", "n"), "rows.qa.em.cells: found no 'n'"),
        ("reports/published/tables/tab13.json", damaged("columns", 1, "show", value="perhaps"), "columns.1.show: found 'perhaps'"),
        ("reports/published/figures/scores.json", damaged("alt"), "alt: found nothing"),
        ("analysis/published/audit/findings.json", damaged("findings", 0, "cells"), "findings.0.cells: found nothing"),
        ("analysis/published/audit/worked_numbers.json", damaged("entries"), "entries: found nothing"),
        ("CITATION.cff", None, "authors: found nothing"),
    ],
)
def test_a_damaged_file_is_named_with_the_field(tmp_path: Path, file: str, change: Callable[[Any], Any] | None, told: str) -> None:
    copied = tmp_path / Path(file).name
    if change:
        copied.write_text(json.dumps(change(read_json(ROOT / file))))
    else:
        copied.write_text("title: a page\n")
    read: dict[str, Callable[[Path], Any]] = {
        "tables": read_table_file,
        "figures": read_figure,
        "CITATION.cff": citation,
        "findings.json": partial(read_as, FindingsFile),
        "worked_numbers.json": partial(read_as, WorkedFile),
    }
    with pytest.raises(UserError) as raised:
        next(read[each] for each in read if each in file)(copied)
    assert str(raised.value).startswith(f"{copied}: {told}")


def test_every_rule_of_the_audit_has_a_title_in_portuguese() -> None:
    own = {rule["id"] for rule in FINDINGS["rules"] if rule["family"] != "worked"}
    assert own == PORTUGUESE.keys()
