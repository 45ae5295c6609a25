"""Text of users in every page that shows it: it is read, and does nothing."""

import copy
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jinja2
import pytest
from docutils.core import publish_parts  # type: ignore[import-untyped]
from playwright.sync_api import Browser, Dialog, Page, Request, sync_playwright

from stages.audit import page as audit_page
from stages.errors import UserError
from stages.latex import escape
from stages.report import page as report_page
from stages.report.content import page_content
from stages.table_spec import TableSpec
from tests.conftest import ROOT
from tests.unit.test_report import FINDINGS, inputs, poison, small

CHROMIUM = Path("/usr/bin/chromium")
BAD = (
    "</script></style></title><script>alert(1)</script><img src=x onerror=alert(2)>\" onmouseover=\"alert(3)' onfocus='alert(4) "
    "]]><!-- <svg onload=alert(5)> {{ 7 * 7 }} {% raw %} ${alert(6)} \u2028 javascript:alert(7) <a href='javascript:alert(8)'>x</a>"
)
KEPT = {"severity", "rule", "verdict", "family", "findings", "align", "campaign", "table"}
"""Words of the project's own, by which texts are sorted; a file that has others is refused."""


def hostile(value: Any, keep: set[str] = KEPT) -> Any:
    """``value`` with :data:`BAD` behind every text but those under the names to keep."""
    if isinstance(value, dict):
        return {key: inner if key in keep and not isinstance(inner, list) else hostile(inner, keep) for key, inner in value.items()}
    return [hostile(inner, keep) for inner in value] if isinstance(value, list) else poison(value, BAD)


def report_file(folder: Path) -> Path:
    """The report with hostile captions, headers, cells, lineage, findings, rules, figures, registry, corpus, citation."""
    table = small(loss=1.5)
    bad = hostile(table, KEPT | {"id"})
    rules = [rule | {"title": rule["title"] + BAD, "proves": BAD, "cannot": BAD} for rule in FINDINGS["rules"]]
    findings = FINDINGS | {"rules": rules, "findings": [hostile(each, KEPT | {"cells"}) for each in FINDINGS["findings"][:3]]}
    figure = {"name": "f", "caption": {"pt": BAD, "en": BAD}, "alt": {"pt": BAD, "en": BAD}}
    figure["images"] = {language: {"address": "data:image/svg+xml," + BAD, "file": BAD} for language in ("pt", "en")}
    given = inputs()
    changed = inputs(
        tables=[bad],
        findings=findings,
        figures=[figure],
        registry=hostile(given.registry),
        citation=hostile(given.citation),
        sources={
            "corpus": {"source": "local", "path": BAD, "licence": BAD},
            "instructions": {"source": "local", "path": BAD, "licence": BAD},
        },
    )
    (folder / "report.html").write_text(report_page.render(page_content(changed)))
    return folder / "report.html"


def audit_file(folder: Path) -> Path:
    """The audit's page with hostile rules, findings and corrected tables."""
    result = copy.deepcopy(FINDINGS) | {"campaign": "published" + BAD}
    kept = {finding["rule"] for finding in FINDINGS["findings"][:3]}
    result["rules"] = [hostile(rule, KEPT | {"id"}) for rule in FINDINGS["rules"] if rule["id"] in kept]
    result["findings"] = [hostile(finding) for finding in FINDINGS["findings"][:3]]
    table = hostile(small(loss=1.5), {"id"})
    (folder / "audit.html").write_text(audit_page.render(result, [table]))
    return folder / "audit.html"


def opened(browser: Browser, file: Path) -> tuple[Page, list[Dialog], list[Request]]:
    """``file`` in a window, the dialogs that it opens and what it asks for."""
    page, alerts, asked = browser.new_page(), list[Dialog](), list[Request]()

    def shut(dialog: Dialog) -> None:
        alerts.append(dialog)
        dialog.dismiss()

    def note(request: Request) -> None:  # Playwright takes no built-in function
        asked.append(request)

    page.on("dialog", shut)
    page.on("request", note)
    page.goto(file.as_uri())
    return page, alerts, asked


@pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is not here (Debian: apt-get install chromium)")
def test_hostile_text_does_nothing_on_either_page(tmp_path: Path) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        for file in (report_file(tmp_path), audit_file(tmp_path)):
            page, alerts, asked = opened(browser, file)
            page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
            assert page.locator("body").inner_text().count("alert(2)") > 5, "it is there to read"
            assert page.locator("[onerror], [onmouseover], [onfocus], [onload], [src=x], a[href^='javascript']").count() == 0
            assert "49" not in re.findall(r"-->|\d+", page.locator("h1").first.inner_text())
            assert [each.url for each in asked if not each.url.startswith(("file:", "data:"))] == []
            assert alerts == []
            page.close()
        browser.close()


def test_both_pages_forbid_what_they_do_not_need(tmp_path: Path) -> None:
    for file in (report_file(tmp_path), audit_file(tmp_path)):
        text = file.read_text().replace("&#39;", "'")
        policy = re.search(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">', text)
        assert policy and policy.start() < text.index("<title>"), "before anything that it is about"
        rules = dict(part.strip().partition(" ")[::2] for part in policy[1].split(";"))
        assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
        assert re.fullmatch(r"'sha256-[\w+/=]+'", rules.get("script-src", "'sha256-x'"))


CELLS = [
    ".. raw:: html\n\n   <script>alert(1)</script>",
    "`x <javascript:alert(1)>`_",
    "<img src=x onerror=alert(1)>",
    ".. include:: /etc/passwd",
    ".. image:: https://example.org/a.png",
]


def test_what_a_cell_says_is_no_markup_in_snakemakes_report(tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_text("a\n" + "".join(f'"{cell}"\n' for cell in CELLS))
    job = SimpleNamespace(
        wildcards=SimpleNamespace(table="t", campaign="c"),
        output=SimpleNamespace(csv=str(table), json="t.json", tex="t.tex"),
        input=SimpleNamespace(spec="t.yaml"),
    )
    caption = jinja2.Template((ROOT / "workflow/report/table.rst").read_text()).render(snakemake=job)
    body = publish_parts(caption, writer_name="html")["body"]
    assert "&lt;script&gt;alert(1)" in body and "/etc/passwd" in body
    assert not re.search(r"<script|<img|<a |root:", body)
    others = [
        path
        for path in (ROOT / "workflow/report").glob("*.rst")
        if re.search(r"csv-table|raw::|include::(?!.*\n +:literal:)", path.read_text())
    ]
    assert others == [], "no caption reads data as markup"


LATEX = [
    r"\input{/etc/passwd}",
    r"\write18{touch pwned}",
    r"\immediate\write18{x}",
    "$x$",
    "a % b",
    "^^5cinput{x}",
    r"\end{table}",
    "#1 ~ & _ {",
]


@pytest.mark.parametrize("text", LATEX)
def test_text_of_a_table_is_no_latex(text: str) -> None:
    written = escape(text, "cell")
    commands = set(re.findall(r"\\([A-Za-z]+|.)", written))
    assert commands <= {"textbackslash", "{", "}", "$", "&", "#", "%", "_", "textasciitilde", "textasciicircum"}
    assert not re.search(r"(?<!\\)[%&#_$~^]", written)


@pytest.mark.parametrize("label", [*LATEX, "tab:x}", ""])
def test_a_label_of_a_table_is_a_plain_one(label: str) -> None:
    spec = {
        "table": "t",
        "label": label,
        "caption": "c",
        "rows": [{"id": "r"}],
        "columns": [{"id": "c", "header": "h", "parts": [{"value": "1"}]}],
    }
    with pytest.raises(ValueError, match="label"):
        TableSpec.model_validate(spec)
    TableSpec.model_validate(spec | {"label": "tab:a_b-1.2"})


def test_a_character_that_would_be_lost_is_an_error() -> None:
    with pytest.raises(UserError, match=re.escape("U+2028")):
        escape("\u2028", "cell")
