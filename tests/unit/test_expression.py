import pytest

from stages.errors import UserError
from stages.expression import ParameterNode, evaluate, evaluate_number, short_device
from stages.record import MissingValue
from stages.traced import Ref, Traced

A, B = Ref("a.json", "$.a", "1"), Ref("b.json", "$.b", "2")
SCOPE = {
    "a": Traced(6.0, (A,)),
    "b": Traced(3.0, (B,)),
    "many": [Traced(1.0, (A,)), Traced(2.0, (B,)), Traced(6.0, (A,))],
    "budget": ParameterNode({"gpu": {"memory_gb": 24}}, Ref("budget.yaml", "$", "3", "parameters")),
    "kind": Traced("gpu"),
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a / b + 1", 3),
        ("-a * 2", -12),
        ("a if a > b else b", 6),
        ("sum(many)", 9),
        ("mean(many)", 3),
        ("count(many)", 3),
        ("sd(many)", 7**0.5),
        ("exp(a - 2 * b)", 1),
        ("training_flops(a, budget.gpu.memory_gb)", 6 * 6 * 24),
        ("budget.gpu.memory_gb", 24),
        ("budget[kind].memory_gb", 24),
    ],
)
def test_arithmetic(text: str, expected: float) -> None:
    assert evaluate_number(text, SCOPE, "spec").value == pytest.approx(expected)


def test_a_result_is_traced_to_all_that_it_read() -> None:
    result = evaluate_number("a / b", SCOPE, "spec")
    assert result.refs == (A, B)
    assert result.formula == "a / b"
    assert evaluate_number("training_flops(a, b)", SCOPE, "spec").refs == (A, B)
    assert evaluate_number("budget.gpu.memory_gb", SCOPE, "spec").refs == (Ref("budget.yaml", "$.gpu.memory_gb", "3", "parameters"),)


def test_what_is_missing_may_have_a_stand_in_and_without_one_spreads() -> None:
    scope = SCOPE | {"none": ParameterNode(None, Ref("prices.yaml", "$.CPU", "4", "parameters")), "cell": {"price": Traced(None)}}
    assert evaluate_number("a * given(none, 2)", scope, "spec").value == 12
    assert evaluate_number("given(a, 2)", scope, "spec").value == 6
    for text in ("a * none", "a * cell.price"):
        with pytest.raises(MissingValue):
            evaluate_number(text, scope, "spec")


def test_a_condition_is_traced_with_what_it_chose() -> None:
    result = evaluate("'fits' if a < b else 'not'", SCOPE, "spec")
    assert isinstance(result, Traced)
    assert (result.value, result.refs) == ("not", (A, B))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a +", "expected an expression"),
        ("c", "found an unknown name"),
        ("a / (b - 3)", "division by zero"),
        ("budget.gpu.memory", "found memory_gb, expected an entry 'memory'"),
        ("many + 1", "expected one value"),
        ("'six'", "expected a finite number"),
        ("__import__('os')", "expected numbers, names, arithmetic"),
        ("(lambda: 1)()", "expected numbers, names, arithmetic"),
        ("a.__class__", "found a plain value"),
        ("[a for a in many]", "expected numbers, names, arithmetic"),
        ("short_device()", "expected arguments that short_device takes"),
        ("upper(3)", "expected values of which the function can be computed"),
        ("exp(100000)", "math range error"),
        ("sd(a)", "expected values of which their aggregate can be computed"),
        ("-kind", "expected values of which its negative can be computed"),
        ("(0 - 1) ** 0.5", "expected a finite number"),
    ],
)
def test_what_is_not_in_the_language_is_refused(text: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        evaluate_number(text, SCOPE, "spec")


def test_short_device() -> None:
    assert [short_device(name) for name in ("NVIDIA GeForce RTX 3080", "NVIDIA H200", "cpu")] == ["RTX 3080", "H200", "cpu"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("short_model('meta-llama/Llama-3.1-8B-Instruct')", "LLaMA 3.1-8B-Instruct"),
        ("short_model('base')", "base"),
        ("short_dataset('dominguesm/Canarim-Instruct-PTBR-Dataset at 1f3a')", "Canarim"),
        ("short_dataset('nlpufg/brwac')", "BrWaC"),
        ("short_dataset('local: frases.jsonl')", "local: frases.jsonl"),
        ("short_count(9500 + 500)", "10k"),
        ("short_count(340)", "340"),
        ("at(many, 1)", 2.0),
    ],
)
def test_names_and_places_as_tables_print_them(text: str, expected: object) -> None:
    result = evaluate(text, SCOPE, "spec")
    assert isinstance(result, Traced)
    assert result.value == expected


def test_an_entry_that_a_list_has_not_is_missing() -> None:
    with pytest.raises(MissingValue):
        evaluate("at(many, 3)", SCOPE, "spec")


def test_nothing_is_a_share_of_nothing() -> None:
    scope = {"part": Traced(0.3), "whole": Traced(0.0)}
    with pytest.raises(MissingValue, match="a whole of 0"):
        evaluate_number("ratio(part, whole)", scope, "here")
    assert evaluate_number("ratio(part, whole)", scope | {"whole": Traced(0.6)}, "here").value == 0.5
