"""Text for a terminal: lines of one width, reasons cut to what fits a line, times and sizes as one says them."""

import textwrap

WIDTH = 120  # letters in a line of a paragraph
BYTES = (("GiB", 2.0**30), ("MiB", 2.0**20), ("KiB", 2.0**10))


def filled(text: str, first: str = "", rest: str = "") -> str:
    """Every line of a text wrapped, `first` before its first line and `rest` before those that it goes on in.

    Names of methods have hyphens, at which no line may end: `gtf-` and `deer` would be two methods.
    """
    wrap = textwrap.TextWrapper(WIDTH, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False)
    return "\n".join(wrap.fill(line) for line in text.split("\n"))


def first_line(text: str) -> str:
    """The first line of a reason, which says that something follows if so."""
    head, newline, _ = text.strip().partition("\n")
    return f"{head} …" if newline else head


def brief(text: str) -> str:
    """A reason in one line; of a log, what it is and its last line, where the error stands."""
    lines = list(filter(None, map(str.strip, text.splitlines())))
    return " ".join(lines) if len(lines) < 3 else f"{lines[0]} … {lines[-1]}"


def in_words(seconds: float) -> str:
    """A time as one says it: 40 seconds, 9 minutes, 2.5 hours."""
    if seconds >= 3600:
        return f"{seconds / 3600:.1f} hours"
    return f"{seconds / 60:.0f} minutes" if seconds >= 120 else f"{seconds:.0f} seconds"


def in_bytes(count: float) -> str:
    """A size as one says it: 1.5 GiB, 20.0 MiB, 512 B."""
    for unit, size in BYTES:
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count:.0f} B"
