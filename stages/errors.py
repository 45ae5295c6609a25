"""One shape for every error that a user can cause, and one way for a stage to report it."""

import re
import sys
from collections.abc import Callable

from stages.caller import end_with_caller

_IN_ADDRESS = re.compile(r"(?<=://)[^/\s]+@")


def without_secrets(text: str) -> str:
    """``text`` with ``***`` for the user name, password or token of every address in it: messages end in logs."""
    return _IN_ADDRESS.sub("***@", text)


class UserError(ValueError):
    """Something in the user's files or arguments is wrong; nothing was written.

    The message names the file, the field, what was found, what was expected and, where it is not obvious, what to do.
    """

    def __init__(self, file: object, field: str, found: object, expected: object, do: str = "") -> None:
        self.file, self.field, self.found, self.expected, self.do = str(file), field, found, expected, do
        place = f"{file}: {field}" if field else str(file)
        super().__init__(without_secrets(f"{place}: found {found}, expected {expected}." + (f" {do}" if do else "")))


def report_errors(main: Callable[[], object]) -> None:
    """Run a stage's ``main``; print a :class:`UserError` as one line on stderr and exit with status 1."""
    end_with_caller()
    try:
        main()
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)
    except BrokenPipeError:  # the reader, such as head, has seen enough
        sys.stderr.close()
    except KeyboardInterrupt:
        print("stopped: the same command goes on, or begins again; what was written before is whole", file=sys.stderr)
        sys.exit(130)
    except OSError as error:  # a folder that cannot be written, a disk that is full
        place = f"{error.filename}: " if error.filename else ""
        print(f"error: {place}found {error.strerror or error}, expected a place that can be read and written.", file=sys.stderr)
        sys.exit(1)
    except UnicodeEncodeError as error:  # half a surrogate pair, which JSON can hold and no file can
        print(f"error: text: found {error.object[error.start : error.end]!r}, expected characters that UTF-8 has", file=sys.stderr)
        sys.exit(1)
