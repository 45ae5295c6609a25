"""The README's pictures of MLflow, from the committed records: docs/images/mlflow_*.png.

    python -m bench.screenshots      needs Chromium (Debian: apt-get install chromium) and the playwright package

A store is published in a temporary folder and served on a free port of this machine; no request leaves it.
"""

import re
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from stages.errors import report_errors
from stages.mirror import mirror_campaign
from stages.publish import publish, view_of
from stages.store import open_store
from stages.ui import HOST, serving

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

CAMPAIGN = "published"
IMAGES = Path("docs/images")
CHROMIUM = "/usr/bin/chromium"
WIDTH = 1440
HEIGHTS = {"runs": 760, "compare": 905, "scores": 780}
"""Pixels of each picture: as much as there is to see."""


def free_port() -> int:
    """A port of this machine that nothing listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


@contextmanager
def browsing(left: list[str]) -> "Iterator[Page]":
    """A page of a browser that reaches this machine only; addresses of other machines that it asked for are added to ``left``."""
    from playwright.sync_api import sync_playwright

    def here_only(route: "Route") -> None:
        if route.request.url.startswith((f"http://{HOST}:", "data:", "blob:")):
            route.continue_()
        else:
            left.append(route.request.url)
            route.abort()

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": WIDTH, "height": 900}, locale="en-GB", timezone_id="UTC")
        page.route("**/*", here_only)
        yield page
        browser.close()


def open_page(page: "Page", address: str, shown: str) -> None:
    """Open an address, wait for the text ``shown``, put away what is beside it."""
    page.goto("about:blank")
    page.goto(address)
    page.get_by_text(shown, exact=True).first.wait_for()
    page.wait_for_timeout(2500)  # its panels slide in
    for name in ("mlflow.assistant.chat_panel.close", "mlflow.sidebar.collapse"):
        if (button := page.locator(f'[data-component-id="{name}"]')).count():
            button.first.click()
    page.wait_for_timeout(1000)


def side_by_side(note: str, group: str) -> str:
    """The address of a group's comparison, from the experiment's description."""
    line = next(line for line in note.splitlines() if view_of("", group).split("?")[1] in line)
    return str(re.findall(r"\((#/compare-runs[^)]*)\)", line)[0])


def take(page: "Page", name: str, pictures: dict[str, Path]) -> None:
    """One picture, in fewer colours: a third of the bytes."""
    page.set_viewport_size({"width": WIDTH, "height": HEIGHTS[name]})
    page.wait_for_timeout(1000)
    drawn = Image.open(BytesIO(page.screenshot()))
    drawn.convert("RGB").quantize(128).save(pictures[name], optimize=True)


def draw(store: Path, port: int) -> list[Path]:
    """Write the pictures; return their places."""
    experiment = open_store(store).get_experiment_by_name(CAMPAIGN)
    assert experiment is not None
    note, left = experiment.tags["mlflow.note.content"], list[str]()
    base, pictures = f"http://{HOST}:{port}/", {name: IMAGES / f"mlflow_{name}.png" for name in HEIGHTS}
    IMAGES.mkdir(parents=True, exist_ok=True)
    with browsing(left) as page:
        open_page(page, base + view_of(str(experiment.experiment_id), "models"), "v6_rc16k_v5b")
        take(page, "runs", pictures)
        for group, shown, name in (("models", "v1", "compare"), ("scores", "extrinsic: sft", "scores")):
            open_page(page, base + side_by_side(note, group), shown)
            for section in ("Parameters", "Visualizations"):  # away with them: the figures are what is compared
                page.get_by_text(section, exact=True).first.click()
                page.wait_for_timeout(1000)
            take(page, name, pictures)
    assert not left, f"asked for {left}"
    return list(pictures.values())


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        store, port = Path(folder, "store.db"), free_port()
        publish(open_store(store), CAMPAIGN, mirror_campaign(CAMPAIGN), {})
        with serving(store, port, Path(folder, "server.log")):
            for picture in draw(store, port):
                print(f"{picture}: {picture.stat().st_size // 1024} KiB")


if __name__ == "__main__":
    report_errors(main)
