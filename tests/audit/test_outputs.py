"""Rules on stored outputs: each finds its planted fault and leaves a near miss alone."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.audit.sound import EXAMPLES, SEEDS, Sound, scored, sentence, text

FIRST, SECOND = (f"evaluation/outputs_{seed}.jsonl" for seed in SEEDS)
SUMMARY = f"evaluation/summary_{SEEDS[0]}.json"
SET = f"evaluation/sets_{SEEDS[0]}/qa.jsonl"
SAMPLES = "lm/samples.json"
RULES = (
    "outputs.residue",
    "outputs.scored_line",
    "outputs.identical",
    "outputs.exact",
    "outputs.token_limit",
    "outputs.cut",
    "outputs.repetition",
    "outputs.double_bos",
    "outputs.encoding",
    "outputs.rows",
)
Row = dict[str, Any]


def each(
    change: Callable[[Row], None], *, task: str = "qa", rows: slice = slice(None), rescore: bool = True
) -> Callable[[list[Row]], list[Row]]:
    """Change rows of a task, and score them again as somebody would who sees nothing wrong."""

    def apply(content: list[Row]) -> list[Row]:
        for row in [row for row in content if row["task"] == task][rows]:
            change(row)
            row |= scored(row) if rescore else {}
        return content

    return apply


def put_before(residue: Callable[[Row], str]) -> Callable[[Row], None]:
    def change(row: Row) -> None:
        for system in ("base", "sft"):
            row[f"{system}_output"] = residue(row) + row[f"{system}_output"]

    return change


def tail(row: Row) -> str:
    return str(row["instruction"])[-22:] + "assistant\n\n"


def test_the_sound_campaign(sound: Sound) -> None:
    assert [finding for finding in sound.audit(*RULES) if finding.severity != "note"] == []


def test_residue_in_the_outputs(sound: Sound) -> None:
    sound.spoil(FIRST, each(put_before(tail), rows=slice(9)))
    base, sft = sound.audit("outputs.residue")
    assert (base.severity, base.verdict, base.subject, sft.subject) == ("error", "protocol fault", "extrinsic base", "extrinsic sft")
    assert base.recomputed == "seed 11: 9 of 36; seed 22: 0 of 36"
    assert "the same rows for every system" in base.message
    assert "qa em " in base.effect
    assert base.cells == ("evaluation base.qa.em", "evaluation base.qa.f1")


def test_residue_in_one_system_alone(sound: Sound) -> None:
    sound.change(SECOND, each(lambda row: row.update(sft_output="<|eot_id|>" + row["sft_output"]), rows=slice(1)))
    [finding] = sound.audit("outputs.residue")
    assert (finding.subject, finding.recomputed) == ("extrinsic sft", "seed 11: 0 of 36; seed 22: 1 of 36")
    assert "1 of them for this system alone" in finding.message


def test_an_echo_that_begins_inside_a_word(sound: Sound) -> None:
    cut = each(put_before(lambda row: row["input"][3:] + " "), task="rewriting", rows=slice(2))
    sound.change(FIRST, cut)
    assert [finding.recomputed for finding in sound.audit("outputs.residue")] == ["seed 11: 2 of 36; seed 22: 0 of 36"] * 2


def test_echoes_of_one_system(sound: Sound) -> None:
    """Of two rows, the output may leave out what the task says; of most rows of a task, it is cut at the wrong place."""

    def echo(row: Row) -> None:
        row["sft_output"] = row["input"][3:] + " " + row["sft_output"]

    sound.change(FIRST, each(echo, task="rewriting", rows=slice(2)))
    assert sound.audit("outputs.residue") == []
    sound.change(FIRST, each(echo, task="rewriting", rows=slice(2, None)))
    [finding] = sound.audit("outputs.residue")
    assert (finding.subject, finding.recomputed) == ("extrinsic sft", "seed 11: 12 of 36; seed 22: 0 of 36")


def test_a_prefix_that_is_to_be_left_out(sound: Sound) -> None:
    def change(row: Row) -> None:
        word = row["input"].lower()
        row |= {"instruction": "Tire o prefixo", "input": f"des{word}", "reference": word, "base_output": word, "sft_output": word}

    sound.change(FIRST, each(change, task="rewriting"))
    assert sound.audit("outputs.residue") == []


@pytest.mark.parametrize(
    "left",
    [
        lambda row: "responda em portuguêsassistant\n\n",
        lambda row: f"user\n{row['instruction']}\nassistant\n",
        lambda row: f"### Instrução:\n{row['instruction']}\n\n### Resposta:\n",
        lambda row: "<s>",
    ],
)
def test_headers_in_one_system_alone(sound: Sound, left: Callable[[Row], str]) -> None:
    sound.change(FIRST, each(lambda row: row.update(sft_output=left(row) + row["sft_output"]), rows=slice(1)))
    [finding] = sound.audit("outputs.residue")
    assert (finding.subject, finding.recomputed) == ("extrinsic sft", "seed 11: 1 of 36; seed 22: 0 of 36")


def test_a_heading_before_every_answer(sound: Sound) -> None:
    """What all systems begin with is the template's, unless the reference begins with it too."""
    sound.change(FIRST, each(put_before(lambda row: "### Resposta:\n")))
    assert [finding.effect for finding in sound.audit("outputs.scored_line")] == ["seed 11: 12 of 12; seed 22: 0 of 12"] * 2
    sound.change(FIRST, each(lambda row: row.update(reference="### Resposta:\n" + row["reference"])))
    assert sound.audit("outputs.residue", "outputs.scored_line", "outputs.exact") == []


