"""Damage of every kind that a file comes to: cut, altered, mistyped, of another encoding, too deep, too large.

``mutate`` draws one way out of those that suit the file, and what it hits, from a generator: the same seed gives the same bytes.
"""

import json
import re
import struct
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import yaml

Mutation = Callable[[bytes, Random], bytes]

RAW = "\ue000"
"""Marks text that stands for itself in the JSON that is written, such as ``NaN``."""
WORDS = ("NaN", "Infinity", "-Infinity", "1e999", "-1e999", "1" * 400, "1" * 5000, "[" * 300 + "]" * 300, "[" * 50_000 + "]" * 50_000, "{")
SURROGATES = ("\\ud800", "\\udc00x", "\\u0000", "\\u202e\\u0301", "\\ufeff")
VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 1.5, -0.0, 1e308, 5e-324, 10**18, 10**30, -(10**30), "", " ", "x", "1", "1e-3", "a b/../c", "ação" * 9,
    [], {}, [[]], [None], {"": ""}, {"x": {}}, [1, "a", None], "x" * 5000,
    *(RAW + word for word in WORDS), *(f'{RAW}"{each}"' for each in SURROGATES),
)  # fmt: skip
BYTES = (
    b"", b"\x00", b"\xff", b"\xfe\xff", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\xc3", b"\r", b"\r\n", b"\n\n", b"\xe2\x80\xa8", b"\x1a",
    b"\x85", b'"', b"{", b"]", b",", b":", b"'", b"&a *a", b"!!python/object/apply:os.system ['true']", b"\x00" * 64, b"9" * 400, b"\t",
    b"-", b"nan",
)  # fmt: skip


def cut(data: bytes, random: Random) -> bytes:
    return data[: random.randrange(len(data) + 1)]


def flip(data: bytes, random: Random) -> bytes:
    """A few bits, anywhere."""
    changed = bytearray(data)
    for _ in range(random.choice((1, 1, 2, 8))):
        if changed:
            changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
    return bytes(changed)


def flip_at_the_start(data: bytes, random: Random) -> bytes:
    """Where formats keep their headers."""
    return flip(data[:64], random) + data[64:]


def insert(data: bytes, random: Random) -> bytes:
    place = random.randrange(len(data) + 1)
    return data[:place] + random.choice(BYTES) + data[place + random.choice((0, 0, 1, 5)) :]


def repeat(data: bytes, random: Random) -> bytes:
    """A part of it comes twice, or is missing."""
    first, last = sorted(random.randrange(len(data) + 1) for _ in range(2))
    return data[:last] + data[first:] if random.random() < 0.5 else data[:first] + data[last:]


def other_encoding(data: bytes, random: Random) -> bytes:
    encoding = random.choice(("utf-16", "utf-32-le", "latin-1", "cp1252", "utf-8-sig", "utf-7"))
    return data.decode("utf-8", "replace").encode(encoding, "replace")


def other_line_ends(data: bytes, random: Random) -> bytes:
    return data.replace(b"\n", random.choice((b"\r\n", b"\r", b"\x85", b"\xe2\x80\xa8", b"\n\n", b" ")))


def replaced(data: bytes, random: Random) -> bytes:
    """Something else under the same name."""
    return random.choice(
        (b"", b" ", b"\n", b"\x00" * 100, b"null", b"[]", b"{}", b"0", b'"x"', b"\xff\xfe", b"PK\x03\x04", random.randbytes(50))
    )


ANY: tuple[Mutation, ...] = (cut, flip, flip_at_the_start, insert, repeat, other_encoding, other_line_ends, replaced)


