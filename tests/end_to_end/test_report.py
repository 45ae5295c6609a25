"""The page of the published campaign in a browser: all tables, lineage, both languages, nothing asked of any network."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from playwright.sync_api import Browser, Page, Route, sync_playwright

from stages.report.content import page_content
from stages.report.page import render
from tests.conftest import ROOT, copy_project, snakemake
from tests.unit.test_report import FINDINGS, inputs, poison, small

CHROMIUM = Path("/usr/bin/chromium")
TABLES = sorted((ROOT / "reports/published/tables").glob("*.json"))


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page, made by its rule in another folder, without evidence."""
    project = copy_project(tmp_path_factory.mktemp("report") / "project")
    (project / "reports/published/index.html").unlink(missing_ok=True)
    snakemake(project, "reports/published/index.html")
    return project / "reports/published/index.html"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    if not CHROMIUM.exists():
        pytest.skip(f"there is no {CHROMIUM} here: apt-get install chromium")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield started
        started.close()


@dataclass
class Seen:
    """What a page did while it was open."""

    asked: list[str] = field(default_factory=list)
    """Addresses that it asked for, its own file left out."""
    said: list[str] = field(default_factory=list)
    """Messages of the console, and errors."""


def open_page(browser: Browser, file: Path, after: str = "", width: int = 1280, **options: Any) -> tuple[Page, Seen]:
    """``file`` in a new window; whatever else it asks for is noted and refused."""
    context = browser.new_context(viewport={"width": width, "height": 844}, **options)
    seen = Seen()

    def meet(route: Route) -> None:
        if route.request.url.split("?")[0].split("#")[0] == file.as_uri():
            route.continue_()
        else:
            seen.asked.append(route.request.url)
            route.abort()

    context.route("**/*", meet)
    page = context.new_page()
    page.set_default_timeout(5000)
    page.on("console", lambda message: seen.said.append(message.text))
    page.on("pageerror", lambda error: seen.said.append(str(error)))
    page.on("dialog", lambda dialog: seen.said.append(f"a dialog: {dialog.message}"))
    page.goto(file.as_uri() + after)
    return page, seen


def cell_of(table: str, column: str, row: str) -> dict[str, Any]:
    """A cell of the committed table's JSON."""
    data = json.loads((ROOT / f"reports/published/tables/{table}.json").read_text())
    cell: dict[str, Any] = next(each for each in data["rows"] if each["id"] == row)["cells"][column]
    return cell


def overflow(page: Page) -> int:
    """Pixels that the page is wider than its window."""
    width: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return width


@pytest.mark.parametrize("language", ["pt", "en"])
def test_every_cell_of_every_table_reads_as_its_json_in_both_languages(browser: Browser, page_file: Path, language: str) -> None:
    page, seen = open_page(browser, page_file, f"?lang={language}")
    assert page.locator("table.data").count() == len(TABLES)
    for file in TABLES:
        data = json.loads(file.read_text())
        table = page.locator(f"#{data['table']} table.data")
        shown = table.evaluate(
            "table => [...table.tBodies[0].rows].map(r => [...r.cells].map(c => c.querySelector('.what')?.innerText ?? ''))"
        )
        printed = [[row["cells"][column["id"]]["printed"][language] for column in data["columns"]] for row in data["rows"]]
        assert [[" ".join(text.split()) for text in row] for row in shown] == [[" ".join(text.split()) for text in row] for row in printed]
        assert page.locator(f"#caption-{data['table']}").inner_text() == data["caption"][language]
    assert page.evaluate("document.documentElement.lang") == {"pt": "pt-BR", "en": "en"}[language]
    assert seen == Seen([], [])


def test_no_word_of_the_other_language_is_left(browser: Browser, page_file: Path) -> None:
    """Where the languages have their own words only one is shown; what exists in English alone is marked as English."""
    page, _ = open_page(browser, page_file, "?lang=pt")
    visible = "[...document.querySelectorAll('[lang={}]')].filter(each => each.getClientRects().length).length"
    assert page.evaluate(visible.format("en")) == 0
    assert page.evaluate(visible.format("pt")) > 500
    page.get_by_text("EN", exact=True).click()
    assert page.evaluate(visible.format("pt")) == 0
    assert page.get_by_role("heading", name="Side by side").is_visible()
    assert page.title() == "Report of campaign published · Lastro"
    page.goto(page_file.as_uri())
    assert page.get_by_role("heading", name="Side by side").is_visible(), "the choice is remembered"