@pytest.mark.parametrize("task", ["qa", "rewriting"])
@pytest.mark.parametrize(
    "answer",
    [
        lambda row: "<p>Use <s>texto riscado</s> e <b>negrito</b>.</p>",
        lambda row: f"## Resposta:\n\n{row['reference']}",
        lambda row: "user\nassistant\nsystem",
    ],
)
def test_an_answer_with_signs_of_its_own(sound: Sound, answer: Callable[[Row], str], task: str) -> None:
    sound.spoil(FIRST, each(lambda row: row.update(sft_output=answer(row)), task=task, rows=slice(4)))
    assert sound.audit("outputs.residue", "outputs.scored_line", "outputs.exact") == []


@pytest.mark.parametrize(
    "answer",
    [
        lambda row: "Preciso de um assistant\n\npara isso.",
        lambda row: row["input"],
        lambda row: row["input"] + " Foi isto.",
        lambda row: f"{row['instruction']}\n\n{row['input']}",
    ],
)
def test_an_answer_that_repeats_its_source(sound: Sound, answer: Callable[[Row], str]) -> None:
    sound.change(FIRST, each(lambda row: row.update(base_output=answer(row)), task="rewriting"))
    assert sound.audit("outputs.residue") == []


def test_a_token_that_the_task_is_about(sound: Sound) -> None:
    sound.change(FIRST, each(lambda row: row.update(instruction="O que é <s>?", base_output="<s> abre uma sequência."), rows=slice(1)))
    assert sound.audit("outputs.residue") == []


def test_the_scored_line_is_of_the_prompt(sound: Sound) -> None:
    sound.spoil(FIRST, each(put_before(tail)))
    _, sft = sound.audit("outputs.scored_line")
    assert (sft.severity, sft.subject) == ("error", "extrinsic qa sft")
    assert sft.effect == "seed 11: 12 of 12; seed 22: 0 of 12"
    assert float(sft.stated.split()[1].rstrip(";")) < float(sft.recomputed.split()[1].rstrip(";"))
    assert sft.cells == ("evaluation sft.qa.em", "evaluation sft.qa.f1")


def test_residue_of_a_task_that_is_scored_whole(sound: Sound) -> None:
    sound.change(FIRST, each(put_before(tail), task="summarization"))
    assert sound.audit("outputs.scored_line") == []


def test_different_answers_with_one_scored_line(sound: Sound) -> None:
    sound.spoil(FIRST, each(put_before(tail)))
    different = sum(row["base_output"] != row["sft_output"] for row in sound.read(FIRST) if row["task"] == "qa")
    [finding] = sound.audit("outputs.identical")
    assert (finding.severity, finding.recomputed) == ("error", f"seed 11: {different} of 12; seed 22: 0 of 12")


def test_the_same_answer_by_both(sound: Sound) -> None:
    sound.change(FIRST, each(lambda row: row.update(base_output=row["reference"], sft_output=f"{row['reference']}\n\nPorque sim.")))
    assert sound.audit("outputs.identical") == []


def test_an_output_that_is_its_reference_without_full_score(sound: Sound) -> None:
    def lower(row: Row) -> None:
        row["metrics"]["sft"]["em"] = 0.0

    sound.change(FIRST, each(lower, rows=slice(0, 4, 2), rescore=False))
    [finding] = sound.audit("outputs.exact")
    assert (finding.subject, finding.verdict, finding.recomputed) == ("extrinsic sft output", "mismatch", "qa: 2 of 24")


def test_an_answer_that_is_its_reference_behind_residue(sound: Sound) -> None:
    sound.change(FIRST, each(put_before(tail)))
    found = {finding.subject: finding for finding in sound.audit("outputs.exact")}
    assert found["extrinsic sft answer"].verdict == "protocol fault"
    assert found["extrinsic sft answer"].recomputed == "qa: 6 of 24"


def test_a_reference_of_which_nothing_is_left(sound: Sound) -> None:
    sound.change(FIRST, each(lambda row: row.update(reference="...", base_output="...", sft_output="...")))
    assert sound.audit("outputs.exact") == []


