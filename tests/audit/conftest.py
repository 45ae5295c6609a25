"""Fixtures of the audit's tests: the sound campaign, whole, in a folder that a test may spoil."""

from pathlib import Path

import pytest

from tests.audit.sound import Sound


@pytest.fixture
def sound(template: Path, tmp_path: Path) -> Sound:
    """A copy of it for one test."""
    return Sound(template, tmp_path / "project")
