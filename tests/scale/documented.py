"""The commands of docs/scaling.md, so that what a test runs is what a user reads."""

import re

from tests.conftest import ROOT


def blocks_of(heading: str, language: str = "sh") -> list[str]:
    """The blocks of ``language`` below a heading, in order; what differs from user to user stands in them as variables of the shell."""
    text = (ROOT / "docs/scaling.md").read_text()
    section = re.search(rf"^## {re.escape(heading)}\n.*?(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert section, f"no section '{heading}'"
    return re.findall(rf"^```{language}\n(.*?)^```", section[0], re.MULTILINE | re.DOTALL)


def commands_of(heading: str) -> list[str]:
    """Lines of its blocks of no language, which are to be read one by one; comments left out."""
    lines = "\n".join(blocks_of(heading, "")).splitlines()
    return [command for line in lines if (command := line.partition("  #")[0].strip())]
