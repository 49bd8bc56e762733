"""Choosing cells on the command line: by name of method or system, and by comparing settings."""

import fnmatch
import operator
import re
from collections.abc import Sequence

from bench.errors import UserError, show
from bench.question.cell import Cell
from registry import suggest

_COMPARISONS = {"<=": operator.le, ">=": operator.ge, "==": operator.eq, "!=": operator.ne, "<": operator.lt, ">": operator.gt}
_WHERE = re.compile(r"\s*(\w+)\s*(<=|>=|==|!=|<|>)\s*(.+?)\s*")
_DURATION = re.compile(r"(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s)?")


def select(cells: list[Cell], *, method: Sequence[str] = (), system: Sequence[str] = (), where: Sequence[str] = ()) -> list[Cell]:
    """The cells whose method and system match one of the globs each and for which every comparison in `where` holds."""
    cells = _matching(_matching(cells, "method", method), "system", system)
    for condition in where:
        cells = _holding(cells, condition)
    return cells


def seeds(texts: Sequence[str]) -> list[int]:
    """`0:5` for the seeds 0 to 4, `3` for seed 3 alone, and both for both; each once."""
    return list(dict.fromkeys(seed for text in texts for seed in _seeds(text)))


def _seeds(text: str) -> range:
    first, colon, end = text.partition(":")
    if not first.isdecimal() or (colon and not end.isdecimal()) or (colon and int(first) >= int(end)):
        raise UserError(f"--seeds {text}: want a first seed and one past the last, --seeds 0:5, or a single seed, --seeds 3.")
    found = range(int(first), int(end) if colon else int(first) + 1)
    if found.stop > 2**31:  # said before a list is made of them
        raise UserError(f"--seeds {text}: want whole numbers of at least 0 and below 2**31.")
    return found


def duration_s(text: str) -> float:
    """Seconds in `90s`, `8m`, `1h30m`; a bare number is seconds."""
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return float(text)
    match = _DURATION.fullmatch(text)
    if not text or match is None:
        raise UserError(f"--budget {text}: want a time such as 90s, 8m or 1h30m.")
    hours, minutes, seconds = (float(part or 0) for part in match.groups())
    return 3600 * hours + 60 * minutes + seconds


def _matching(cells: list[Cell], kind: str, globs: Sequence[str]) -> list[Cell]:
    """The cells that match one of the globs; all of them if there is none."""
    names = sorted({getattr(cell, kind) for cell in cells})
    chosen = set()
    for glob in globs:
        found = fnmatch.filter(names, glob)
        if not found:
            problem = f"matches no {kind} of the chosen cells.{suggest(glob, names)}"
            raise UserError(f'--{kind} "{glob}": {problem}\nThey have: {", ".join(names)}. * and ? stand for any letters.')
        chosen.update(found)
    return [cell for cell in cells if getattr(cell, kind) in chosen] if globs else cells


def _holding(cells: list[Cell], condition: str) -> list[Cell]:
    """Cells for which `KEY COMPARISON VALUE` holds; it does not for those that have no such setting."""
    match = _WHERE.fullmatch(condition)
    if match is None:
        raise UserError(
            f'--where "{condition}": want SETTING COMPARISON VALUE, with <, <=, >, >=, == or !=, such as -w "T<=1e4".'
        )
    key, comparison, text = match.groups()
    known = sorted(set().union(*(cell.settings for cell in cells)))
    if key not in known:
        raise UserError(f'--where "{condition}": no such setting "{key}".{suggest(key, known)}\nKnown: {", ".join(known)}.')
    value = _value(text)
    found = [cell for cell in cells if key in cell.settings and _compare(condition, comparison, cell.settings[key], value)]
    if not found:
        present = sorted({show(cell.settings[key]) for cell in cells if key in cell.settings})
        raise UserError(f'--where "{condition}": no cell is left. Their values of {key}: {", ".join(present)}.')
    return found


def _compare(condition: str, comparison: str, setting, value) -> bool:
    try:
        return bool(_COMPARISONS[comparison](setting, value))
    except TypeError:
        raise UserError(f'--where "{condition}": {show(setting)} and {show(value)} cannot be ordered. Use == or !=.') from None


def _value(text: str):
    """A number or a truth value where the text is one, else the text without its quotes."""
    if text in ("true", "false"):
        return text == "true"
    try:
        return float(text)
    except ValueError:
        return text.strip("'\"")
