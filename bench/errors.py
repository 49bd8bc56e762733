"""What the user is told: mistakes that can be mended, what the system refuses, and what is left aside."""

import contextlib
import errno
import sys
import warnings
from collections.abc import Callable

_NEXT_STEP = {
    errno.ENOSPC: "Make room on the disk; the same command goes on where this one ended.",
    errno.EDQUOT: "Make room in your quota; the same command goes on where this one ended.",
    errno.ENOTDIR: "A folder is wanted where a file is.",
    errno.EEXIST: "A folder is wanted where a file is.",
    errno.EACCES: "Change its permissions, or choose another folder (--out).",
    errno.EPERM: "Change its permissions, or choose another folder (--out).",
    errno.EROFS: "Choose another folder (--out).",
}


class UserError(ValueError):
    """Printed as it stands, without a traceback: it names the key, the value, what was wanted and the next step."""


class Notice(UserWarning):
    """Something that stops nothing but should be known; the command line shows it as one line, once."""


def say(text: str) -> None:
    """Give a notice."""
    warnings.warn(text, Notice, stacklevel=2)


def show_notices() -> None:
    """Show each notice as one line, once; other warnings as ever."""
    said = set()

    def show(text: str) -> None:
        if text not in said:
            said.add(text)
            print(f"pitbench: {text}", file=sys.stderr, flush=True)

    _hear(show)


@contextlib.contextmanager
def listening():
    """The list of notices that are given meanwhile; other warnings as ever."""
    notices = []
    with warnings.catch_warnings():
        _hear(notices.append)
        yield notices


def _hear(notice: Callable[[str], None]) -> None:
    """Give the text of every notice to `notice` from now on."""
    others = warnings.showwarning

    def show(message, category, *place, **more):
        if issubclass(category, Notice):
            notice(str(message))
        else:
            others(message, category, *place, **more)

    warnings.simplefilter("always", Notice)
    warnings.showwarning = show


def refusal(error: OSError) -> str:
    """In one line what the system refused, on which file, and the next step."""
    if error.strerror is None:  # raised by hand, with a message of its own
        return str(error)
    place = f"{error.filename}: " if error.filename else ""
    reason = " ".join(error.strerror.split()).rstrip(".")
    return f"{place}{reason}. {_NEXT_STEP.get(error.errno, '')}".rstrip()


def show(value) -> str:
    """A value as an experiment file writes it."""
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(show, value))}]"
    return str(value)
