"""Trains a tokenizer on a text: a sorted set of characters, or a SentencePiece model (BPE or unigram).

The same text, parameters and seed give the same bytes. SentencePiece's threads sum their counts apart, so the number of threads
decides the last digits of a unigram model: it is fixed here, and no command line changes it.
"""

import argparse
import io
import re
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from stages.errors import UserError, report_errors
from stages.files import parse_json, to_json, write_atomic
from stages.line_sample import count_lines, draw, fits, lines_of
from stages.manifest import NAME, read_manifest, write_manifest
from stages.text_store import TextStore
from stages.tokenizer_parameters import Tokenizer, TokenizerTraining
from stages.validation import validate
from stages.vocabulary import CHARACTERS, DOCUMENT_END, MODEL, code_points

THREADS = 16
"""SentencePiece's own default, with which the thesis's models were trained."""
COVERAGE = 0.9995
"""Share of the text that a SentencePiece model's characters cover, unless the parameters say it: its own default and the thesis's."""
LISTING = "tokenizer.vocab"
ERROR_LEVEL = 2
"""Of SentencePiece's log: progress and warnings are not printed."""


def characters_of(documents: Iterable[str], unknown: str) -> str:
    """Characters of the stream of documents, each once, by code point; ``unknown`` is one of them in any case."""
    seen = np.zeros(0x110000, dtype=bool)
    seen[code_points(DOCUMENT_END + unknown)] = True
    for document in documents:
        seen[code_points(document)] = True
    return "".join(map(chr, np.flatnonzero(seen)))


def train_sentencepiece(lines: Iterable[str], tokenizer: Tokenizer, training: TokenizerTraining) -> bytes:
    """Serialised model of ``lines``, one sentence each; :class:`UserError` where the text does not allow the vocabulary asked for.

    Ids: padding 0, unknown 1, begin 2, end 3, ``<sep>`` 4, ``<mask>`` 5, as in the thesis's runs.
    """
    from sentencepiece import SentencePieceTrainer

    model = io.BytesIO()
    try:
        SentencePieceTrainer.train(
            sentence_iterator=iter(lines),
            model_writer=model,
            model_type=tokenizer.kind,
            vocab_size=tokenizer.vocabulary_requested,
            byte_fallback=tokenizer.byte_fallback,
            character_coverage=COVERAGE if tokenizer.character_coverage is None else tokenizer.character_coverage,
            hard_vocab_limit=training.hard_vocabulary_limit,
            seed_sentencepiece_size=training.seed_pieces,
            normalization_rule_name=training.normaliser,
            remove_extra_whitespaces=training.remove_extra_whitespace,
            add_dummy_prefix=True,
            max_sentence_length=training.maximum_line_bytes,
            input_sentence_size=0,  # all that it is given: the lines are drawn before
            shuffle_input_sentence=False,
            train_extremely_large_corpus=True,  # 64-bit positions: the same pieces, and no limit of 2 GB
            user_defined_symbols=["<sep>", "<mask>"],
            pad_id=0,
            unk_id=1,
            bos_id=2,
            eos_id=3,
            num_threads=THREADS,
            minloglevel=ERROR_LEVEL,
        )
    except RuntimeError as error:
        raise _refusal(str(error), tokenizer) from error
    return model.getvalue()


def _refusal(message: str, tokenizer: Tokenizer) -> UserError:
    """What SentencePiece refused, as an error that names the parameter."""
    field, asked = "tokenizer.vocabulary_requested", tokenizer.vocabulary_requested
    if most := re.search(r"too high .* <= (\d+)", message):
        do = "Ask for fewer pieces, give it more text, or set tokenizer.training.hard_vocabulary_limit to false."
        return UserError("--parameters", field, asked, f"at most the {most[1]} pieces that this text allows", do)
    if least := re.search(r"smaller than required_chars\. \d+ vs (\d+)", message):
        return UserError("--parameters", field, asked, f"at least the {least[1]} that its characters, bytes and special tokens take")
    return UserError("--parameters", "tokenizer", f"what SentencePiece refuses ({message.splitlines()[0]})", "settings that suit this text")


