import json
import shutil
from collections import Counter
from pathlib import Path

import pytest
from sentencepiece import sentencepiece_model_pb2

from stages.errors import UserError
from stages.line_sample import count_lines, draw, fits, lines_of
from stages.manifest import read_manifest
from stages.tokenizer import vocabulary_listing
from stages.vocabulary import load_vocabulary
from tests.conftest import ROOT, files_below, run_in
from tests.unit.tokenizers import SOUND, invented_documents, make_tokenizer, parameters, write_text


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_text(tmp_path_factory.mktemp("text"), invented_documents(150))


@pytest.mark.parametrize("kind", ["bpe", "unigram"])
def test_training_again_elsewhere_in_another_process_gives_the_same_bytes(kind: str, text: Path, tmp_path: Path) -> None:
    described = parameters(kind, {"maximum_lines": 200}, vocabulary_requested=500, byte_fallback=True)
    first = make_tokenizer(tmp_path / "here", text, described)
    shutil.copytree(text, tmp_path / "else/where/t")
    (tmp_path / "else/stages").symlink_to(ROOT / "stages")
    command = ["python", "-m", "stages.tokenizer", "--text", "where/t", "--parameters", described, "--seed", "42", "--folder", "again"]
    done = run_in(tmp_path / "else", *command)
    assert done.returncode == 0, done.stderr
    assert (done.stdout, done.stderr) == (f"{kind} tokenizer: 500 entries of 500 asked for, from 150 documents\n", "")
    assert files_below(tmp_path / "else/again", ".") == files_below(first, ".")
    other_seed = make_tokenizer(tmp_path / "other", text, described, seed=43)
    assert (other_seed / "tokenizer.vocab").read_bytes() != (first / "tokenizer.vocab").read_bytes(), "other lines were drawn"
    spec = sentencepiece_model_pb2.ModelProto.FromString((first / "tokenizer.model").read_bytes()).trainer_spec
    assert (list(spec.input), spec.model_prefix) == ([], ""), "no path in the model"


def test_special_tokens_have_the_ids_of_the_thesis(text: Path, tmp_path: Path) -> None:
    folder = make_tokenizer(tmp_path, text, parameters("bpe", vocabulary_requested=500, byte_fallback=True))
    pieces = [line.partition("\t")[0] for line in (folder / "tokenizer.vocab").read_text().splitlines()]
    assert pieces[:7] == ["<pad>", "<unk>", "<s>", "</s>", "<sep>", "<mask>", "<0x00>"]
    facts = read_manifest(folder, "tokenizer").facts
    assert (facts["requested"], facts["vocabulary"], facts["byte_pieces"]) == (500, 500, 256)
    assert (facts["lines"], facts["lines_drawn"], facts["lines_too_long"], facts["documents"]) == (450, 450, 0, 150)


def test_a_soft_limit_and_few_seed_pieces_under_fill_a_unigram_vocabulary_as_in_the_thesis(text: Path, tmp_path: Path) -> None:
    as_run = parameters("unigram", {"hard_vocabulary_limit": False, "seed_pieces": 300}, vocabulary_requested=300)
    sound = parameters("unigram", SOUND, vocabulary_requested=300)
    assert load_vocabulary(make_tokenizer(tmp_path / "as run", text, as_run)).size < 300
    assert load_vocabulary(make_tokenizer(tmp_path / "sound", text, sound)).size == 300


