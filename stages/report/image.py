"""Figures as images of the page: an SVG without what no eye sees, in an address of its own, with no right to run or to fetch."""

import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from urllib.parse import quote

from markupsafe import Markup

from stages.errors import UserError
from stages.files import read_text

NAMESPACES = {"": "http://www.w3.org/2000/svg", "xlink": "http://www.w3.org/1999/xlink"}

HREF = f"{{{NAMESPACES['xlink']}}}href"
"""Older writing of ``href``, which every browser knows today."""

SAFE_IN_ADDRESS = " !$'()*+,-./:;=?@[]^_`{|}~"
"""Characters of an SVG that a data address in an attribute may hold as they are."""

USE = f"{{{NAMESPACES['']}}}use"
MOVED = re.compile(r"translate\((\S+) (\S+)\)")
"""A mere move, which ``use`` can say in fewer letters: a figure's words are thousands of moved letters."""

NUMBER = re.compile(r"-?\d+\.\d+")
COORDINATES = ("d", "points", "x", "y")
DECIMALS = 2
"""Of coordinates in points: finer than any screen or printer."""


def image_address(path: Path) -> Markup:
    """The SVG of a file as the address of an image; :class:`UserError` where it is no SVG."""
    text = read_text(path)
    for prefix, address in NAMESPACES.items():
        ElementTree.register_namespace(prefix, address)
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise UserError(path, "", f"invalid XML ({error})", "an SVG") from error
    if root.tag != f"{{{NAMESPACES['']}}}svg":
        raise UserError(path, "", f"<{root.tag}>", "an SVG", "Its first element is <svg xmlns=…>.")
    _shorten(root, text)
    svg = ElementTree.tostring(root, encoding="unicode").replace(" />", "/>")
    return svg_address(re.sub(r"<[^>]*>", lambda tag: tag[0] if "'" in tag[0] else tag[0].replace('"', "'"), svg))


def svg_address(svg: str) -> Markup:
    """An SVG as a data address, fit for an attribute in double quotes: it holds no character that would end it or begin markup."""
    return Markup("data:image/svg+xml," + quote(svg, safe=SAFE_IN_ADDRESS))


def _shorten(root: ElementTree.Element, text: str) -> None:
    """Short names for what is referred to and none for the rest, no white space between elements, no digits beyond sight."""
    names = {name: f"{number:x}" for number, name in enumerate(dict.fromkeys(re.findall(r"#([\w.-]+)", text)))}
    for element in root.iter():
        if not element.tag.endswith(("text", "tspan", "style")):
            element.text = element.tail = None
        for key, value in list(element.attrib.items()):
            if key == "transform" and element.tag == USE and "x" not in element.attrib and (moved := MOVED.fullmatch(value)):
                del element.attrib[key]
                element.attrib |= {axis: NUMBER.sub(_rounded, by) for axis, by in zip("xy", moved.groups(), strict=True) if float(by)}
            elif key == "transform":
                element.attrib[key] = re.sub(r"translate\([^)]*\)", lambda match: NUMBER.sub(_rounded, match[0]), value)
            elif key == "id" and value not in names:
                del element.attrib[key]
            elif key == "id":
                element.attrib[key] = names[value]
            elif key in COORDINATES:
                element.attrib[key] = " ".join(NUMBER.sub(_rounded, value).split())
            else:
                plain = "href" if key == HREF else key
                del element.attrib[key]
                element.attrib[plain] = re.sub(r"#([\w.-]+)", lambda match: "#" + names[match[1]] if _refers(match) else match[0], value)


def _refers(match: re.Match[str]) -> bool:
    """Whether ``#name`` refers to an element, which a colour does not: an address stands in ``url(…)`` or alone."""
    before = match.string[: match.start()]
    return not before or before.endswith("url(")


def _rounded(match: re.Match[str]) -> str:
    return f"{float(match[0]):.{DECIMALS}f}".rstrip("0").rstrip(".")
