"""The page itself: one file that asks for nothing else, with every text escaped and its only script named by its hash."""

import base64
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from stages.files import read_text
from stages.report.words import SCRIPT_WORDS

FOLDER = Path(__file__).parent
TEMPLATE = FOLDER / "page.html.j2"


def render(content: Mapping[str, Any]) -> str:
    """The page of :func:`stages.report.content.page_content`'s result."""
    environment = Environment(
        loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "separators": (",", ":"), "allow_nan": False}
    script = read_text(FOLDER / "page.js")
    return environment.get_template(TEMPLATE.name).render(
        **dict(content) | {"data": content["data"] | {"words": SCRIPT_WORDS}},
        style=Markup(read_text(FOLDER / "page.css")),
        script=Markup(script),
        policy=security_policy(script),
    )


def security_policy(script: str) -> str:
    """Content security policy of the page: nothing is fetched, and no script runs but this one."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
