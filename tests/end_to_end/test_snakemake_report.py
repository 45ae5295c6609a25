"""``snakemake --report``: one page with tables, figures and audit, which opens without a network and leaves the ledger as it is."""

import shutil
from pathlib import Path

import pytest

from tests.conftest import files_below, snakemake

CHROMIUM = "/usr/bin/chromium"


@pytest.mark.skipif(shutil.which(CHROMIUM) is None, reason="Chromium is not here (Debian: apt-get install chromium)")
def test_the_page_opens_offline_with_every_table_and_the_audit(project: Path) -> None:
    from playwright.sync_api import Route, sync_playwright

    before = files_below(project, ".snakemake/metadata", "reports", "analysis")
    snakemake(project, "--report", "report.html", "all", "audit")
    assert files_below(project, ".snakemake/metadata", "reports", "analysis") == before
    left: list[str] = []
    errors: list[str] = []

    def local_only(route: Route) -> None:
        if route.request.url.startswith(("file:", "data:", "blob:")):
            route.continue_()
        else:
            left.append(route.request.url)
            route.abort()

    with sync_playwright() as playwright:
        page = (browser := playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])).new_page()
        page.route("**/*", local_only)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto((project / "report.html").as_uri())
        page.get_by_text("Tables", exact=True).click()
        names = {path.stem for path in (project / "reports/published/tables").glob("*.csv")}
        assert names <= set(page.inner_text("body").split())
        page.locator("tr", has_text="tab03").locator("a").nth(1).click()
        description = page.locator("pre", has_text="v6_rc16k_v5b_aligned")
        description.wait_for()
        assert "13.315368532405959" in description.inner_text(), "the table itself, in full precision"
        page.reload()
        page.get_by_text("Audit", exact=True).click()
        page.locator("tr", has_text="Findings by rule").locator("a").first.click()
        page.frame_locator("iframe").get_by_role("heading", name="What matters most").wait_for()
        page.reload()
        page.get_by_text("Figures", exact=True).click()
        page.locator("tr", has_text="losses").locator("a").first.click()
        page.locator('img[src^="data:image/svg+xml"]').first.wait_for()
        browser.close()
    assert not left
    assert not errors
