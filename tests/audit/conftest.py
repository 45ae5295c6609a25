"""Fixtures of the audit's tests: the sound campaign, whole, in a folder that a test may spoil."""

from pathlib import Path

import pytest

from tests.audit.sound import Sound, write_project


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sound campaign, made once."""
    folder = tmp_path_factory.mktemp("sound") / "project"
    write_project(folder)
    return folder


@pytest.fixture
def sound(template: Path, tmp_path: Path) -> Sound:
    """A copy of it for one test."""
    return Sound(template, tmp_path / "project")
