"""What is left of a prompt, and the answer without it."""

import pytest

from stages.audit.residue import answer_of, echoed, has_double_bos, has_header, left_of_prompt, special_tokens

PROMPT = "Corrija a frase seguinte.\nOs menino foi para a escola ontem de manhã"


@pytest.mark.parametrize(
    "output",
    [
        "ontem de manhãassistant\n\nOs meninos foram.",
        "<|start_header_id|>assistant<|end_header_id|>\n\nOs meninos foram.",
        "user\nCorrija\nassistant\nOs meninos foram.",
        "<|im_start|>assistant\nOs meninos foram.",
        "<start_of_turn>model\nOs meninos foram.",
        "<|assistant|>\nOs meninos foram.",
        "[INST] Corrija [/INST] Os meninos foram.",
        "### Resposta: Os meninos foram.",
        "aassistant\n\nassistant\n\nOs meninos foram.",
        "  Os meninos foram. ",
    ],
)
def test_the_answer_begins_behind_the_last_header(output: str) -> None:
    assert answer_of(output) == "Os meninos foram."
    assert has_header(output) == (output.strip() != "Os meninos foram.")


@pytest.mark.parametrize("output", ["Um assistant\n\najuda.", "O assistant disse:\nsim", "assistant", "O modelo [INST] abre."])
def test_words_that_are_no_header(output: str) -> None:
    assert not has_header(output)
    assert answer_of(output) == output


def test_special_tokens_once_each() -> None:
    assert special_tokens("a<|eot_id|>b<|eot_id|></s>") == ["<|eot_id|>", "</s>"]
    assert special_tokens("a < b | c > d") == []


@pytest.mark.parametrize(("text", "double"), [("<s> <s>Oi", True), ("<|begin_of_text|><|begin_of_text|>", True), ("<s>Oi</s><s>Oi", False)])
def test_double_start(text: str, double: bool) -> None:
    assert has_double_bos(text) is double


@pytest.mark.parametrize(("output", "length"), [("para a escola ontem de manhã!", 28), ("ontem de manhã", 0), ("Os meninos foram", 0)])
def test_an_echo_of_the_prompts_end(output: str, length: int) -> None:
    assert echoed(PROMPT, output) == length


@pytest.mark.parametrize(
    ("output", "left"),
    [
        ("nino foi para a escola ontem de manhã Os meninos foram", True),
        ("Os menino foi para a escola ontem de manhã e de tarde", False),
        ("foi para a escola ontem de manhã e de tarde", False),
        (PROMPT, False),
        ("", False),
    ],
)
def test_what_is_left_begins_inside_a_word(output: str, left: bool) -> None:
    assert left_of_prompt(PROMPT, output) is left
