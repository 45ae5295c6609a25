import gzip
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stages.corpora import brwac
from stages.corpora.parameters import BrwacCorpus, DemoCorpus, LocalCorpus
from stages.corpus import main, open_source, store
from stages.errors import UserError
from stages.manifest import read_manifest
from stages.text_store import TextStore

NASTY = "um\r\ndois\rtrês\u2028ainda três\x85e ainda\x0b\x0c\x1c\x1d\x1e\u2029 três\n\n\r\n \r\r\ncom\ttab \ufeff e  \x00 espaço  \n\nfim"


def local(path: Path, *fields: str) -> LocalCorpus:
    return LocalCorpus(source="local", path=str(path), fields=list(fields) or ["text"], licence="CC0")


def read(path: Path, *fields: str) -> list[str]:
    return list(open_source(local(path, *fields)).documents)


def write(path: Path, data: bytes | str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    data = data.encode() if isinstance(data, str) else data
    path.write_bytes(gzip.compress(data, mtime=0) if path.suffix == ".gz" else data)
    return path


def parquet(path: Path, columns: dict[str, list[Any]]) -> Path:
    import pyarrow
    from pyarrow.parquet import write_table

    write_table(pyarrow.table(columns), path)
    return path


def test_lines_are_those_of_the_datasets_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    from datasets import load_dataset

    texts = [NASTY, "\ufeff" + NASTY + "\n", "a\r", "\n", "\r\n\r", ("ação\r\n" * 3 + "\r") * 3000]
    paths = {f"s{n}": write(tmp_path / f"{n}.txt{'.gz' * (n % 2)}", text) for n, text in enumerate(texts)}
    splits = load_dataset("text", data_files={name: str(path) for name, path in paths.items()}, cache_dir=str(tmp_path / "cache"))
    assert {name: read(path) for name, path in paths.items()} == {name: list(rows["text"]) for name, rows in splits.items()}


def test_a_folder_is_read_in_the_order_of_its_names_and_skips_what_is_hidden_or_no_text(tmp_path: Path) -> None:
    for name in ("b-2.txt", "b-10.txt.gz", "b-1.txt", "a/z.txt", ".cache/x.txt", "notes.md"):
        write(tmp_path / name, name)
    assert read(tmp_path) == ["a/z.txt", "b-1.txt", "b-10.txt.gz", "b-2.txt"]


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz"])
def test_fields_of_a_row_are_joined_and_empty_ones_left_out(tmp_path: Path, name: str) -> None:
    rows: list[dict[str, Any]] = [
        {"pergunta": "Que é?", "contexto": "", "resposta": "É.", "id": 3},
        {"pergunta": "Só\u2028isto", "resposta": None},
        {"resposta": ""},
    ]
    path = write(tmp_path / name, "\ufeff" + "\n\n".join(json.dumps(row, ensure_ascii=False) for row in rows))
    assert read(path, "pergunta", "contexto", "resposta") == ["Que é?\nÉ.", "Só\u2028isto", ""]


def test_half_a_surrogate_pair_becomes_a_replacement_character(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", r'{"text": "a\ud800b \ud83d\ude00 \udc00"}')
    assert read(path) == ["a\ufffdb 😀 \ufffd"]


def test_parquet_gives_the_same_documents_as_jsonl(tmp_path: Path) -> None:
    columns: dict[str, list[Any]] = {"a": ["um", "", None] * 900, "b": ["x\n\ny", "só b", None] * 900, "n": [1, 2, 3] * 900}
    rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    write(tmp_path / "a.jsonl", "\n".join(map(json.dumps, rows)))
    documents = read(parquet(tmp_path / "a.parquet", columns), "b", "ausente", "a")
    assert documents[:3] == ["x\n\ny\num", "só b", ""]
    assert documents == read(tmp_path / "a.jsonl", "b", "ausente", "a")


def truncated(path: Path) -> None:
    path.write_bytes(gzip.compress(os.urandom(3000).hex().encode())[:-900])


def damaged(path: Path) -> None:
    data = bytearray(gzip.compress(b"texto " * 50_000))
    data[40:60] = b"\xff" * 20
    path.write_bytes(data)


BAD: dict[str, tuple[str, Callable[[Path], object] | str | bytes, str]] = {
    "bytes": ("a.txt", "é\nb\rc\n".encode() + b"d\xe9\n", "a.txt: line 4: found 0xe9, expected UTF-8 text"),
    "json": ("a.jsonl", '{"text": "a"}\n{"text": \n', "a.jsonl: line 2: found invalid JSON"),
    "list": ("a.jsonl", '["a"]', "a.jsonl: line 1: found a list, expected an object"),
    "fields": ("a.jsonl", '{"text": "a"}\n{"texto": "b", "id": 1}', "a.jsonl: line 2: found fields texto, id, expected one of: text"),
    "number": ("a.jsonl", '{"text": 3}', "a.jsonl: line 1, text: found int, expected text"),
    "no gzip": ("a.txt.gz", lambda path: path.write_bytes(b"texto"), "a.txt.gz: found a damaged gzip file"),
    "short gzip": ("a.txt.gz", truncated, "a.txt.gz: found a gzip file that ends early"),
    "bad gzip": ("a.jsonl.gz", damaged, "a.jsonl.gz"),
    "no parquet": ("a.parquet", "texto", "a.parquet: found a file that cannot be read"),
    "columns": ("a.parquet", lambda path: parquet(path, {"texto": ["a"]}), "a.parquet: row 1: found fields texto, expected one of: text"),
    "numbers": ("a.parquet", lambda path: parquet(path, {"text": [None, 1]}), "a.parquet: row 2, text: found int, expected text"),
    "empty": ("a.txt", "", "the corpus .local.: found no document, expected a text"),
    "kind": ("a.csv", "text\na\n", "a.csv: found no file of a supported kind"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_is_an_error_that_says_where_and_writes_nothing(tmp_path: Path, case: str) -> None:
    name, content, message = BAD[case]
    path = tmp_path / name
    if callable(content):
        content(path)
    else:
        write(path, content)
    with pytest.raises(UserError, match=message):
        store(open_source(local(path)), tmp_path / "corpus")
    assert not [each for each in (tmp_path / "corpus").rglob("*") if each.is_file()]


def test_a_path_with_nothing_to_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="nowhere: found no such file or folder"):
        open_source(local(tmp_path / "nowhere"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="empty: found no file of a supported kind"):
        open_source(local(tmp_path / "empty"))


def test_the_manifest_says_what_the_corpus_is_and_nothing_of_where_it_lay(tmp_path: Path) -> None:
    documents = ["um", "", "dois três", "quatro"]
    write(tmp_path / "one/all.txt", "\n".join(documents))
    write(tmp_path / "two/a.txt.gz", "um\n\n")
    write(tmp_path / "two/b.jsonl", '{"text": "dois três"}\n{"text": "quatro"}\n')
    facts = [store(open_source(local(tmp_path / folder)), tmp_path / f"corpus {folder}") for folder in ("one", "two")]
    assert facts[0] == facts[1]
    manifest = read_manifest(tmp_path / "corpus two", "corpus")
    assert manifest.facts == facts[0]
    assert {name: facts[0][name] for name in ("documents", "characters", "bytes", "licence", "source")} == {
        "documents": 4,
        "characters": 17,
        "bytes": 18,
        "licence": "CC0",
        "source": "local",
    }
    assert sorted(manifest.parameters["files"]) == ["a.txt.gz", "b.jsonl"]
    assert str(tmp_path) not in (tmp_path / "corpus two/manifest.json").read_text()
    assert list(TextStore(tmp_path / "corpus two")) == documents


def run(*arguments: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    root = Path(__file__).parents[2]
    variables = {**os.environ, "PYTHONPATH": str(root), **environment}
    return subprocess.run(
        [sys.executable, "-m", "stages.corpus", *arguments], cwd=folder, env=variables, capture_output=True, text=True, check=False
    )


def test_the_command_line_writes_a_corpus(tmp_path: Path) -> None:
    demo = json.dumps(DemoCorpus(source="demo", documents=3, seed=1).model_dump())
    done = run("--parameters", demo, "--folder", "data/c/corpus", folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("3 documents of ")
    assert read_manifest(tmp_path / "data/c/corpus", "corpus").parameters == json.loads(demo)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ('{"source": "demo", "documents": 0, "seed": 1}', "--parameters: documents: found 0"),
        ('{"source": "demo", "documents": 1, "sead": 1}', "unknown key 'sead'.*Did you mean 'seed'"),
        ('{"source": "web"}', "--parameters: .*'web'"),
        ("{", "--parameters: line 1.*invalid JSON"),
        ('{"source": "local", "path": "nowhere", "licence": ""}', "nowhere: found no such file"),
    ],
)
def test_wrong_parameters_are_errors_and_change_nothing(
    parameters: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["corpus", "--parameters", parameters, "--folder", "corpus"])
    with pytest.raises(SystemExit) as exit:
        main()
    assert exit.value.code == 1
    assert re.match(f"error: .*{message}.*\n$", capsys.readouterr().err)
    assert not list(tmp_path.iterdir())


COMMIT = "0123456789abcdef0123456789abcdef01234567"
BRWAC = BrwacCorpus(source="brwac", revision=COMMIT)


def test_brwac_is_read_from_the_hubs_cache_in_the_order_of_its_shards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    snapshot = tmp_path / f"datasets--nlpufg--brwac/snapshots/{COMMIT}"
    for number in (1, 2, 10, 12):
        write(snapshot / f"data/brwac-clean-{number}.txt.gz", f"doc {number} <END> fim\n\n")
    write(snapshot / "README.md", "não é texto")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    source = open_source(BRWAC, tmp_path)
    assert list(source.documents)[::2] == [f"doc {number} <END> fim" for number in (1, 10, 12, 2)]
    assert source.parameters["revision"] == COMMIT
    assert list(source.parameters["files"])[1] == "data/brwac-clean-10.txt.gz"
    assert "academic" in source.licence


def test_a_snapshot_without_shards_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=f"nlpufg/brwac: revision {COMMIT}: found no shard"):
        brwac.shards_in(tmp_path, BRWAC)


def test_brwac_offline_says_what_to_do_and_writes_nothing(tmp_path: Path) -> None:
    parameters = json.dumps(BRWAC.model_dump())
    done = run("--parameters", parameters, "--folder", "corpus", "--cache", "cache", folder=tmp_path, HF_HUB_OFFLINE="1")
    assert done.returncode == 1
    assert done.stderr == (
        f"error: nlpufg/brwac: revision {COMMIT}: found neither a whole copy in the cache nor the hub, expected one of them. "
        "Connect (and unset HF_HUB_OFFLINE), or copy the hub's cache here and name it: HF_HUB_CACHE\n"
    )
    assert not (tmp_path / "corpus").exists()
