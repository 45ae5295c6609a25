"""A tokenizer with a chat template and a LLaMA of random weights, both small and made on the spot, for the tests of track 2."""

import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from tokenizers import Tokenizer

from stages.base_tokenizer import train_byte_bpe, write_tokenizer
from stages.manifest import write_manifest
from tests.unit.tokenizers import invented_documents

if TYPE_CHECKING:
    from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

VOCABULARY = 400
CONTEXT = 512


def small_tokenizer() -> "PreTrainedTokenizerFast":
    """A tokenizer of :data:`VOCABULARY` entries; each caller gets one of its own."""
    from transformers import PreTrainedTokenizerFast

    with tempfile.TemporaryDirectory() as folder:
        _write_tokenizer(Path(folder))
        tokenizer: PreTrainedTokenizerFast = PreTrainedTokenizerFast.from_pretrained(folder)
    return tokenizer


def small_model(vocabulary: int = VOCABULARY, hidden: int = 32, layers: int = 2) -> "LlamaForCausalLM":
    """A LLaMA in fp32 of four heads, two of them with keys of their own, and a context of :data:`CONTEXT` tokens; always the same one."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    configuration = LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=hidden,
        intermediate_size=2 * hidden,
        num_hidden_layers=layers,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=CONTEXT,
        initializer_range=0.2,  # large enough for one token to tell on the next
        bos_token_id=0,
        eos_token_id=1,
        pad_token_id=2,
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model: LlamaForCausalLM = LlamaForCausalLM(configuration).train(False)
    return model


def write_model(folder: Path) -> Path:
    """A folder of kind ``model``: weights, configuration and tokenizer, as a base run writes them."""
    small_model().save_pretrained(folder)
    _write_tokenizer(folder)
    files = sorted(path.name for path in folder.iterdir())
    write_manifest(folder, "model", "stages.base_tokenizer", files=files, facts={"vocabulary": VOCABULARY}, parameters={})
    return folder


def _write_tokenizer(folder: Path) -> None:
    write_tokenizer(folder, _trained())


@cache
def _trained() -> Tokenizer:
    return train_byte_bpe(invented_documents(200), VOCABULARY)
