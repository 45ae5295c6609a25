import shutil
from argparse import Namespace
from pathlib import Path

import pytest

from stages.base_tokenizer import CONTROL, run
from stages.errors import UserError
from stages.manifest import read_manifest
from tests.conftest import ROOT, files_below, run_in
from tests.unit.tokenizers import invented_documents, parameters, write_text

HARD = [
    "Ação, coração e pão: «olé»!",
    "a\u0301gua — 3,14 %",
    "😀👩\u200d👩\u200d👧 日本語 \u0000\ufeff",
    "  dois  espaços \n\n\tlinha\r\nfim  ",
    "",
    "<|eot_id|> no texto",
]


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_text(tmp_path_factory.mktemp("text"), invented_documents(150))


def make(folder: Path, text: Path, vocabulary: int | None = 500, kind: str = "byte_bpe") -> Path:
    described = parameters(kind, vocabulary_requested=vocabulary)
    run(Namespace(text=text, parameters=described, folder=folder))
    return folder


def test_training_again_elsewhere_in_another_process_gives_the_same_bytes(text: Path, tmp_path: Path) -> None:
    first = make(tmp_path / "here", text)
    shutil.copytree(text, tmp_path / "else/t")
    (tmp_path / "else/stages").symlink_to(ROOT / "stages")
    described = parameters("byte_bpe", vocabulary_requested=500)
    done = run_in(tmp_path / "else", "python", "-m", "stages.base_tokenizer", "--text", "t", "--parameters", described, "--folder", "again")
    assert (done.returncode, done.stdout, done.stderr) == (0, "byte_bpe tokenizer: 500 entries, from 150 documents\n", "")
    assert files_below(tmp_path / "else/again", ".") == files_below(first, ".")
    assert read_manifest(first, "tokenizer").facts["vocabulary"] == 500


def test_every_text_round_trips_and_begins_once(text: Path, tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(make(tmp_path, text))
    assert tokenizer.convert_ids_to_tokens(list(range(6))) == list(CONTROL)
    assert (tokenizer.bos_token, tokenizer.eos_token, tokenizer.pad_token) == CONTROL[:3]
    for document in [*HARD, *invented_documents(20, seed=1)]:
        ids = tokenizer(document)["input_ids"]
        assert ids[0] == tokenizer.bos_token_id not in ids[1:]
        assert tokenizer.decode(ids[1:]) == document
    common = invented_documents(20, seed=1)
    assert sum(len(tokenizer(each)["input_ids"]) for each in common) < 0.6 * sum(map(len, common)), "syllables are pieces"


def test_a_chat_has_the_form_of_llama_3_1(text: Path, tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(make(tmp_path, text))
    chat = [{"role": "user", "content": " Olá? "}, {"role": "assistant", "content": "Sim."}]
    asked = "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\nOlá?<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n"
    assert tokenizer.apply_chat_template(chat[:1], add_generation_prompt=True, tokenize=False) == asked
    assert tokenizer.apply_chat_template(chat, tokenize=False) == f"{asked}Sim.<|eot_id|>"


@pytest.mark.parametrize(
    ("settings", "field", "expected"),
    [
        ({"vocabulary": 50_000}, "vocabulary_requested", r"at most the \d+ that this text allows"),
        ({"vocabulary": 261}, "vocabulary_requested", "at least the 262 that bytes"),
        ({"vocabulary": None}, "vocabulary_requested", "the entries of the vocabulary"),
        ({"kind": "bpe"}, "tokenizer.kind", "'byte_bpe'"),
    ],
)
def test_what_cannot_be_trained_is_refused_and_changes_nothing(
    settings: dict[str, object], field: str, expected: str, text: Path, tmp_path: Path
) -> None:
    before = files_below(make(tmp_path, text), ".")
    with pytest.raises(UserError, match=f"{field}.*{expected}"):
        make(tmp_path, text, **settings)  # type: ignore[arg-type]
    assert files_below(tmp_path, ".") == before


def test_the_least_vocabulary_is_the_bytes_and_the_control_tokens(text: Path, tmp_path: Path) -> None:
    assert read_manifest(make(tmp_path, text, 262), "tokenizer").facts["vocabulary"] == 262
