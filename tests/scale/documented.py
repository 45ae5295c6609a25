"""The commands of docs/scaling.md, so that what a test runs is what a user reads."""

import re

from tests.conftest import ROOT


def blocks_of(heading: str) -> list[str]:
    """The blocks of ``sh`` below a heading, in order; what differs from user to user stands in them as variables of the shell."""
    text = (ROOT / "docs/scaling.md").read_text()
    section = re.search(rf"^## {re.escape(heading)}\n.*?(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert section, f"no section '{heading}'"
    return re.findall(r"^```sh\n(.*?)^```", section[0], re.MULTILINE | re.DOTALL)
