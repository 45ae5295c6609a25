"""YAML is data: no tag makes an object, no alias more than a memory holds, no nesting more than a stack."""

from pathlib import Path

import pytest

from stages.errors import UserError
from stages.parameters import parse_overrides
from stages.yaml_files import read_yaml
from tests.conftest import ROOT

BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30))
HOSTILE = {
    "object": ("a: !!python/object/apply:os.mkdir [pwned]", "tag:yaml.org,2002:python/object/apply:os.mkdir"),
    "module": ("a: !!python/module:os", "could not determine a constructor"),
    "bomb": (BOMB, "aliases that stand for more than 1000000 values"),
    "itself": ("a: &a [*a]", "aliases that stand for more than"),
    "brackets": ("a: " + "[" * 200_000, "more than 200 levels of nesting"),
    "dashes": ("- " * 200_000, "more than 200 levels of nesting"),
    "steps": ("\n".join(" " * level + "a:" for level in range(990)), "nesting without end"),
    "twice": ("a: 1\na: 2", "key 'a' given twice"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_yaml_is_refused_by_the_name_of_its_file(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text, told = HOSTILE[name]
    Path("x.yaml").write_text(text)
    with pytest.raises(UserError) as raised:
        read_yaml(Path("x.yaml"))
    assert str(raised.value).startswith("x.yaml: found invalid YAML (")
    assert told in str(raised.value)
    assert list(Path().iterdir()) == [Path("x.yaml")]


def test_a_setting_of_the_command_line_is_read_as_strictly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    with pytest.raises(UserError, match="found invalid YAML.*expected valid YAML"):
        parse_overrides(["v1.seed=!!python/object/apply:os.getcwd []"])


def test_aliases_and_lists_as_people_write_them_are_read(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text("a: &a {b: [1, 2]}\nc: *a\nd: [" + "[1], " * 2000 + "[2]]")
    read = read_yaml(tmp_path / "x.yaml")
    assert (read["c"], len(read["d"])) == ({"b": [1, 2]}, 2001)
