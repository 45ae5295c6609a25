"""No text of a user becomes a command: names are refused where they could, what else there is of text is quoted."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from stages.errors import UserError
from stages.evidence import register
from stages.parameter_files import campaign_file, run_file
from stages.parameters import load_campaign, load_run
from stages.training_parameters import AdapterArchitecture
from tests.conftest import ROOT, copy_project, run_in
from tests.unit.tuning import LORA

HOSTILE = [
    "x; touch pwned",
    "$(touch pwned)",
    "`touch pwned`",
    "../../etc",
    "x\ntouch pwned",
    "x y",
    "-x",
    "publish\u0435d",
    "x'",
    'x"',
    "",
    "a|b",
    "*",
]
"""What a shell, a path or a reader would take for something else; the e of one is Cyrillic."""
READ_RULES = """
import json, sys
from pathlib import Path
from snakemake.api import OutputSettings, ResourceSettings, SnakemakeApi

with SnakemakeApi(OutputSettings(quiet=set())) as api:
    loaded = api.workflow(resource_settings=ResourceSettings(cores=1), snakefile=Path("Snakefile"))
    workflow = loaded._get_workflow(check_envvars=False)
    workflow.include(loaded.snakefile, overwrite_default_target=True, print_compilation=False)
    rules = [
        {
            "name": rule.name,
            "shell": rule.shellcmd or "",
            "patterns": [str(file) for file in [*rule.output, *rule.log]],
            "matching": [
                hostile for hostile in json.loads(sys.argv[1]) for file in rule.output for name in file.get_wildcard_names()
                if file.match(file.apply_wildcards({other: hostile if other == name else "v1" for other in file.get_wildcard_names()}))
            ],
        }
        for rule in workflow.rules
    ]
print("RULES" + json.dumps(rules))
"""


@pytest.fixture(scope="module")
def rules() -> list[dict[str, Any]]:
    """Every rule as Snakemake reads it: its command, its files, and which of the hostile names these take for a wildcard's value."""
    done = subprocess.run([sys.executable, "-c", READ_RULES, json.dumps(HOSTILE)], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout.partition("RULES")[2])
    return found


def test_every_placeholder_of_a_command_is_quoted(rules: list[dict[str, Any]]) -> None:
    commands = {rule["name"]: re.findall(r"\{[^}]*\}", rule["shell"]) for rule in rules}
    assert sum(map(len, commands.values())) > 100
    assert [
        f"{rule}: {each}" for rule, found in commands.items() for each in found if not each.endswith(":q}") and each != "{threads}"
    ] == []


def test_no_wildcard_takes_a_hostile_name(rules: list[dict[str, Any]]) -> None:
    assert len([rule for rule in rules if any("{" in pattern for pattern in rule["patterns"])]) > 25
    assert {rule["name"]: rule["matching"] for rule in rules if rule["matching"]} == {}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_of_campaigns_and_runs_are_refused(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for where in (campaign_file, run_file, load_campaign, lambda name: load_run("published", name)):
        with pytest.raises(UserError, match="expected a name of"):
            where(name)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="--campaign: .*expected a name of letters"):
        register(tmp_path, name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", [*HOSTILE, "a/b/c", "/a", "a/-b"])
def test_a_model_of_the_hub_has_a_plain_name(name: str) -> None:
    with pytest.raises(ValueError, match="base_model"):
        AdapterArchitecture.model_validate({**LORA, "base_model": name})
    for revision in {name, f"main{name}"} - {"", "maina/b/c", "a/b/c", "main-x", "main/a", "maina/-b", "a/-b", "main", "main../../etc"}:
        with pytest.raises(ValueError, match="revision"):
            AdapterArchitecture.model_validate({**LORA, "base_model": "a/b", "revision": revision})


CORPUS = 'it\'s $(touch pwned); `touch pwned` "x".txt'


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project in a folder of a hostile name, with a campaign whose text lies in a file of one."""
    folder = copy_project(tmp_path_factory.mktemp("commands") / 'it\'s "my" $(touch pwned) project')
    (folder / CORPUS).write_text("Um texto.\n\nOutro texto.\n")
    campaign = {
        "campaign": "tricky",
        "source": "training",
        "runs": ["v1"],
        "corpus": {"source": "local", "path": CORPUS, "licence": "none"},
    }
    (folder / "params/campaigns/tricky.yaml").write_text(json.dumps(campaign))
    return folder


@pytest.mark.fuzz
def test_a_file_and_a_folder_of_a_hostile_name_are_read_and_nothing_else(project: Path) -> None:
    done = run_in(
        project, "snakemake", "-c1", "data/tricky/corpus/manifest.json", "--config", "campaign=tricky", "set=v1.title=$(id>pwned)"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Um texto." in (project / "data/tricky/corpus/documents.txt").read_text()
    assert not list(project.parent.rglob("pwned*"))


@pytest.mark.fuzz
def test_snakemake_says_which_name_it_refuses(project: Path) -> None:
    (project / "params/runs/x; touch pwned.yaml").write_text("run: x")
    for config, told in (("campaign=$(touch pwned)", "--config: campaign: found '$(touch pwned)'"), ("campaign=tiny", "'x; touch pwned'")):
        done = run_in(project, "snakemake", "-n", "--config", config)
        assert done.returncode != 0
        assert told in done.stdout + done.stderr
    assert not list(project.parent.rglob("pwned*"))
