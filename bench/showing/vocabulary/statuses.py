"""How a status is shown where there is no room for its name: by a letter in a table, by a colour in a figure."""

from typing import NamedTuple


class Sign(NamedTuple):
    """A letter, and a colour that is pale where there is a time, and the darker the less is known of the answer."""

    letter: str
    color: str


SIGNS = {  # from what is known best to what is known least
    "ok": Sign("", "#e8f1e8"),
    "wrong_answer": Sign("w", "#f6d55c"),
    "not_converged": Sign("n", "#ee9b5f"),
    "diverged": Sign("d", "#c8443c"),
    "timeout": Sign("t", "#8a6fb0"),
    "out_of_memory": Sign("m", "#5b7db1"),
    "error": Sign("e", "#555555"),
    "crashed": Sign("c", "#333333"),
    "unavailable": Sign("u", "#cccccc"),
    "skipped": Sign("s", "#eeeeee"),
}


def letters(statuses: str) -> str:
    """The letters of all statuses that a tally such as `3 diverged, 2 ok` names."""
    return "".join(sign.letter for status, sign in SIGNS.items() if status in statuses)