@pytest.mark.parametrize("kind", ["bpe", "unigram"])
def test_a_vocabulary_that_the_text_does_not_allow_is_refused_with_what_is_possible(kind: str, text: Path, tmp_path: Path) -> None:
    folder = make_tokenizer(tmp_path, text, parameters(kind, vocabulary_requested=400, byte_fallback=True))
    before = files_below(folder, ".")
    for asked, bound in ((50_000, "most"), (100, "least")):
        with pytest.raises(UserError, match=f"vocabulary_requested: found {asked}, expected at {bound} the") as refused:
            make_tokenizer(folder, text, parameters(kind, vocabulary_requested=asked, byte_fallback=True))
        assert files_below(folder, ".") == before, "what was there still is"
        possible = next(int(word) for word in str(refused.value.expected).split() if word.isdigit())
        made = make_tokenizer(tmp_path / bound, text, parameters(kind, vocabulary_requested=possible, byte_fallback=True))
        assert load_vocabulary(made).size == possible
        shutil.rmtree(made)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"kind": "pretrained"}, "tokenizer.kind"),
        ({"vocabulary_requested": None}, "tokenizer.vocabulary_requested"),
        ({"vocabulary_requested": 3}, "tokenizer"),
        ({"training": None}, "tokenizer.training"),
        ({"kind": "character", "unknown": "~~"}, "tokenizer.unknown"),
        ({"vocabulary_request": 3}, "Did you mean 'vocabulary_requested'"),
    ],
)
def test_parameters_that_train_nothing_are_refused(changes: dict[str, object], message: str, text: Path, tmp_path: Path) -> None:
    described = json.dumps(json.loads(parameters("bpe", vocabulary_requested=400)) | changes)
    with pytest.raises(UserError, match=message):
        make_tokenizer(tmp_path / "new", text, described)
    assert not (tmp_path / "new").exists()


def test_a_text_without_a_usable_line_is_refused(tmp_path: Path) -> None:
    text = write_text(tmp_path / "text", ["é" * 30, " \n\n"])
    with pytest.raises(UserError, match=r"no line to learn from \(1 are longer than 59 bytes\)"):
        make_tokenizer(tmp_path / "new", text, parameters("bpe", {"maximum_line_bytes": 59}, vocabulary_requested=20))


def test_characters_are_those_of_the_stream_by_code_point(tmp_path: Path) -> None:
    text = write_text(tmp_path / "text", ["bé a", "😀a"])
    with_unknown = make_tokenizer(tmp_path / "v2", text, parameters("character", unknown="~"))
    without = make_tokenizer(tmp_path / "v1", text, parameters("character"))
    assert json.loads((with_unknown / "characters.json").read_text()) == {"characters": "\n ab~é😀", "unknown": "~"}
    assert json.loads((without / "characters.json").read_text()) == {"characters": "\n abé😀", "unknown": " "}
    facts = read_manifest(with_unknown, "tokenizer").facts
    assert facts == {"kind": "character", "requested": None, "vocabulary": 7, "byte_pieces": 0, "documents": 2}


def test_lines_that_are_blank_or_too_long_are_no_sentences() -> None:
    documents = ["um\n\n \u2028\ndois ", "", "três\rmais\nção"]
    assert list(lines_of(documents)) == ["um", "dois ", "três\rmais", "ção"], "only a newline ends a line"
    assert [fits("ção", size) for size in (4, 5, 6)] == [False, True, True], "bytes count, not characters"
    assert count_lines(documents, 5) == {"lines": 3, "lines_too_long": 1, "characters": 10}


def test_lines_are_drawn_in_order_and_each_as_often_as_any_other() -> None:
    lines = range(20)
    assert list(draw(lines, 20, 30, seed=1)) == list(draw(lines, 20, 20, seed=1)) == list(lines)
    draws = [list(draw(lines, 20, 5, seed)) for seed in range(4000)]
    assert all(len(each) == 5 and each == sorted(each) for each in draws)
    assert draws[0] == list(draw(lines, 20, 5, seed=0)) != draws[1]
    times = Counter(line for each in draws for line in each)
    assert all(abs(times[line] - 1000) < 4.5 * 27.4 for line in lines), "binomial, standard deviation 27.4"


@pytest.mark.evidence
def test_the_listing_of_a_model_is_what_sentencepiece_writes(evidence: Path) -> None:
    models = sorted((evidence / "versions").rglob("spm_*.model"))
    assert len(models) == 4
    for model in models:
        assert vocabulary_listing(model.read_bytes()) == model.with_suffix(".vocab").read_text(encoding="utf-8")