def test_a_click_tells_the_whole_lineage(browser: Browser, page_file: Path) -> None:
    page, seen = open_page(browser, page_file, "?lang=en")
    dialog = page.get_by_role("dialog")
    places = [("tab13", "sft", "qa.em"), ("tab07", "loss", "v3"), ("tab03", "cost", "v5_main"), ("tokens", "unique", "v5_main")]
    for table, column, row in places:
        cell = cell_of(table, column, row)
        page.locator(f"#{table}-{column}-{row.replace('.', '-')} .cell").click()
        assert dialog.locator(".big").inner_text() == cell["printed"]["en"]
        text = dialog.inner_text()
        for part in cell["parts"]:
            expected = [part["missing"]] if "missing" in part else [json.dumps(part["value"]), part["formula"]]
            expected += [place[key] for place in part["lineage"] for key in ("file", "path", "sha256")]
            expected += [f"{place['record']}, field {place['field']}" for place in part["lineage"] if "record" in place]
            assert [each for each in expected if each not in text] == []
        assert f"python -m stages.why {table} {column}.{row}" in text
        page.keyboard.press("Escape")
        assert not dialog.is_visible()
    assert seen == Seen([], [])


def test_the_dialog_says_what_the_thesis_prints_and_what_the_audit_found(browser: Browser, page_file: Path) -> None:
    page, _ = open_page(browser, page_file, "?lang=en#tab09-tokenizer-v5b_long")
    dialog = page.get_by_role("dialog")
    assert "The thesis prints unigram 12k: different" in dialog.inner_text(), "a link leads to the cell and opens it"
    reaching = [finding for finding in FINDINGS["findings"] if "tab09 tokenizer.v5b_long" in finding["cells"]]
    assert dialog.locator(".reached li").count() == len(reaching) > 0
    assert all(finding["message"] in dialog.inner_text() for finding in reaching)
    dialog.locator(".reached a").first.click()
    assert not dialog.is_visible()
    finding = page.locator(".finding:target")
    assert finding.evaluate("each => each.open")
    finding.get_by_role("link", name="tab09 tokenizer.v5b_long", exact=True).click()
    assert dialog.locator(".big").inner_text() == "unigram 12k (+fallback)", "and back to the cell"


def test_a_cell_on_faulty_evidence_says_so_before_where_it_comes_from(browser: Browser, page_file: Path) -> None:
    page, _ = open_page(browser, page_file, "?lang=en#tab13-sft-qa-em")
    dialog = page.get_by_role("dialog")
    box = dialog.locator(".faults")
    errors = [each for each in FINDINGS["findings"] if each["severity"] == "error" and "tab13 sft.qa.em" in each["cells"]]
    assert [each["message"] in box.inner_text() for each in errors] == [True] * len(errors) != []
    assert "Rests on evidence with an error" in box.inner_text()
    assert dialog.inner_text().index(errors[0]["message"]) < dialog.inner_text().index("Read from")
    corrected = cell_of("tab13_corrected", "sft", "qa.em.answer")["printed"]["en"]
    box.get_by_role("link", name=corrected).click()
    assert dialog.locator(".big").inner_text() == corrected
    assert dialog.locator(".faults").count() == 0


def test_going_back_closes_the_dialog(browser: Browser, page_file: Path) -> None:
    page, _ = open_page(browser, page_file)
    dialog = page.get_by_role("dialog")
    page.locator("#tab07-loss-v3 .cell").click()
    page.go_back()
    dialog.wait_for(state="hidden")
    page.locator(".errors a").first.click()
    page.locator(".finding:target dd a").first.click()
    dialog.wait_for(state="visible")
    page.go_back()
    dialog.wait_for(state="hidden")
    assert page.locator(".finding:target").count() == 1


def test_every_address_on_the_page_leads_somewhere(browser: Browser, page_file: Path) -> None:
    page, _ = open_page(browser, page_file)
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(each => each.id)")
    assert len(ids) == len(set(ids)), "two places of one name: a link would lead to the first"
    links = {unquote(link) for link in page.evaluate("[...document.querySelectorAll('a[href]')].map(each => each.getAttribute('href'))")}
    assert {link for link in links if link.startswith("#")} <= {f"#{each}" for each in ids}
    files = {link.split("#")[0] for link in links if not link.startswith(("#", "https://"))}
    assert [each for each in files if not (ROOT / "reports/published" / each).exists()] == []


def test_the_top_says_what_is_wrong_in_the_readers_language(browser: Browser, page_file: Path) -> None:
    page, _ = open_page(browser, page_file)
    top = page.locator("#top")
    assert "Saídas guardadas que contêm parte do prompt" in top.inner_text()
    assert "1,335 of 1,800" in top.inner_text()
    gain = cell_of("tab13_corrected", "gain", "qa.em.answer")["printed"]["pt"]
    assert top.get_by_role("row").filter(has_text="EM").filter(has_text=gain).count() == 1


