"""Generation by vLLM on a GPU: the same prompts, stops and limits, other kernels, and so at times other texts.

vLLM is none of the project's dependencies. It quantises to NF4 with quantised constants while it loads, and applies the adapter unmerged.
"""

import importlib.util
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from stages.errors import UserError
from stages.files import read_json
from stages.generation.answer import Answer, answer_of
from stages.generation.parameters import GenerateParameters


def load_vllm(
    parameters: GenerateParameters, model: Path, adapter: Path | None, device: torch.device, stops: Sequence[int]
) -> Callable[[Sequence[list[int]], int], list[Answer]]:
    """What answers prompts with the files of ``model``; :class:`UserError` without vLLM or a GPU.

    ``batch_size`` is how many answers are under way at once.
    """
    if importlib.util.find_spec("vllm") is None or device.type != "cuda":
        found = "no GPU" if device.type != "cuda" else "no vllm installed"
        raise UserError("--parameters", "generation.engine", found, "both, for vllm", "Take the engine transformers, or: pip install vllm")
    if not parameters.architecture.double_quantisation:
        raise UserError("--parameters", "architecture.double_quantisation", False, "true, which is all that vllm has")
    from vllm import LLM, SamplingParams  # type: ignore[import-not-found, unused-ignore]
    from vllm.lora.request import LoRARequest  # type: ignore[import-not-found, unused-ignore]

    generation = parameters.generation
    llm = LLM(
        model=str(model),
        quantization="bitsandbytes",
        dtype=parameters.architecture.compute_dtype,
        generation_config="vllm",
        max_model_len=generation.maximum_prompt_tokens + max(generation.maximum_new_tokens.values()),
        max_num_seqs=generation.batch_size,
        seed=0,
        trust_remote_code=False,
        **_adapter_settings(adapter),
    )
    request = LoRARequest(lora_name="adapter", lora_int_id=1, lora_path=str(adapter)) if adapter else None

    def answer(prompts: Sequence[list[int]], maximum_new_tokens: int) -> list[Answer]:
        settings = SamplingParams(temperature=0.0, max_tokens=maximum_new_tokens, stop_token_ids=list(stops), detokenize=False)
        inputs = [{"prompt_token_ids": prompt} for prompt in prompts]
        outputs = llm.generate(inputs, settings, lora_request=request, use_tqdm=False)
        return [answer_of(output.outputs[0].token_ids, stops) for output in outputs]

    return answer


def _adapter_settings(adapter: Path | None) -> dict[str, Any]:
    return {"enable_lora": True, "max_lora_rank": read_json(adapter / "adapter_config.json")["r"]} if adapter else {}