@pytest.mark.parametrize(("tokens", "findings"), [(EXAMPLES * 16 + 1, 1), (EXAMPLES * 16, 0)])
def test_more_tokens_than_the_limit_allows(sound: Sound, tokens: int, findings: int) -> None:
    sound.change(SUMMARY, lambda summary: summary["tasks"]["qa"]["generation_tokens"].update(base_generated_tokens=tokens))
    found = sound.audit("outputs.token_limit")
    assert [(f.severity, f.subject, f.recomputed) for f in found] == [("error", "extrinsic qa base", "seed 11: at most 192")] * findings


def test_answers_cut_at_the_limit(sound: Sound) -> None:
    cut = each(lambda row: row.update(base_output=text(7, 4)[:195].rstrip(".")), task="summarization", rows=slice(4))
    sound.change(FIRST, cut)
    [finding] = sound.audit("outputs.cut")
    assert (finding.severity, finding.subject, finding.stated) == ("warning", "extrinsic summarization", "limit 64 tokens")
    assert finding.recomputed == "base 4 of 24 (16.7 %); sft 0 of 24 (0.0 %)"


@pytest.mark.parametrize("answer", [text(7, 3), sentence(7)[:-1]])
def test_answers_that_end_or_are_short(sound: Sound, answer: str) -> None:
    sound.change(FIRST, each(lambda row: row.update(base_output=answer), task="summarization"))
    assert sound.audit("outputs.cut") == []


@pytest.mark.parametrize(
    "answer",
    [
        "Que dia lindo para uma caminhada no parque com amigos \U0001f600\U0001f680",
        "São Paulo, Rio de Janeiro, Belo Horizonte e Salvador",
        "As cidades mais visitadas são: São Paulo, Rio de Janeiro e Salvador",
        "- São Paulo, no sudeste\n- Rio de Janeiro, no sudeste\n- Salvador da Bahia",
    ],
)
def test_whole_answers_without_a_stop(sound: Sound, answer: str) -> None:
    sound.change(FIRST, each(lambda row: row.update(base_output=answer)))
    assert sound.audit("outputs.cut") == []


@pytest.mark.parametrize(
    "answer",
    [
        "1. **Definir os objetivos.**\n2. **Escolher o método.**\n3. **Reunir os da",
        "O rio passa pela cidade, pela floresta e pela estrada que vai até a",
        "O resultado da conta que o professor pediu ontem é 14 \ufffd",
    ],
)
def test_lists_and_signs_that_are_cut(sound: Sound, answer: str) -> None:
    sound.change(FIRST, each(lambda row: row.update(base_output=answer)))
    assert [finding.recomputed[:8] for finding in sound.audit("outputs.cut")] == ["base 12 "]


def test_references_without_a_stop(sound: Sound) -> None:
    whole = " ".join(["casa"] * 12)
    sound.change(FIRST, each(lambda row: row.update(base_output=whole, reference=whole)))
    assert sound.audit("outputs.cut") == []


def test_answers_that_loop(sound: Sound) -> None:
    sound.change(FIRST, each(lambda row: row.update(sft_output="a casa do rio grande, " * 12), task="rewriting", rows=slice(2)))
    [finding] = sound.audit("outputs.repetition")
    assert (finding.severity, finding.recomputed) == ("warning", "base 0 of 24 (0.0 %); sft 2 of 24 (8.3 %)")


def test_answers_that_repeat_a_phrase_once(sound: Sound) -> None:
    prose = f"{text(7, 3)} {sentence(7000)}"
    sound.change(FIRST, each(lambda row: row.update(sft_output=prose), task="rewriting"))
    assert sound.audit("outputs.repetition") == []


def test_loops_that_the_references_have_too(sound: Sound) -> None:
    loop = "um dois três quatro " * 8
    sound.change(FIRST, each(lambda row: row.update(reference=loop, sft_output=loop), task="rewriting"))
    assert sound.audit("outputs.repetition") == []


def test_a_prompt_with_two_start_tokens(sound: Sound) -> None:
    sound.change(FIRST, each(lambda row: row.update(prompt="<|begin_of_text|><|begin_of_text|>Oi")))
    [finding] = sound.audit("outputs.double_bos")
    assert (finding.severity, finding.subject, finding.effect) == ("error", FIRST, "12 sequences")


def test_ids_with_two_start_tokens(sound: Sound) -> None:
    sound.change(FIRST, each(lambda row: row.update(prompt_ids=[1, 1, len(row["instruction"]), 9])))
    assert [finding.subject for finding in sound.audit("outputs.double_bos")] == [FIRST]


