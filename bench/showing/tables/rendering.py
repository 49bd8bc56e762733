"""A whole frame as text, Markdown or csv: intervals folded into one column, units chosen, failures in place of their time."""

import textwrap

import numpy as np
import pandas as pd

from bench.showing.vocabulary.numbers import UNITS, is_missing, number, tidy
from bench.showing.vocabulary.order import SETTINGS
from bench.showing.vocabulary.symbols import BOUNDS, symbol
from registry import UnknownName, suggest

FORMATS = {"text": "simple", "markdown": "pipe", "latex": None, "csv": None}
BOOKKEEPING = ["cells"]  # which cells a row stands for: for joins, so in csv only


def render(frame: pd.DataFrame, format: str = "text") -> str:
    """`frame` as text, Markdown or csv; csv keeps every column and digit, the others are for reading (three digits)."""
    if format not in FORMATS:
        raise UnknownName(f'format "{format}": no such format.{suggest(format, FORMATS)} Known: {", ".join(FORMATS)}.')
    if format == "csv":
        return frame.to_csv(index=False)
    from tabulate import tabulate

    readable = _fold(frame.drop(columns=BOOKKEEPING, errors="ignore"))
    numeric = [not frame[name].map(lambda value: isinstance(value, str)).any() if name in frame else True for name in readable]
    heads = [_head(name, wrap=format == "text") for name in readable]
    align = ["right" if each else "left" for each in numeric] if len(readable) else None
    options = {"disable_numparse": True, "colalign": align, "headersglobalalign": "left"}
    return tabulate(readable.to_numpy().tolist(), heads, tablefmt=FORMATS[format], **options)


def describe(constant: dict) -> str:
    """`runtime: lorenz63, L=50, S=16, alpha=0.5, float32, cpu`."""
    bare = ("measure", "method", "system", "dtype", "device")
    present = {name: tidy(value) for name, value in constant.items() if not is_missing(value)}
    first, *rest = (value if name in bare else f"{symbol(name)}={value}" for name, value in present.items())
    return f"{first}: {', '.join(rest)}" if rest else first


def one_unit(frame: pd.DataFrame, name: str, alike=()) -> tuple[str, str, float]:
    """A column's name without its suffix, and the unit with its scale that suits it and the columns `alike`."""
    suffix = _suffix(name)
    return (name.removesuffix(suffix), *_unit(frame[[name, *alike]], suffix)) if suffix else (name, "", 1.0)


def _fold(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame as a reader wants it: strings, fewer columns, and what is common said once.

    `x, x_low, x_high` become one column `median [low, high]`. All times have one unit, which stands in the head. Where the floor
    and the white noise of a score are one number each for all rows, they stand in the head of the score.
    """
    units = {suffix: _unit(frame, suffix) for suffix in UNITS}
    shown = [name for name in frame if not _is_silent(frame, name)]
    said = {f"{name}_{bound}" for name in shown for bound in _common_bounds(frame, name)}
    out = {}
    for name in shown:
        if name not in said:
            unit, scale = units.get(_suffix(name), ("", None))
            out[_full_head(frame, name, unit)] = _texts(frame, name, scale)
    return pd.DataFrame(out, index=frame.index, dtype=object)


def _is_silent(frame: pd.DataFrame, name: str) -> bool:
    """Whether a column says nothing that another does not: it is empty, an end of an interval, or counted in the status."""
    stem = name.removesuffix("_low").removesuffix("_high")
    an_end = stem != name and stem in frame
    empty = frame[name].isna().all() and f"{name}_low" not in frame  # an interval without values still says who failed
    return an_end or empty or (name == "failed" and "status" in frame)


def _common_bounds(frame: pd.DataFrame, name: str) -> dict[str, float]:
    """What two true orbits and white noise score, where that is one number for the whole column."""
    columns = {bound: f"{name}_{bound}" for bound in BOUNDS}
    values = {bound: frame[column].dropna().unique() for bound, column in columns.items() if column in frame}
    return {bound: found[0] for bound, found in values.items() if len(found) == 1}


def _full_head(frame: pd.DataFrame, name: str, unit: str) -> str:
    """`dstsp_gmm (floor 0.1, white noise 7)`, `gradient / ms`."""
    head = f"{name.removesuffix(_suffix(name))} / {unit}" if unit else name
    common = [f"{BOUNDS[bound]} {number(value)}" for bound, value in _common_bounds(frame, name).items()]
    return f"{head} ({', '.join(common)})" if common else head


def _texts(frame: pd.DataFrame, name: str, scale: float | None) -> list[str]:
    """A column as text, in units of `scale`: a median with its interval, and where there is no time why there is none."""
    ends = [end for end in (f"{name}_low", f"{name}_high") if f"{name}_low" in frame]
    values = frame[[name, *ends]]
    values = values.astype(float) / (scale or 1.0) if ends or scale else values
    shown = _setting if name in SETTINGS else number
    texts = [_interval(*map(shown, row)) for row in values.itertuples(index=False)]
    if ends and name.endswith("_s") and "status" in frame:
        reasons = frame["status"].where(frame["status"] != "ok", "")
        texts = [text or reason for text, reason in zip(texts, reasons, strict=True)]
    return texts


def _suffix(name: str) -> str:
    """The end of a column's name that says its unit; empty where there is none."""
    return next((suffix for suffix in UNITS if name.endswith(suffix)), "")


def _setting(value) -> str:
    return "" if is_missing(value) else tidy(value)


def _interval(middle: str, low: str = "", high: str = "") -> str:
    return f"{middle} [{low}, {high}]" if middle and low and (low, high) != (middle, middle) else middle


def _unit(frame: pd.DataFrame, suffix: str) -> tuple[str, float]:
    """The largest unit of which the median of all such columns is at least one: columns stay comparable by eye."""
    values = frame[[name for name in frame if _suffix(name) == suffix]].to_numpy(dtype=float, na_value=np.nan)
    typical = np.median(values[np.isfinite(values)]) if np.isfinite(values).any() else 0.0
    return next((unit for unit in UNITS[suffix] if typical >= unit[1]), UNITS[suffix][-1])


def _head(name: str, wrap: bool) -> str:
    words = symbol(name).replace("_", " ")
    return "\n".join(textwrap.wrap(words, 16)) if wrap else words