def test_the_keyboard_alone_reaches_a_cell_and_comes_back(browser: Browser, page_file: Path) -> None:
    page, _ = open_page(browser, page_file)
    assert page.locator("#tab07 .cell[tabindex='0']").count() == 1, "a table is one stop"
    page.locator("#tab07 .cell[tabindex='0']").focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowDown", "Enter"):
        page.keyboard.press(key)
    dialog = page.get_by_role("dialog")
    assert dialog.locator(".big").inner_text() == cell_of("tab07", "hours", "v2")["printed"]["pt"]
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.closest('[id]').id") == "tab07-hours-v2"


def test_findings_and_lines_can_be_narrowed(browser: Browser, page_file: Path) -> None:
    page, _ = open_page(browser, page_file, "?lang=en")
    shown = page.locator("#findings .finding:not([hidden])")
    worked = {rule["id"] for rule in FINDINGS["rules"] if rule["family"] == "worked"}  # these stand in a section of their own
    there = [each for each in FINDINGS["findings"] if each["rule"] not in worked]
    total = len(there)
    assert shown.count() == total
    page.get_by_label("notes").uncheck()
    page.get_by_label("warnings").uncheck()
    assert shown.count() == len([each for each in there if each["severity"] == "error"])
    page.get_by_label("Reaches table").select_option("tab09")
    expected = [each for each in there if each["severity"] == "error" and any(cell.startswith("tab09 ") for cell in each["cells"])]
    assert shown.count() == len(expected) > 0
    assert page.locator("#findings output").inner_text() == f"{len(expected)} of {total} shown"
    page.locator("#findings").get_by_label("Contains the text").fill("no finding says this")
    assert shown.count() == 0
    assert page.locator("#findings .family:not([hidden])").count() == 0
    page.get_by_label("only where something differs").check()
    lines = page.locator("#beside-tab09 tr:not(.head)").filter(visible=True)
    assert lines.count() == 1 + 1, "the header, and the tokenizer that is not marked"


@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_is_as_wide_as_the_window(browser: Browser, page_file: Path, width: int) -> None:
    page, _ = open_page(browser, page_file, width=width)
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
    assert overflow(page) == 0
    page.locator("#tab13-sft-qa-em .cell").click()
    box = page.get_by_role("dialog").bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    assert page.get_by_role("dialog").evaluate("each => each.scrollWidth - each.clientWidth") == 0


def test_on_paper_no_table_is_cut(browser: Browser, page_file: Path) -> None:
    page, _ = open_page(browser, page_file, width=688)  # A4 less its margins, in CSS pixels
    page.emulate_media(media="print")
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
    tables = "[...document.querySelectorAll('table')].filter(t => t.checkVisibility())"
    assert page.evaluate(f"{tables}.filter(t => t.getBoundingClientRect().right > innerWidth + 1).map(t => t.closest('[id]').id)") == []
    assert page.evaluate(f"{tables}.length") == page.locator("table").count(), "what was opened is printed, too"
    assert not page.locator(".bar").is_visible()


def test_without_scripts_everything_is_there_to_read(browser: Browser, page_file: Path) -> None:
    page, _ = open_page(browser, page_file, java_script_enabled=False)
    assert page.locator("#tab13-sft-qa-em").inner_text().startswith("0,090±0,017")
    assert page.locator(".filter").first.is_hidden()
    page.get_by_text("EN", exact=True).click()
    assert page.locator("#tab13-sft-qa-em").inner_text().startswith("0.090±0.017"), "the language changes all the same"


BAD = '</script></style><img src="https://example.org/a" onerror="alert(1)"><script>alert(2)</script><a href="javascript:alert(3)">'


def test_hostile_text_does_nothing(browser: Browser, tmp_path: Path) -> None:
    table = small(loss=1.5)
    hostile = poison(table | {"campaign": "", "table": ""}, BAD) | {"campaign": "published", "table": "tab07"}
    for column, kept in zip(hostile["columns"], table["columns"], strict=True):
        column["id"] = kept["id"]
    some = [poison(each, BAD) | {"rule": each["rule"], "severity": "error"} for each in FINDINGS["findings"][:5]]
    figure = {"name": "f", "caption": {"pt": BAD, "en": BAD}, "alt": {"pt": BAD, "en": BAD}}
    images = {language: {"address": "data:image/svg+xml," + BAD, "file": BAD} for language in ("pt", "en")}
    page_of = page_content(inputs(tables=[hostile], findings=FINDINGS | {"findings": some}, figures=[figure | {"images": images}]))
    file = tmp_path / "index.html"
    file.write_text(render(page_of))
    page, seen = open_page(browser, file)
    assert page.locator("#tab07 .cell").count() == 2
    page.locator("#tab07 .cell").first.click()
    assert BAD in page.get_by_role("dialog").inner_text()
    page.keyboard.press("Escape")
    page.locator(".finding summary").first.click()
    assert page.locator("img[onerror], a[href^='javascript']").count() == 0
    assert seen == Seen([], [])
