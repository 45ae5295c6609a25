"""The commands that docs/scaling.md tells its readers."""

import re

from tests.conftest import ROOT


def commands_of(section: str) -> list[str]:
    """Lines of the code blocks below a heading of the page, comments left out."""
    [text] = re.findall(rf"^## {re.escape(section)}\n(.*?)(?=^## |\Z)", (ROOT / "docs/scaling.md").read_text(), re.MULTILINE | re.DOTALL)
    lines = "\n".join(re.findall(r"^```\n(.*?)^```", text, re.MULTILINE | re.DOTALL)).splitlines()
    return [command for line in lines if (command := line.partition("  #")[0].strip())]
