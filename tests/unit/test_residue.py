"""What is left of a prompt, and the answer without it."""

import pytest

from stages.audit.residue import answer_of, echoed, echoed_inside_word, has_double_bos, has_header, may_have_header, special_tokens

PROMPT = "Corrija a frase seguinte.\nOs menino foi para a escola ontem de manhã"


@pytest.mark.parametrize(
    "output",
    [
        "ontem de manhãassistant\n\nOs meninos foram.",
        "<|start_header_id|>assistant<|end_header_id|>\n\nOs meninos foram.",
        "<|im_start|>assistant\nOs meninos foram.",
        "<start_of_turn>model\nOs meninos foram.",
        "<|assistant|>\nOs meninos foram.",
        "[INST] Corrija [/INST] Os meninos foram.",
        "assistant\n\nOs meninos foram.",
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


@pytest.mark.parametrize("header", ["assistant\n", "### Resposta: ", "\n## Response:\n"])
def test_a_header_that_an_answer_may_hold(header: str) -> None:
    """Such a header is one behind the prompt's end, or behind what every system's output begins with."""
    behind_prompt = f"a escola\nontem de manhã\n{header}Os meninos foram."
    assert answer_of(behind_prompt, PROMPT) == "Os meninos foram."
    output, other = (f"manhã\n{header}{answer}" for answer in ("Os meninos foram.", "Foram."))
    assert answer_of(output, PROMPT, [other]) == "Os meninos foram."
    for prompt, others in (("", ()), (PROMPT, ()), (PROMPT, [other, "Foram."])):
        assert answer_of(output, prompt, others) == output
        assert not has_header(output, prompt, others)
    assert may_have_header(output)


@pytest.mark.parametrize(
    "output", ["## Resposta:\n\nSim.", "user\nassistant\nsystem", "system\nuser\nassistant\n\nOs três.", "- AI-assistant\n\nSim."]
)
def test_an_answer_with_a_heading_or_a_list_of_its_own(output: str) -> None:
    assert answer_of(output) == answer_of(output, PROMPT, ["Sim.", "Não."]) == output.strip()


def test_special_tokens_once_each() -> None:
    assert special_tokens("a<|eot_id|>b<|eot_id|></s>") == ["<|eot_id|>", "</s>"]
    assert special_tokens("a < b | c > d") == []


@pytest.mark.parametrize(
    ("output", "found"),
    [
        ("Use <s>texto riscado</s> e <b>negrito</b>.", []),
        ("<s>antigo</s> novo", []),
        ("<s>Sim.</s>", ["<s>", "</s>"]),
        ("Sim.</s>", ["</s>"]),
        ("<s>antigo</s> novo</s>", ["</s>"]),
        ("x <s>Corrija [/INST] Sim.</s>", ["[/INST]"]),
    ],
)
def test_text_that_is_struck_through(output: str, found: list[str]) -> None:
    assert special_tokens(output) == found


@pytest.mark.parametrize(("text", "double"), [("<s> <s>Oi", True), ("<|begin_of_text|><|begin_of_text|>", True), ("<s>Oi</s><s>Oi", False)])
def test_double_start(text: str, double: bool) -> None:
    assert has_double_bos(text) is double


@pytest.mark.parametrize(("output", "length"), [("para a escola ontem de manhã!", 28), ("ontem de manhã", 0), ("Os meninos foram", 0)])
def test_an_echo_of_the_prompts_end(output: str, length: int) -> None:
    assert echoed(PROMPT, output) == length


@pytest.mark.parametrize(
    ("output", "length"),
    [
        ("nino foi para a escola ontem de manhã Os meninos foram", 37),
        ("Os menino foi para a escola ontem de manhã e de tarde", 0),
        ("foi para a escola ontem de manhã e de tarde", 0),
        (PROMPT, 0),
        ("", 0),
    ],
)
def test_what_is_left_begins_inside_a_word(output: str, length: int) -> None:
    assert echoed_inside_word(PROMPT, output) == length
