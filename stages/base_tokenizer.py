"""Trains the tokenizer of a language model that is made here: byte-level BPE with LLaMA-3.1's control tokens and form of a chat.

    python -m stages.base_tokenizer --text data/CAMPAIGN/texts/TEXT --parameters JSON --folder data/CAMPAIGN/tokenizers/TOKENIZER

The folder is one that ``transformers`` reads. Every text round-trips; the same text and parameters give the same bytes.
"""

import argparse
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

from stages.errors import UserError, report_errors
from stages.files import parse_json, to_json, write_atomic
from stages.manifest import NAME, read_manifest, write_manifest
from stages.text_store import TextStore
from stages.tokenizer_parameters import Tokenizer as TokenizerParameters
from stages.validation import validate

BEGIN, END, PAD = "<|begin_of_text|>", "<|end_of_text|>", "<|finetune_right_pad_id|>"
CONTROL = (BEGIN, END, PAD, "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>")
"""The first ids, in this order."""
BYTES = 256
WORDS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
"""LLaMA 3's: line breaks stay together, so that a prompt's last token is the same whatever answer follows."""
TEMPLATE = """\
{{- bos_token }}
{%- for message in messages %}
{{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n' + message['content'] | trim + '<|eot_id|>' }}
{%- endfor %}
{%- if add_generation_prompt %}
{{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}
{%- endif %}
"""
"""A turn as LLaMA-3.1 writes it, without the header of dates that its own template puts first."""
CONFIGURATION = {
    "tokenizer_class": "PreTrainedTokenizerFast",
    "bos_token": BEGIN,
    "eos_token": END,
    "pad_token": PAD,
    "clean_up_tokenization_spaces": False,
    "model_input_names": ["input_ids", "attention_mask"],
}


def train_byte_bpe(texts: Iterable[str], vocabulary: int) -> Tokenizer:
    """Tokenizer of ``vocabulary`` entries, its control tokens and all bytes among them; :class:`UserError` where the texts allow fewer."""
    least = len(CONTROL) + BYTES
    if vocabulary < least:
        raise _wrong_size(vocabulary, f"at least the {least} that bytes and control tokens take")
    tokenizer = Tokenizer(models.BPE())
    words = pre_tokenizers.Split(Regex(WORDS), behavior="isolated")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([words, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=list(CONTROL),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    if (found := tokenizer.get_vocab_size()) < vocabulary:
        raise _wrong_size(vocabulary, f"at most the {found} that this text allows", "Ask for fewer entries, or give it more text.")
    tokenizer.post_processor = processors.TemplateProcessing(single=f"{BEGIN} $A", special_tokens=[(BEGIN, CONTROL.index(BEGIN))])
    return tokenizer


def _wrong_size(vocabulary: int, expected: str, do: str = "") -> UserError:
    return UserError("--parameters", "tokenizer.vocabulary_requested", vocabulary, expected, do)


def write_tokenizer(folder: Path, tokenizer: Tokenizer) -> list[str]:
    """Write what ``transformers`` reads; the files' names."""
    files = {
        "tokenizer.json": tokenizer.to_str(pretty=True),
        "tokenizer_config.json": to_json(CONFIGURATION),
        "chat_template.jinja": TEMPLATE,
    }
    for name, content in files.items():
        write_atomic(folder / name, content)
    return list(files)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m stages.base_tokenizer", description="Train the tokenizer of a base model.")
    parser.add_argument("--text", type=Path, required=True, help="folder of the text")
    parser.add_argument("--parameters", required=True, help="the tokenizer's parameters, as JSON")
    parser.add_argument("--folder", type=Path, required=True, help="folder to write")
    report_errors(partial(run, parser.parse_args()))


def run(arguments: argparse.Namespace) -> None:
    """Read the text, train, write the tokenizer and its manifest."""
    parameters = validate(TokenizerParameters, parse_json(arguments.parameters, "--parameters"), "--parameters")
    if parameters.kind != "byte_bpe":
        raise UserError("--parameters", "tokenizer.kind", repr(parameters.kind), "'byte_bpe', the kind that is trained here")
    if parameters.vocabulary_requested is None:
        raise UserError("--parameters", "tokenizer.vocabulary_requested", "nothing", "the entries of the vocabulary")
    read_manifest(arguments.text, "text")
    documents = TextStore(arguments.text)
    tokenizer = train_byte_bpe(documents, parameters.vocabulary_requested)
    facts = {
        "kind": parameters.kind,
        "requested": parameters.vocabulary_requested,
        "vocabulary": tokenizer.get_vocab_size(),
        "byte_pieces": BYTES,
        "documents": len(documents),
    }
    write_manifest(
        arguments.folder,
        "tokenizer",
        "stages.base_tokenizer",
        files=write_tokenizer(arguments.folder, tokenizer),
        facts=facts,
        parameters={"tokenizer": parameters.model_dump(mode="json", exclude={"vocabulary"})},
        inputs={"text": arguments.text / NAME},
        libraries=["tokenizers"],
    )
    print(f"{parameters.kind} tokenizer: {facts['vocabulary']} entries, from {facts['documents']} documents")


if __name__ == "__main__":
    main()
