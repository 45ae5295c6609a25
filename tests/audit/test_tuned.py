"""The audit on track 2 as it is made here: silent on sound results, and each fault is found where it is planted."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.audit.sound import dump, example
from tests.audit.tuned import EXAMPLES, SEEDS, Tuned, scored, write_tuned

FIRST = SEEDS[0]
Row = dict[str, Any]


@pytest.fixture(scope="session")
def tuned_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tuned") / "project"
    write_tuned(folder)
    return folder


@pytest.fixture
def tuned(tuned_template: Path, tmp_path: Path) -> Tuned:
    return Tuned(tuned_template, tmp_path / "project")


def found(tuned: Tuned, rule: str) -> list[tuple[str, str]]:
    """Severity and subject of what a rule says."""
    return [(finding.severity, finding.subject) for finding in tuned.audit(rule)]


def each(change: Callable[[Row], None], task: str = "qa") -> Callable[[list[Row]], list[Row]]:
    """Change the outputs of a task, and score them again as somebody would who sees nothing wrong."""

    def apply(rows: list[Row]) -> list[Row]:
        for row in rows:
            if row["task"] == task:
                change(row)
                row |= scored(row)
        return rows

    return apply


def test_the_sound_campaign(tuned: Tuned) -> None:
    assert [(finding.rule, finding.subject, finding.message) for finding in tuned.audit()] == []


def test_residue_in_the_outputs(tuned: Tuned) -> None:
    def put_before(row: Row) -> None:
        for system in ("base", "sft"):
            row[f"{system}_output"] = row["instruction"][-22:] + "assistant\n\n" + row[f"{system}_output"]

    tuned.spoil("extrinsic", f"outputs_{FIRST}", each(put_before))
    assert found(tuned, "outputs.residue") == [("error", "extrinsic base"), ("error", "extrinsic sft")]


def test_scores_that_do_not_follow_from_the_outputs(tuned: Tuned) -> None:
    def raise_score(rows: list[Row]) -> None:
        rows[0]["metrics"]["sft"]["f1"] = 0.123

    tuned.spoil("extrinsic", f"outputs_{FIRST}", raise_score)
    subjects = [subject for _, subject in found(tuned, "recompute.scores")]
    assert len(subjects) == 2  # the row, and the summary whose mean is no longer that of the rows
    assert all(f"extrinsic/{FIRST}/" in subject for subject in subjects)


def test_outputs_of_other_rows_than_were_drawn(tuned: Tuned) -> None:
    def exchange(rows: list[Row]) -> None:
        rows[0]["reference"] = "outra resposta"
        rows[0] |= scored(rows[0])

    tuned.spoil("extrinsic", f"outputs_{FIRST}", exchange)
    assert found(tuned, "outputs.rows") == [("error", f"extrinsic seed {FIRST}")]
    assert "qa: 1 outputs altered" in tuned.audit("outputs.rows")[0].message
    assert [severity for severity, _ in found(tuned, "data.hashes")] == ["error"]


def test_another_number_of_rows_than_the_draw_counted(tuned: Tuned) -> None:
    def count_one_more(manifest: Row) -> None:
        manifest["facts"]["n_per_task_obtained"]["qa"] = EXAMPLES + 1

    tuned.spoil("extrinsic", f"draw_{FIRST}", count_one_more)
    (finding,) = tuned.audit("outputs.rows")
    assert f"qa: {EXAMPLES + 1} rows stated, {EXAMPLES} in the set" in finding.message
    assert finding.evidence[0].path == "$.facts.n_per_task_obtained"


def test_an_example_that_was_trained_on(tuned: Tuned) -> None:
    drawn = tuned.read(tuned.file("extrinsic", f"examples_{FIRST}"))[0]

    def leak(rows: list[Row]) -> None:
        rows[3] = {"instruction": drawn["instruction"], "input": drawn["input"], "output": drawn["reference"]}

    tuned.spoil("sft", "examples_train", leak)
    assert found(tuned, "data.overlap") == [("error", "qa")]
    (finding,) = tuned.audit("data.overlap")
    assert finding.verdict == "mismatch"  # the draw says that it passes over the training files


def test_a_validation_row_that_was_trained_on(tuned: Tuned) -> None:
    def repeat(rows: list[Row]) -> None:
        rows[0] = example("qa", 5000, answer="output")

    tuned.spoil("sft", "examples_validation", repeat)
    assert [severity for severity, _ in found(tuned, "data.duplicates")] == ["warning"]


def test_padding_counted_as_unique_tokens(tuned: Tuned) -> None:
    def count_padding(training: Row) -> None:
        training["counts"]["unique_tokens"] = 40 * 2048

    tuned.spoil("sft", "training", count_padding)
    assert found(tuned, "counting.padding") == [("error", tuned.file("sft", "training"))]


def test_more_predicted_than_processed(tuned: Tuned) -> None:
    tuned.spoil("sft", "training", lambda training: training["counts"].update(predicted_tokens=5000))
    assert found(tuned, "recompute.identities") == [("error", tuned.file("sft", "training"))]
    assert found(tuned, "counting.steps") == [("error", "sft, epochs")]


def test_more_positions_than_the_rows_have(tuned: Tuned) -> None:
    def lengthen(training: Row) -> None:
        for entry in training["history"]:
            entry["tokens_seen_total"] *= 2

    tuned.spoil("cpt", "training", lengthen)
    assert found(tuned, "counting.steps") == [("error", "cpt, epochs")]


def test_another_number_of_examples_than_the_file_has(tuned: Tuned) -> None:
    tuned.spoil("sft", "training", lambda training: training["data"]["validation"].update(documents=9))
    assert [severity for severity, _ in found(tuned, "counting.rows")] == ["error"]


def test_an_intrinsic_difference_that_does_not_follow(tuned: Tuned) -> None:
    tuned.spoil("cpt", "intrinsic", lambda report: report["cpt"]["delta"].update(perplexity_reduction_ratio=0.9))
    assert found(tuned, "recompute.identities") == [("error", f"{tuned.file('cpt', 'intrinsic')} $.cpt")]


def test_an_adapter_that_measures_other_than_it_was_trained(tuned: Tuned) -> None:
    def lower(history: Row) -> None:
        history["history"][-1] |= {"val_loss": 2.0, "val_perplexity": 2.0 * 3.694528049465325}

    tuned.spoil("cpt", "training", lower)
    assert found(tuned, "identity.metrics") == [("error", "cpt, measured again")]


@pytest.mark.parametrize(("factor", "findings"), [(1.0005, []), (1.003, [("error", "cpt, measured again")])])
def test_another_batch_size_moves_a_loss_a_little(tuned: Tuned, factor: float, findings: list[tuple[str, str]]) -> None:
    def scale(report: Row) -> None:
        report["cpt"]["adapter"]["eval_loss"] *= factor

    tuned.spoil("cpt", "intrinsic", scale)
    assert found(tuned, "identity.metrics") == findings


def test_last_weights_need_not_be_the_best(tuned: Tuned) -> None:
    def rise(training: Row) -> None:
        training["history"][0] |= {"val_loss": 2.4, "val_perplexity": 11.023176380641601}

    tuned.spoil("cpt", "training", rise)
    assert found(tuned, "recompute.best") == []


def test_parameters_of_model_and_adapter(tuned: Tuned) -> None:
    for run in ("base", "sft"):
        tuned.spoil(run, "training", lambda training: training["model"].update(parameters=training["model"]["parameters"] + 1))
    assert found(tuned, "recompute.parameters") == [("error", "base"), ("error", "sft")]


def loop(row: Row) -> None:
    row["base_output"] = "a casa do rio e " * 12


def test_loops_are_noted_where_a_table_counts_them(tuned: Tuned) -> None:
    tuned.spoil("extrinsic", f"outputs_{FIRST}", each(loop))
    assert found(tuned, "outputs.repetition") == []
    assert tuned.table("scores")["qa.em.base"]["loops"] == "33.3%"
    (tuned.folder / "reports/small/tables/scores.json").unlink()
    assert found(tuned, "outputs.repetition") == [("warning", "extrinsic qa")]


def test_two_evaluations_share_their_base_and_nothing_else(tuned: Tuned) -> None:
    other = tuned.read(tuned.file("extrinsic_after_cpt", f"summary_{FIRST}"))

    def copy(summary: Row) -> None:
        for task in ("summarization", "rewriting"):
            summary["tasks"][task] = other["tasks"][task]
        summary["tasks"]["qa"]["metrics"]["sft"]["f1"] = other["tasks"]["qa"]["metrics"]["sft"]["f1"]

    tuned.spoil("extrinsic", f"summary_{FIRST}", copy)
    assert [severity for severity, _ in found(tuned, "recompute.copies")] == ["error"]


def test_losses_on_different_texts_beside_their_base(tuned: Tuned) -> None:
    """Where the column of the base's loss is left out of Table 11, the adapters' losses stand side by side on different texts."""
    assert found(tuned, "data.validation_text") == []
    file = "reports/small/tables/tab11.json"
    table = tuned.read(file)
    table["columns"] = [column for column in table["columns"] if column["id"] != "base_loss"]
    for row in table["rows"]:
        del row["cells"]["base_loss"]
    dump(tuned.folder, file, table)
    assert found(tuned, "data.validation_text") == [("warning", "tab11")]
