import fcntl
import threading
from pathlib import Path

import pytest

from stages.errors import UserError
from stages.store import STORE, address_of, alone, chosen_store, failed, open_store, shown


def test_the_environment_names_the_store(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    assert chosen_store() == "sqlite:///.mlflow/lastro.db" == address_of(STORE)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "postgresql+psycopg2://h/d")
    assert chosen_store() == "postgresql+psycopg2://h/d"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sqlite:///a/b.db", "a/b.db"),
        ("postgresql+psycopg2://team@h:5432/d", "postgresql+psycopg2://team@h:5432/d"),
        ("postgresql+psycopg2://team:hidden@h:5432/d", "postgresql+psycopg2://team:***@h:5432/d"),
        ("no answer from http://team:hid/den@h/x at all", "no answer from http://team:***@h/x at all"),
        ("postgresql://h/d?user=team&password=hidden&sslmode=require", "postgresql://h/d?user=team&password=***&sslmode=require"),
        ("postgresql://team:hid@den@h/d", "postgresql://team:***@h/d"),
    ],
)
def test_a_password_is_never_shown(text: str, expected: str) -> None:
    assert shown(text) == expected
    assert "hidden" not in str(failed(text, ValueError(f"cannot connect to {text}")))


def test_an_at_sign_in_a_password_is_refused_before_a_driver_takes_its_end_for_the_host() -> None:
    with pytest.raises(UserError, match=r"^postgresql://\*\*\*@h/d: found more than one @.*%40") as told:
        open_store("postgresql://team:hid@den@h/d")
    assert "den" not in str(told.value)


def test_one_process_after_the_other(tmp_path: Path) -> None:
    address, entered = address_of(tmp_path / "deep/store.db"), threading.Event()

    def enter() -> None:
        with alone(address):
            entered.set()

    with alone(address):
        with (tmp_path / "deep/store.db.lock").open() as file, pytest.raises(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        second = threading.Thread(target=enter)
        second.start()
        assert not entered.wait(0.1)
    second.join()
    assert entered.is_set()
