import os
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from stages.errors import UserError
from stages.text_store import TextStore, in_batches, write_texts

TEXTS = ["um", "", "dois\n\nparágrafos\n\n", "\ufeffção ½ 😀\r\n", "\n\n", "fim"]


def test_documents_come_back_as_they_were_whatever_they_hold(tmp_path: Path) -> None:
    counts = write_texts(tmp_path, iter(TEXTS))
    store = TextStore(tmp_path)
    assert list(store) == TEXTS
    assert [store[0], store[-1], store[1:3]] == ["um", "fim", TEXTS[1:3]]
    assert counts.pop("fingerprint")
    assert counts == {"documents": 6, "characters": sum(map(len, TEXTS)), "bytes": sum(len(text.encode()) for text in TEXTS)}
    with pytest.raises(IndexError):
        store[6]


def test_the_files_are_those_of_the_format(tmp_path: Path) -> None:
    write_texts(tmp_path, ["é", "b"])
    assert (tmp_path / "documents.txt").read_bytes() == "é\n\nb\n\n".encode()
    offsets = np.load(tmp_path / "offsets.npy")
    assert offsets.dtype == np.uint64
    assert offsets.tolist() == [0, 4, 7]


def test_a_store_is_read_by_a_forked_process_without_moving_its_parent(tmp_path: Path) -> None:
    write_texts(tmp_path, TEXTS)
    store = TextStore(tmp_path)
    walk = iter(store)
    assert next(walk) == TEXTS[0]
    child = os.fork()
    if not child:
        os._exit(int(list(store) != TEXTS))
    assert os.waitpid(child, 0)[1] == 0
    assert list(walk) == TEXTS[1:]


def test_no_document_is_an_error_that_leaves_what_was_there(tmp_path: Path) -> None:
    write_texts(tmp_path, ["antes"])
    with pytest.raises(UserError, match="found no document, expected a text of one document at least"):
        write_texts(tmp_path, [])
    assert list(TextStore(tmp_path)) == ["antes"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["documents.txt", "offsets.npy"]


def test_a_source_that_fails_half_way_leaves_what_was_there(tmp_path: Path) -> None:
    def failing() -> object:
        yield "novo"
        raise UserError("file.txt", "line 2", "0xff", "UTF-8 text")

    write_texts(tmp_path, ["antes"])
    with pytest.raises(UserError, match="file.txt: line 2"):
        write_texts(tmp_path, failing())  # type: ignore[arg-type]
    assert list(TextStore(tmp_path)) == ["antes"]
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("name", ["documents.txt", "offsets.npy"])
@pytest.mark.parametrize("change", ["missing", "cut"])
def test_a_damaged_store_is_named(tmp_path: Path, name: str, change: str) -> None:
    write_texts(tmp_path, TEXTS)
    if change == "missing":
        (tmp_path / name).unlink()
    else:
        (tmp_path / name).write_bytes((tmp_path / name).read_bytes()[:-3])
    with pytest.raises(UserError, match=name):
        TextStore(tmp_path)


def test_bytes_that_are_no_text_name_their_document(tmp_path: Path) -> None:
    write_texts(tmp_path, ["a", "b"])
    (tmp_path / "documents.txt").write_bytes(b"a\n\n\xff\n\n")
    with pytest.raises(UserError, match="document 1: found 0xff"):
        list(TextStore(tmp_path))


def test_the_fingerprint_knows_where_documents_end(tmp_path: Path) -> None:
    found = [write_texts(tmp_path, texts)["fingerprint"] for texts in (["a", "b"], ["ab"], ["ab", ""])]
    assert len(set(found)) == 3
    assert found[0] == sha256(b"\1" + bytes(7) + b"a" + b"\1" + bytes(7) + b"b").hexdigest()


def test_batches_keep_every_text_in_order() -> None:
    texts = ["a" * size for size in (3, 1, 1, 9, 0, 2)]
    cut = list(in_batches(texts, 5))
    assert cut == [texts[:3], texts[3:4], texts[4:]]
    assert list(in_batches([], 5)) == []
