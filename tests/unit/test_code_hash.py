from pathlib import Path

import pytest

from stages import code_hash


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package in which ``table`` imports ``cell``, lazily ``latex``, and not ``train``."""
    folder = tmp_path / "stages"
    (folder / "importers").mkdir(parents=True)
    for name, text in {
        "__init__": "",
        "table": "import json\nfrom stages.cell import x\ndef f():\n    from stages import latex\n",
        "cell": "x = 1\n",
        "latex": "",
        "train": "import torch\n",
        "importers/__init__": "",
        "importers/rnn": "from stages import cell\n",
    }.items():
        (folder / f"{name}.py").write_text(text)
    monkeypatch.setattr(code_hash, "PACKAGE", folder)
    code_hash._imports.cache_clear()
    code_hash.code_hash.cache_clear()
    return folder


def changed(package: Path, file: str, module: str) -> bool:
    """Whether a comment added to ``file`` changes the hash of ``module``."""
    before = code_hash.code_hash(module)
    (package / file).write_text((package / file).read_text() + "# more\n")
    code_hash._imports.cache_clear()
    code_hash.code_hash.cache_clear()
    return code_hash.code_hash(module) != before


@pytest.mark.parametrize("file", ["table.py", "cell.py", "latex.py"])
def test_an_edit_of_what_a_stage_imports_changes_its_hash(package: Path, file: str) -> None:
    assert changed(package, file, "stages.table")


@pytest.mark.parametrize(
    "code",
    [
        "if x:\n    pass\nelif y:\n    from stages import train",
        "try:\n    pass\nexcept OSError:\n    import stages.train",
        "try:\n    pass\nfinally:\n    from stages.train import z",
        "match x:\n    case 1:\n        from stages import train",
        "with x:\n    for y in z:\n        async def f():\n            from stages import train",
        "class A:\n    def f(self):\n        while x:\n            pass\n        else:\n            from stages import train",
    ],
)
def test_an_import_counts_wherever_it_stands(package: Path, code: str) -> None:
    (package / "table.py").write_text(code + "\n")
    code_hash._imports.cache_clear()
    code_hash.code_hash.cache_clear()
    assert changed(package, "train.py", "stages.table")


@pytest.mark.parametrize("file", ["train.py", "importers/rnn.py"])
def test_an_edit_elsewhere_does_not(package: Path, file: str) -> None:
    assert not changed(package, file, "stages.table")


def test_importers_hang_on_what_they_share(package: Path) -> None:
    assert changed(package, "cell.py", "stages.importers.rnn")
    assert not changed(package, "table.py", "stages.importers.rnn")


def test_tables_do_not_hang_on_importers_or_parameters_and_import_no_torch() -> None:
    code_hash._imports.cache_clear()
    closure = code_hash._closure("stages.table")
    assert not {name for name in closure if "import" in name.split(".")[-1] or name in ("stages.parameters", "stages.registry")}