def _places(value: Any, place: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Keys that lead to every value below ``value``."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for key, each in inner for found in [(*place, key), *_places(each, (*place, key))]]


def change_value(value: Any, random: Random) -> Any:
    """A copy with one value deleted, of another type, under another name, or given twice."""
    copy = json.loads(json.dumps(value, default=str))  # YAML has dates
    if not (places := _places(copy)):
        return random.choice(VALUES)
    *above, last = random.choice(places)
    holder = copy
    for key in above:
        holder = holder[key]
    kind = random.random()
    if kind < 0.2:
        del holder[last]
    elif kind < 0.3 and isinstance(holder, dict):
        holder[random.choice(("", "x", "ação", "schema_version", f"{last} "))] = holder.pop(last)
    elif kind < 0.4:
        holder[last] = [holder[last]] if random.random() < 0.5 else {"x": holder[last]}
    elif kind < 0.5 and isinstance(holder, list):
        holder.insert(0, holder[last])
    else:
        holder[last] = random.choice(VALUES)
    return copy


def written(value: Any) -> str:
    """JSON of ``value``, in which marked text stands for itself."""
    return re.sub(f'"{RAW}((?:[^"\\\\]|\\\\.)*)"', lambda match: json.loads(f'"{match[1]}"'), json.dumps(value, ensure_ascii=False))


def change_json(data: bytes, random: Random) -> bytes:
    return written(change_value(json.loads(data), random)).encode()


def change_json_line(data: bytes, random: Random) -> bytes:
    lines = data.decode().split("\n")
    place = random.randrange(max(len(lines) - 1, 1))
    lines[place] = written(change_value(json.loads(lines[place]), random))
    return "\n".join(lines).encode()


def change_yaml(data: bytes, random: Random) -> bytes:
    """JSON is YAML, too."""
    return written(change_value(yaml.safe_load(data), random)).encode()


def key_twice(data: bytes, random: Random) -> bytes:
    """A line comes twice, which in YAML is a key."""
    lines = data.split(b"\n")
    place = random.randrange(len(lines))
    return b"\n".join([*lines[:place], lines[place], *lines[place:]])


def change_csv(data: bytes, random: Random) -> bytes:
    lines = data.decode().split("\n")
    row = random.randrange(max(len(lines) - 1, 1))
    cells = lines[row].split(",")
    cells[random.randrange(len(cells))] = random.choice(
        ("", "x", "nan", "inf", "1e999", "-1", '"', '""', "1,2", "\x00", "9" * 400, " 0 ", "1_0")
    )
    lines[row] = ",".join(cells)
    return "\n".join(lines).encode()


def change_safetensors(data: bytes, random: Random) -> bytes:
    """Another header: its length, its tensors, its metadata."""
    (size,) = struct.unpack("<Q", data[:8])
    if random.random() < 0.2:
        return struct.pack("<Q", random.choice((0, 1, size - 1, size + 1, 10**8, 2**63, 2**64 - 1))) + data[8:]
    header = written(change_value(json.loads(data[8 : 8 + size]), random)).encode()
    return struct.pack("<Q", len(header)) + header + data[8 + size :]


def change_npy(data: bytes, random: Random) -> bytes:
    """Another header: objects (which are pickles), another type, another shape."""
    old, new = random.choice(
        (
            (b"<u8", b"|O8"),
            (b"<u2", b"|O2"),
            (b"<u8", b"<f8"),
            (b"<u2", b"<f2"),
            (b"<u2", b"<i2"),
            (b"<u8", b"<M8"),
            (b"False", b"True "),
            (b"(", b"(9"),
            (b",)", b",9)"),
        )
    )
    return data.replace(old, new, 1)


SUITED: dict[str, Sequence[Mutation]] = {
    "json": (change_json,) * 3,
    "jsonl": (change_json_line,) * 3,
    "yaml": (change_yaml, change_yaml, key_twice),
    "csv": (change_csv,) * 2,
    "safetensors": (change_safetensors,) * 2,
    "npy": (change_npy,) * 2,
}
"""Mutations that know the format, drawn about as often as all others together."""


def mutate(data: bytes, name: str, random: Random) -> bytes:
    """``data`` of a file called ``name``, damaged once, sometimes twice."""
    suited = SUITED.get(name.rpartition(".")[2], ())
    mutation = random.choice(suited if suited and random.random() < 0.6 else ANY)
    return mutation(data, random)
