import errno

import pytest

from stages.errors import UserError, report_errors


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (UserError("f", "x", 1, 2), 1, "error: f: x: found 1, expected 2."),
        (OSError(errno.ENOSPC, "No space left on device"), 1, "error: found No space left on device, expected a place"),
        (OSError(errno.EROFS, "Read-only file system", "a/b"), 1, "error: a/b: found Read-only file system, expected a place"),
        (KeyboardInterrupt(), 130, "stopped: the same command goes on"),
    ],
)
def test_what_a_user_can_cause_is_one_line_and_a_status(
    error: BaseException, status: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def stage() -> None:
        raise error

    with pytest.raises(SystemExit) as stopped:
        report_errors(stage)
    assert stopped.value.code == status
    written = capsys.readouterr().err
    assert written.startswith(message) and written.count("\n") == 1


def test_a_mistake_of_ours_stays_one() -> None:
    def stage() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        report_errors(stage)
