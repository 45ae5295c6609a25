"""Generation by ``transformers``: the reference engine."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import torch

from stages.errors import UserError
from stages.generation.answer import Answer, answer_of
from stages.memory import enough_memory
from stages.tuning.chat import end_of_turn, pad_id

if TYPE_CHECKING:
    from transformers import GenerationConfig, PreTrainedTokenizerFast

LARGEST_READ_OUT = 1_000_000_000
"""Parameters of a model up to which its quantised weights are read out on a CPU: 4 GB of them."""
MEMORY = "Lower batch_size, which says how many are answered at once."


class Sampling(NamedTuple):
    """Answers drawn at a temperature, in place of greedy ones."""

    temperature: float
    seed: int
    """Of the batch."""


class Ids(NamedTuple):
    """Ids that have a part in generation."""

    pad: int
    stops: list[int]
    """Any of them ends an answer."""


def ids_of(tokenizer: "PreTrainedTokenizerFast", own: "GenerationConfig") -> Ids:
    """The end of a turn, whatever else ends the model's texts by its ``own`` configuration, and a pad that is none of these."""
    ends = own.eos_token_id if isinstance(own.eos_token_id, list) else [own.eos_token_id]
    stops = sorted({end_of_turn(tokenizer), *(each for each in ends if each is not None)})
    pad = pad_id(tokenizer)
    if pad in stops:
        do = "Give the tokenizer a pad token of its own (tokenizer_config.json)."
        raise UserError("tokenizer", "pad_token", f"id {pad}, which ends answers", f"none of {stops}", do)
    return Ids(pad, stops)


def answer_batch(
    model: Any, ids: Ids, prompts: Sequence[list[int]], maximum_new_tokens: int, sampling: Sampling | None = None
) -> list[Answer]:
    """Answers of ``model`` (with or without an adapter) to prompts of token ids, all at once.

    Prompts are padded on the left, so that all end in the same column, and answers begin behind that column. Greedy unless
    ``sampling``. Nothing is taken from the model's own ``generation_config``: not its temperature, nor penalties of repetition.
    """
    from transformers import GenerationConfig

    width = max(map(len, prompts))
    input_BT = torch.tensor([[ids.pad] * (width - len(prompt)) + prompt for prompt in prompts], device=model.device)
    mask_BT = torch.tensor([[0] * (width - len(prompt)) + [1] * len(prompt) for prompt in prompts], device=model.device)
    own, model.generation_config = model.generation_config, GenerationConfig()  # type: ignore[no-untyped-call]
    found = f"too little for {len(prompts)} prompts of {width} tokens"
    try:
        with enough_memory("generation", MEMORY, found), torch.inference_mode(), torch.random.fork_rng(enabled=sampling is not None):
            if sampling:
                torch.manual_seed(sampling.seed)
            settings = _settings(ids, maximum_new_tokens, sampling)
            output_BT = model.generate(input_ids=input_BT, attention_mask=mask_BT, generation_config=settings)
    finally:
        model.generation_config = own
    return [answer_of(row, ids.stops) for row in output_BT[:, width:].tolist()]


def _settings(ids: Ids, maximum_new_tokens: int, sampling: Sampling | None) -> "GenerationConfig":
    """Greedy, or pure sampling at a temperature: neither the most likely tokens alone nor those of a share of the probability."""
    from transformers import GenerationConfig

    drawn = {"temperature": sampling.temperature, "top_k": 0, "top_p": 1.0} if sampling else {}
    return GenerationConfig(  # type: ignore[no-untyped-call]
        do_sample=sampling is not None,
        num_beams=1,
        max_new_tokens=maximum_new_tokens,
        repetition_penalty=1.0,
        pad_token_id=ids.pad,
        eos_token_id=ids.stops,
        use_cache=True,
        **drawn,
    )


def read_out(model: torch.nn.Module) -> None:
    """Put what the 4-bit weights stand for in their place, as fp32, where ``model`` lies on a CPU and is small.

    The products are the same, since a 4-bit layer reads its weights out before each of them; done once, generation takes half the time.
    """
    from bitsandbytes.functional import dequantize_4bit
    from bitsandbytes.nn.modules import Linear4bit

    layers: dict[str, Any] = {name: layer for name, layer in model.named_modules() if type(layer) is Linear4bit}
    size = sum(layer.in_features * layer.out_features for layer in layers.values())
    if size > LARGEST_READ_OUT or any(layer.weight.device.type != "cpu" for layer in layers.values()):
        return
    for name, layer in layers.items():
        weight = dequantize_4bit(layer.weight.data, layer.weight.quant_state)
        plain = torch.nn.Linear(layer.in_features, layer.out_features, bias=layer.bias is not None, device="meta")
        plain.weight, plain.bias = torch.nn.Parameter(weight, requires_grad=False), layer.bias
        model.set_submodule(name, plain)
