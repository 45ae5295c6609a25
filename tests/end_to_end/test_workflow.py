"""What the DAG plans and runs: the clone test, one price, one importer, failures that leave earlier results alone."""

import re
import subprocess
from pathlib import Path

import pytest

from stages.ledger import entry_of
from tests.conftest import copy_project, files_below, run_in, snakemake

GIT = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
NOTHING = "Nothing to be done"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A fresh clone of the project as it would be committed, without any evidence."""
    source = copy_project(tmp_path / "source")
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "all"]):
        subprocess.run([*GIT, *command], cwd=source, check=True)
    subprocess.run(["git", "clone", "-q", str(source), str(tmp_path / "clone")], check=True)
    return tmp_path / "clone"


def git_status(folder: Path) -> str:
    return subprocess.run(["git", "status", "--short"], cwd=folder, capture_output=True, text=True, check=True).stdout


def planned(folder: Path, *arguments: str) -> dict[str, str]:
    """Reason of each planned job, by its message."""
    text = snakemake(folder, "-n", *arguments)
    return dict(re.findall(r"^Job \d+: (.+)\nReason: (.+)$", text, re.MULTILINE))


def planned_tables(jobs: dict[str, str]) -> set[str]:
    return {match[1] for job in jobs if (match := re.match(r"Writing table (\w+)", job))}


def test_a_clone_has_nothing_to_do_and_makes_one_deleted_table_and_its_page(clone: Path) -> None:
    assert NOTHING in snakemake(clone, "-n")
    (clone / "reports/published/tables/tab13.tex").unlink()
    assert set(planned(clone)) == {"Writing table tab13 of campaign published", "Writing the report of campaign published"}
    ran = snakemake(clone)
    assert dict(re.findall(r"^(\w+) +(\d+)$", ran, re.MULTILINE)) == {"table": "1", "report_page": "1", "all": "1", "total": "3"}
    assert git_status(clone) == ""
    assert NOTHING in snakemake(clone, "-n")


def test_a_clone_without_evidence_or_network_makes_all_its_tables_again(clone: Path) -> None:
    before = files_below(clone, "reports", "analysis")
    for path in (clone / "reports/published/tables").iterdir():
        path.unlink()
    snakemake(clone, "tables", "check")
    snakemake(clone, "audit")  # its table of counts, from the findings; the audit itself would need the evidence
    assert files_below(clone, "reports", "analysis") == before
    assert git_status(clone) == ""


@pytest.mark.parametrize(
    ("price", "tables"),
    [("0.07", {"tab02", "tab03"}), ("0.13", {"tab02", "tab03"}), ("0.30", {"tab02", "tab03", "tab04", "tab11", "tab13"})],
)
def test_a_changed_price_plans_the_tables_that_use_it_and_says_why(project: Path, price: str, tables: set[str]) -> None:
    prices = project / "params/prices.yaml"
    prices.write_text(prices.read_text().replace(f"usd_per_hour: {price}", "usd_per_hour: 0.99"))
    jobs = planned(project)
    assert planned_tables(jobs) == tables
    others = {job for job in jobs if not job.startswith("Writing table")}
    costs = {"Drawing figure cost_quality of campaign published"} if "tab03" in tables else set()
    assert others == {"Writing the report of campaign published"} | costs, "and nothing else"
    for reason in (jobs[job] for job in jobs.keys() - others):
        assert reason.startswith("Params have changed")
        assert '"usd_per_hour": 0.99' in reason


def test_an_edited_importer_plans_its_records_and_their_tables(project: Path) -> None:
    importer = project / "stages/importers/adapter.py"
    importer.write_text(importer.read_text() + "# an edit\n")
    jobs = planned(project)
    assert {job for job in jobs if job.startswith("Importing")} == {
        f"Importing run {run} of campaign published from its published files" for run in ("cpt", "sft")
    }
    assert planned_tables(jobs) == {"tab01", "tab03", "tab04", "tab11", "tab12", "tokens"}
    assert {job for job in jobs if job.startswith("Drawing")} == {
        f"Drawing figure {figure} of campaign published" for figure in ("learning_curves", "losses", "cost_quality", "roadmap")
    }
    assert len(jobs) == 2 + 6 + 4 + 2, "and the metrics, and the page"


def test_edits_that_make_nothing_different_plan_nothing(project: Path) -> None:
    for file in ("stages/publish.py", "stages/evidence.py", "tests/conftest.py", "README.md", "params/prices.yaml", "Snakefile"):
        with (project / file).open("a") as opened:
            opened.write("\n# a remark\n")
    for path in (project / "params").rglob("*.yaml"):
        path.touch()
    for path in (project / "stages").rglob("*.py"):
        path.touch()
    assert NOTHING in snakemake(project, "-n")


def test_a_changed_parameter_of_one_run_plans_that_run_alone(project: Path) -> None:
    jobs = planned(project, "records", "--config", "set=v6_rc16k_v5b.training.batch_size=32")
    assert list(jobs) == ["Importing run v6_rc16k_v5b of campaign published from its published files"]


def test_english_tables_have_points(project: Path) -> None:
    snakemake(project, "reports/published/tables/tab07.tex", "--config", "lang=en")
    text = (project / "reports/published/tables/tab07.tex").read_text()
    assert "55.0\\%" in text
    assert "Accuracy" in text


def test_a_failed_table_keeps_its_earlier_files_and_is_planned_again(project: Path) -> None:
    snakemake(project, "-n")
    before = files_below(project, "reports", "analysis", "versions", ".snakemake/metadata")
    prices, spec = project / "params/prices.yaml", project / "params/tables/tab04.yaml"
    prices.write_text(prices.read_text().replace("usd_per_hour: 0.30", "usd_per_hour: 0.31"))
    good = spec.read_text()
    spec.write_text(good.replace("sum(column.hours)", "sum(column.horas)"))
    done = run_in(project, "snakemake", "-c1", "reports/published/tables/tab04.tex")
    assert done.returncode == 1
    assert "error: params/tables/tab04.yaml: hours.total: horas: found an unknown name" in done.stdout + done.stderr
    assert files_below(project, "reports", "analysis", "versions", ".snakemake/metadata") == before
    spec.write_text(good)
    assert "tab04" in planned_tables(planned(project, "tables")), "the new price has not made the table yet"
    prices.write_text(prices.read_text().replace("usd_per_hour: 0.31", "usd_per_hour: 0.30"))
    assert NOTHING in snakemake(project, "-n")


def test_a_record_of_an_unknown_schema_stops_its_tables(project: Path) -> None:
    record = project / "versions/published/v1-char-rnn/v1/record.json"
    record.write_text(record.read_text().replace('"schema_version": 1', '"schema_version": 99'))
    before = files_below(project, "reports")
    done = run_in(project, "snakemake", "-c1", "reports/published/tables/tab07.tex")
    assert done.returncode == 1
    assert "v1/record.json: schema_version: found 99, expected 1" in done.stdout + done.stderr
    assert files_below(project, "reports") == before


def test_prices_follow_the_device_that_ran(project: Path) -> None:
    """A record from another device is priced as that device; a device without a price is named."""
    for record in ("v2-char-lm/v2", "v3-stacked-lstm/v3"):
        path = project / f"versions/published/{record}/record.json"
        path.write_text(path.read_text().replace('"device": "NVIDIA GeForce RTX 3080"', '"device": "NVIDIA A100"'))
    done = run_in(project, "snakemake", "-c1", "tables")
    assert done.returncode == 1
    assert "params/prices.yaml: NVIDIA A100: found no entry, expected a price for every device" in done.stdout + done.stderr
    with (project / "params/prices.yaml").open("a") as prices:
        prices.write("NVIDIA A100: {name: A100, usd_per_hour: 1.5, source: a test}\n")
    snakemake(project, "tables")
    assert "RTX 3080,0.07\n" in (project / "reports/published/tables/tab02.csv").read_text()
    assert "A100,1.5\n" in (project / "reports/published/tables/tab02.csv").read_text()
    assert re.search(r"^v2,v2,A100,0.87\d+,1.5,1.31", (project / "reports/published/tables/tab03.csv").read_text(), re.MULTILINE)


def test_a_table_of_an_unknown_run_is_an_error_not_a_gap(project: Path) -> None:
    spec = project / "params/tables/tab07.yaml"
    spec.write_text(spec.read_text().replace("run: v1,", "run: v1_new,"))
    done = run_in(project, "snakemake", "-n")
    assert done.returncode == 1
    assert "params/tables/tab07.yaml: rows: found v1_new, expected runs that have a file in params/runs" in done.stdout + done.stderr


def test_an_interrupted_run_is_finished_by_the_same_command(project: Path) -> None:
    """A job that was killed leaves a mark; the next call makes its output again, and the result is the committed one."""
    before = files_below(project, "reports", ".snakemake/metadata")
    marks = project / ".snakemake/incomplete"
    marks.mkdir(exist_ok=True)
    (marks / entry_of("reports/published/tables/tab07.tex")).write_text('{"external_jobid": null}')
    assert planned_tables(planned(project)) == {"tab07"}
    snakemake(project)
    assert files_below(project, "reports", ".snakemake/metadata") == before
    assert NOTHING in snakemake(project, "-n")


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("campain=published", "--config: campain: found an unknown key"),
        ("lang=fr", "--config: lang: found 'fr', expected one of: pt, en"),
        ("campaign=none", "params/campaigns/none.yaml: found no such file, expected one of: demo, published"),
        ("set=v1.training.batchsize=1", "--config set: training.batchsize: found unknown key 'batchsize'"),
    ],
)
def test_a_wrong_setting_stops_with_key_found_and_expected(project: Path, config: str, message: str) -> None:
    done = run_in(project, "snakemake", "-n", "--config", config)
    assert done.returncode == 1
    assert message in done.stdout + done.stderr


def test_lint_says_nothing_but_the_hint_on_environments(project: Path) -> None:
    done = run_in(project, "snakemake", "--lint")
    lints = re.findall(r"^    \* (.+)$", done.stdout + done.stderr, re.MULTILINE)
    assert set(lints) == {"Specify a conda environment or container for each rule.:"}
