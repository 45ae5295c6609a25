import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from stages.errors import UserError
from stages.record import Record, covering, history_csv, load_record, trace
from stages.traced import Ref, Traced
from tests.unit.records import make_record, save_record


def test_a_number_is_traced_to_file_path_and_hash() -> None:
    traced = trace(make_record(), "time.hours")
    assert traced == Traced(1.5, (Ref("log.json", "$.seconds", "a" * 64, "evidence", "r1", "time.hours"),), "seconds / 3600")


def test_an_epoch_is_traced_to_its_own_place() -> None:
    record = make_record()
    assert record.sources["history[*].validation_loss_nats"].places[0].path == "$.history[*].validation_loss_nats"
    [ref] = trace(record, "history[1].validation_loss_nats").refs
    assert ref.path == "$.history[1].validation_loss_nats"


def test_epochs_of_several_files_keep_one_place_each() -> None:
    files = [Traced(float(n), (Ref(f"epoch_{n}.json", "$.loss", str(n) * 64),)) for n in (1, 2)]
    history = [{"epoch": Traced(n, (Ref(f"epoch_{n}.json", "$.epoch", str(n) * 64),)), "train_loss_nats": files[n - 1]} for n in (1, 2)]
    from stages.record_build import build_record
    from tests.unit.records import MISSING, parameters_of

    missing = MISSING | {f"history[*].{name}": "no" for name in ("validation_loss_nats", "seconds")} | {"time": "no"}
    record = build_record("c", parameters_of(), {}, history, missing)
    assert [trace(record, f"history[{i}].train_loss_nats").refs[0].file for i in (0, 1)] == ["epoch_1.json", "epoch_2.json"]


def test_configuration_is_sourced_from_the_parameters_unless_the_log_states_it() -> None:
    record = make_record(configuration__seed=Traced(7, (Ref("log.json", "$.seed", "a" * 64),)))
    assert trace(record, "configuration.seed").refs[0].file == "log.json"
    assert trace(make_record(), "configuration.seed").refs[0].origin == "parameters"


def test_a_missing_value_says_why() -> None:
    with pytest.raises(UserError, match=r"results.windowed: found null \(not logged\)"):
        trace(make_record(), "results.windowed")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"missing": {}}, "is null without a reason"),
        ({"sources": {}}, "has no source"),
        ({"files": {}}, "names an unknown file"),
        ({"colour": "red"}, "Extra inputs are not permitted"),
    ],
)
def test_a_record_accounts_for_all_it_holds(change: dict[str, object], message: str) -> None:
    content = make_record().model_dump(mode="json") | change
    with pytest.raises(ValidationError, match=message):
        Record.model_validate(content)


def test_a_reason_for_what_is_there_is_refused() -> None:
    content = make_record().model_dump(mode="json")
    content["missing"]["time.hours"] = "not logged"
    with pytest.raises(ValidationError, match="reasons for what is not missing"):
        Record.model_validate(content)


def test_an_unknown_schema_version_is_refused(tmp_path: Path) -> None:
    path = save_record(tmp_path, make_record())
    path.write_text(json.dumps(json.loads(path.read_text()) | {"schema_version": 2}))
    with pytest.raises(UserError, match=r"record.json: schema_version: found 2, expected 1"):
        load_record(path)


def test_a_record_survives_its_file(tmp_path: Path) -> None:
    assert load_record(save_record(tmp_path, make_record())) == make_record()


def test_the_longest_cover_wins() -> None:
    entries = {"history": 1, "history[*].loss": 2, "time": 3}
    assert covering("history[4].loss", entries) == "history[*].loss"
    assert covering("history[4].seconds", entries) == "history"
    assert covering("timers", entries) is None


def test_history_as_csv() -> None:
    lines = history_csv(make_record()).splitlines()
    assert lines[0].startswith("epoch,train_loss_nats")
    assert lines[2] == "2,,,1.0,,,,60.0"