def test_ids_padded_on_the_left(sound: Sound) -> None:
    def pad(row: Row) -> None:
        row["prompt_ids"] = [0] * (len(row["instruction"]) % 5) + [1, 5, 6, 7]

    sound.change(FIRST, each(pad))
    assert sound.audit("outputs.double_bos") == []


def damage(value: str) -> str:
    return value.encode().decode("latin-1")


def test_outputs_that_were_encoded_twice(sound: Sound) -> None:
    sound.change(FIRST, each(lambda row: row.update(base_output=damage("Informação básica")), rows=slice(3)))
    [finding] = sound.audit("outputs.encoding")
    assert (finding.severity, finding.subject) == ("error", FIRST)
    assert finding.recomputed.startswith("3 of 72 ")


def test_samples_that_were_encoded_twice(sound: Sound) -> None:
    sound.change(SAMPLES, lambda samples: samples["lm"][0].update(output="O ministÃ©rio disse â€œnÃ£oâ€\x9d."))
    assert [finding.severity for finding in sound.audit("outputs.encoding")] == ["warning"]


def test_one_letter_a_text_in_a_file_that_was_encoded_twice(sound: Sound) -> None:
    def change(rows: list[Row]) -> None:
        for row in rows:
            row |= {key: value.encode("ascii", "ignore").decode() for key, value in row.items() if isinstance(value, str)}
            row |= {"base_output": damage("Não")}

    sound.change(FIRST, change)
    assert [finding.recomputed[:9] for finding in sound.audit("outputs.encoding")] == ["36 of 72 "]


@pytest.mark.parametrize(
    "answer",
    [
        "É “não”, às três – ação de avós e avôs à mão; ü, ñ, œ.",
        "A ALEMÔ está à espera da informação.",
        "Custa 5 € → já.",
        "É… talvez. É… não.",
    ],
)
def test_accents_in_order(sound: Sound, answer: str) -> None:
    sound.change(FIRST, each(lambda row: row.update(base_output=answer)))
    assert sound.audit("outputs.encoding") == []


def test_replaced_bytes(sound: Sound) -> None:
    sound.change(SAMPLES, lambda samples: samples["lm"][0].update(output="Uma informa\ufffd\ufffdo."))
    sound.change(SET, lambda rows: rows[0].update(instruction="O que \ufffd?"))
    given, generated = sorted(sound.audit("outputs.encoding"), key=lambda finding: finding.subject, reverse=True)
    assert (given.subject, given.severity) == ("prompts and references", "warning")
    assert (generated.subject, generated.recomputed) == ("generated texts", "1 of 6 (16.7 %) texts")


def test_one_replaced_byte_in_many_outputs(sound: Sound) -> None:
    sound.change(FIRST, each(lambda row: row.update(base_output="fim \ufffd"), rows=slice(1)))
    assert sound.audit("outputs.encoding") == []


def test_a_row_twice_and_one_not_at_all(sound: Sound) -> None:
    sound.change(FIRST, lambda rows: [rows[0], rows[0], *rows[2:]])
    errors = [finding for finding in sound.audit("outputs.rows") if finding.severity == "error"]
    assert [(finding.subject, finding.verdict) for finding in errors] == [("extrinsic seed 11", "mismatch")]
    assert errors[0].recomputed == "qa: 1 outputs repeated; qa: 1 rows without outputs"


def test_a_dropped_row(sound: Sound) -> None:
    sound.change(FIRST, lambda rows: rows[1:])
    finding = sound.audit("outputs.rows")[0]
    assert finding.recomputed == "qa: 12 declared, 11 outputs; qa: 12 in the summary, 11 outputs; qa: 1 rows without outputs"


def test_an_altered_reference(sound: Sound) -> None:
    sound.change(FIRST, each(lambda row: row.update(reference="outra coisa"), rows=slice(2)))
    finding = sound.audit("outputs.rows")[0]
    assert (finding.severity, finding.recomputed) == ("error", "qa: 2 outputs altered")


def test_outputs_of_another_draw(sound: Sound) -> None:
    first, second = sound.read(FIRST), sound.read(SECOND)
    sound.write(FIRST, second)
    sound.write(SECOND, first)
    found = [finding for finding in sound.audit("outputs.rows") if finding.severity == "error"]
    assert [finding.subject for finding in found] == ["extrinsic seed 11", "extrinsic seed 22"]
    assert "qa: 12 outputs of another draw" in found[0].message


def test_an_example_set_that_lost_a_row(sound: Sound) -> None:
    sound.change(SET, lambda rows: rows[1:])
    subjects = [finding.subject for finding in sound.audit("outputs.rows") if finding.severity == "error"]
    assert subjects == ["evaluation/sets_11/manifest.json", "extrinsic seed 11"]


def test_rows_in_another_order(sound: Sound) -> None:
    sound.change(FIRST, lambda rows: rows[::-1])
    assert [finding.severity for finding in sound.audit("outputs.rows")] == ["note"]
