"""The project's own papers agree with each other and with what was measured."""

import json
import re
import tomllib
from importlib.metadata import version

import yaml

from tests.conftest import ROOT

LOCK = dict(re.findall(r"^([A-Za-z0-9_.-]+)==(\S+)$", (ROOT / "requirements.lock").read_text(), re.MULTILINE))


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_line_of_the_lock_is_an_exact_pin() -> None:
    lines = [line for line in (ROOT / "requirements.lock").read_text().splitlines() if line and not line.startswith("#")]
    assert len(lines) == len(LOCK)


def test_the_lock_holds_what_the_project_asks_for_and_what_is_installed() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    pins = {plain(name): pinned for name, pinned in LOCK.items()}
    for requirement in [*project["dependencies"], *project["optional-dependencies"]["dev"]]:
        name, pinned = requirement.split("==")
        assert pins[plain(name)] == pinned
        assert version(name).partition("+")[0] == pinned  # a build of torch names its device after the version


def test_conda_users_get_the_versions_of_the_lock() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    assert environment["dependencies"][-1] == {"pip": ["-r requirements.lock"]}
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    assert "python=3.11" in environment["dependencies"]
    assert wanted == ">=3.11,<3.12"


def test_the_readme_states_the_counts_that_the_check_gave() -> None:
    verdicts = json.loads((ROOT / "analysis/published/thesis_check.json").read_text())
    counts = verdicts["verdicts"]
    names = ("equal", "equal under habit", "different")
    stated = f"{verdicts['cells']} cells: " + ", ".join(f"{counts[name]} {name}" for name in names)
    assert stated in (ROOT / "README.md").read_text()


def test_the_readme_shows_table_13_as_it_is() -> None:
    rows = json.loads((ROOT / "reports/published/tables/tab13.json").read_text())["rows"]
    readme = (ROOT / "README.md").read_text()
    for row in rows:
        shown = [row["cells"][name]["printed"]["en"] for name in ("task", "metric", "base", "sft", "gain")]
        assert "| " + " | ".join(shown) + " |" in readme


def test_the_readme_states_what_the_audit_found() -> None:
    summary = json.loads((ROOT / "analysis/published/audit/findings.json").read_text())["summary"]
    severities, cells = summary["severities"], summary["cells"]
    found = ", ".join(f"{severities[name]} {name}s" for name in ("error", "warning")) + f" and {severities['note']} notes"
    faulty = f"{cells['confirmed_on_faulty_evidence']} rest on evidence with an error"
    readme = " ".join((ROOT / "README.md").read_text().split())
    worked = summary["families"]["worked"]
    assert f"{summary['rules']} rules find {found} ({worked['error']}, {worked['warning']} and {worked['note']} of them on" in readme
    assert f"{cells['confirmed']} follow from their evidence, and {faulty}" in readme


def test_the_readme_states_what_became_of_the_worked_numbers() -> None:
    counts = json.loads((ROOT / "analysis/published/audit/worked_numbers.json").read_text())["counts"]["all"]
    readme = " ".join((ROOT / "README.md").read_text().split())
    assert f"of {counts['entries']} entries, {counts['follows']} follow, {counts['rounding']} when rounded otherwise" in readme
    assert f"{counts['convention']} under another convention; {counts['differs']} do not, " in readme
    assert f"{counts['not verifiable']} cannot be verified" in readme
    assert f"{counts['definition']} define something" in readme


def test_the_readme_shows_the_corrected_scores_as_they_are() -> None:
    rows = json.loads((ROOT / "reports/published/tables/tab13_corrected.json").read_text())["rows"]
    readme = (ROOT / "README.md").read_text()
    for row in rows:
        if row["id"].endswith(".answer"):
            shown = [row["cells"][name]["printed"]["en"] for name in ("base", "sft", "gain", "interval")]
            assert "| " + " | ".join(shown) + " |" in readme