def vocabulary_listing(model: bytes) -> str:
    """Pieces and scores of a model, one a line: what SentencePiece writes as ``.vocab``."""
    from sentencepiece import SentencePieceProcessor

    processor = SentencePieceProcessor(model_proto=model)
    ids = list(range(len(processor)))
    pieces = zip(processor.id_to_piece(ids), processor.get_score(ids), strict=True)
    return "".join(f"{piece}\t{score:g}\n" for piece, score in pieces)


def make_characters(documents: Sequence[str], tokenizer: Tokenizer) -> tuple[dict[str, bytes | str], dict[str, Any]]:
    """File and facts of a character tokenizer."""
    unknown = tokenizer.unknown or " "
    if len(unknown) != 1:
        raise UserError("--parameters", "tokenizer.unknown", repr(unknown), "one character")
    characters = characters_of(documents, unknown)
    facts = {"vocabulary": len(characters), "byte_pieces": 0, "documents": len(documents)}
    return {CHARACTERS: to_json({"characters": characters, "unknown": unknown})}, facts


def make_sentencepiece(documents: Sequence[str], tokenizer: Tokenizer, seed: int) -> tuple[dict[str, bytes | str], dict[str, Any]]:
    """Files and facts of a SentencePiece tokenizer."""
    training = tokenizer.training
    if training is None or not tokenizer.vocabulary_requested:
        missing = "training" if training is None else "vocabulary_requested"
        raise UserError("--parameters", f"tokenizer.{missing}", "nothing", f"what a {tokenizer.kind} tokenizer is trained with")
    counts = count_lines(documents, training.maximum_line_bytes)
    drawn = min(counts["lines"], training.maximum_lines)
    if not drawn:
        longer = f"no line to learn from ({counts['lines_too_long']} are longer than {training.maximum_line_bytes} bytes)"
        raise UserError("--text", "", longer, "at least one")
    usable = (line for line in lines_of(documents) if fits(line, training.maximum_line_bytes))
    model = train_sentencepiece(draw(usable, counts["lines"], training.maximum_lines, seed), tokenizer, training)
    listing = vocabulary_listing(model)
    facts = {
        "vocabulary": listing.count("\n"),
        "byte_pieces": len(re.findall(r"^<0x[0-9A-F]{2}>\t", listing, re.MULTILINE)),
        "documents": len(documents),
        **counts,
        "lines_drawn": drawn,
    }
    return {MODEL: model, LISTING: listing}, facts


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m stages.tokenizer", description="Train a tokenizer on a text.")
    parser.add_argument("--text", type=Path, required=True, help="folder of the text")
    parser.add_argument("--parameters", required=True, help="the tokenizer's parameters, as JSON")
    parser.add_argument("--seed", type=int, required=True, help="draws the lines, where there are more than wanted")
    parser.add_argument("--folder", type=Path, required=True, help="folder to write")
    report_errors(partial(run, parser.parse_args()))


def run(arguments: argparse.Namespace) -> None:
    """Read the text, train, write the tokenizer and its manifest."""
    tokenizer = validate(Tokenizer, parse_json(arguments.parameters, "--parameters"), "--parameters")
    if tokenizer.kind == "pretrained":
        raise UserError("--parameters", "tokenizer.kind", repr("pretrained"), "a kind that is trained here: character, bpe or unigram")
    read_manifest(arguments.text, "text")
    documents = TextStore(arguments.text)
    if tokenizer.kind == "character":
        files, counted = make_characters(documents, tokenizer)
    else:
        files, counted = make_sentencepiece(documents, tokenizer, arguments.seed)
    for name, content in files.items():
        write_atomic(arguments.folder / name, content)
    facts = {"kind": tokenizer.kind, "requested": tokenizer.vocabulary_requested, **counted}
    write_manifest(
        arguments.folder,
        "tokenizer",
        "stages.tokenizer",
        files=list(files),
        facts=facts,
        parameters={"tokenizer": tokenizer.model_dump(mode="json", exclude={"vocabulary"}), "seed": arguments.seed},
        inputs={"text": arguments.text / NAME},
        libraries=["numpy"] if tokenizer.kind == "character" else ["sentencepiece"],
    )
    asked = f" of {facts['requested']} asked for" if facts["requested"] else ""
    print(f"{tokenizer.kind} tokenizer: {facts['vocabulary']} entries{asked}, from {facts['documents']} documents")


if __name__ == "__main__":
    main()
