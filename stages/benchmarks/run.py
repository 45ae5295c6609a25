"""Run tasks of this folder on the model that ``model.json`` names: its weights quantised to NF4, its adapter beside them, unmerged.

    pip install "lm_eval[hf]" peft bitsandbytes
    python run.py --tasks lastro_pt,lastro_extrinsic

The harness's own command line can load no model in 4 bits with transformers 5, so this loads it. Needs nothing of the project.
"""

import argparse
import json
import os
from pathlib import Path
from typing import Any

import torch


def main() -> None:
    parser = argparse.ArgumentParser(description="Run tasks of lm-evaluation-harness.")
    parser.add_argument("--tasks", required=True, help="names of tasks or groups, with commas between")
    parser.add_argument("--output", type=Path, default=Path("results.json"), help="JSON to write")
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--limit", type=int, help="examples of each task; all where not given")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    arguments = parser.parse_args()
    output = arguments.output.absolute()
    os.chdir(Path(__file__).parent)  # where the tasks' files of examples are
    results = evaluate(arguments, *load(json.loads(Path("model.json").read_text()), arguments.device))
    output.write_text(json.dumps(results, indent=1, ensure_ascii=False, default=str) + "\n")
    for task, scores in results["results"].items():
        print(task, {name: value for name, value in scores.items() if isinstance(value, float)})


def load(named: dict[str, Any], device: str) -> tuple[Any, Any]:
    """Model and tokenizer. A processor computes in fp32, as it emulates narrower types."""
    from transformers import AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig

    dtype = torch.bfloat16 if device.startswith("cuda") else torch.float32
    quantisation = BitsAndBytesConfig(  # type: ignore[no-untyped-call]
        load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True, bnb_4bit_compute_dtype=dtype
    )
    source = {"pretrained_model_name_or_path": named["pretrained"], "revision": named["revision"]}
    model: Any = AutoModelForCausalLM.from_pretrained(
        **source,
        quantization_config=quantisation,
        dtype=dtype,
        device_map={"": device},
        use_safetensors=True,
        trust_remote_code=False,
    )
    if named["adapter"]:
        from peft import PeftModel

        model = PeftModel.from_pretrained(model, named["adapter"])
    return model.eval(), AutoTokenizer.from_pretrained(**source, trust_remote_code=False)


def evaluate(arguments: argparse.Namespace, model: Any, tokenizer: Any) -> Any:
    """The harness's results, with every answer; messages stand in the tokenizer's chat template."""
    import lm_eval  # type: ignore[import-not-found]
    from lm_eval.models.huggingface import HFLM  # type: ignore[import-not-found]
    from lm_eval.tasks import TaskManager  # type: ignore[import-not-found]

    return lm_eval.simple_evaluate(
        model=HFLM(pretrained=model, tokenizer=tokenizer, batch_size=arguments.batch_size),
        tasks=arguments.tasks.split(","),
        task_manager=TaskManager(include_path=".", include_defaults=False),
        apply_chat_template=True,
        limit=arguments.limit,
        log_samples=True,
    )


if __name__ == "__main__":
    main()
