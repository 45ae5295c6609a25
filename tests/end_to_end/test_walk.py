"""docs/walk.md as a newcomer follows it: every command of every part, in order, in one copy of the project.

A block of ``sh`` is one script, which must succeed. In it, ``# prints TEXT`` and ``# does not print TEXT`` speak of its output,
``# exits with N`` of its exit status, and ``# needs WHAT; tested as: COMMAND`` puts a command that runs here in the place of the next line.
"""

import re
from pathlib import Path

import pytest

from tests.conftest import ROOT, copy_project, run_in

WALK = (ROOT / "docs/walk.md").read_text()
PARTS = re.findall(r"^## (\d)\. ", WALK, re.MULTILINE)
ELSEWHERE = re.compile(r"^# needs [^;\n]+; tested as: (.+)\n.+$", re.MULTILINE)


def blocks_of(part: str) -> list[str]:
    """The blocks of ``sh`` of one part, without the indentation of lists."""
    text = re.search(rf"^## {part}\. .*?(?=^## |\Z)", WALK, re.MULTILINE | re.DOTALL)
    assert text
    found = re.findall(r"^( *)```sh\n(.*?)^ *```", text[0], re.MULTILINE | re.DOTALL)
    return [re.sub(rf"^{indent}", "", block, flags=re.MULTILINE) for indent, block in found]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One copy of the project, which the parts change one after the other."""
    return copy_project(tmp_path_factory.mktemp("walk") / "project")


@pytest.mark.parametrize("part", PARTS)
def test_every_command_of_the_walk(part: str, folder: Path, request: pytest.FixtureRequest) -> None:
    blocks = blocks_of(part)
    assert blocks, "a part without commands"
    needs_evidence = any("LASTRO_EVIDENCE" in block for block in blocks)
    evidence = request.getfixturevalue("evidence") if needs_evidence else None
    for block in blocks:
        done = run_in(folder, "bash", "-euo", "pipefail", "-c", ELSEWHERE.sub(r"\1", block), evidence=evidence)
        printed = done.stdout + done.stderr
        expected = re.findall(r"^# exits with (\d+)$", block, re.MULTILINE)
        assert done.returncode == int(expected[0] if expected else 0), f"{block}\n{printed}"
        for text in re.findall(r"^# prints (.+)$", block, re.MULTILINE):
            assert text in printed, f"{block}\n{printed}"
        for text in re.findall(r"^# does not print (.+)$", block, re.MULTILINE):
            assert text not in printed, f"{block}\n{printed}"


def test_the_walk_is_read_whole() -> None:
    """Five parts after the setting up; each block is one of a part, and each mark in it is one that the test understands."""
    assert PARTS == ["0", "1", "2", "3", "4", "5"]
    every = [block for part in PARTS for block in blocks_of(part)]
    assert len(every) == len(re.findall(r"^ *```sh$", WALK, re.MULTILINE)) == WALK.count("```") // 2
    marks = [line for block in every for line in block.splitlines() if line.startswith("#")]
    understood = re.compile(r"# (prints|does not print|exits with \d+$|needs [^;]+; tested as: )")
    assert not [mark for mark in marks if not understood.match(mark)]
