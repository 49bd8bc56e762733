"""A whole frame as text, Markdown or csv: intervals folded into one column, units chosen, failures in place of their time."""

import textwrap

import numpy as np
import pandas as pd

from bench.showing.vocabulary.numbers import UNITS, is_missing, number, tidy
from bench.showing.vocabulary.order import SETTINGS
from bench.showing.vocabulary.symbols import symbol
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
    suffix = next((suffix for suffix in UNITS if name.endswith(suffix)), "")
    return (name.removesuffix(suffix), *_unit(frame[[name, *alike]], suffix)) if suffix else (name, "", 1.0)


def _fold(frame: pd.DataFrame) -> pd.DataFrame:
    """Readable strings: `x, x_low, x_high` in one column, one unit for all times, common references in the head, none empty."""
    units = {suffix: _unit(frame, suffix) for suffix in UNITS}
    out, said = {}, {"failed"} if "status" in frame else set()  # the status says in words what `failed` counts
    for name in frame:
        triple = f"{name}_low" in frame
        stem = name.removesuffix("_low").removesuffix("_high")
        if name in said or (stem != name and stem in frame) or (frame[name].isna().all() and not triple):
            continue
        suffix = next((suffix for suffix in UNITS if name.endswith(suffix)), "")
        unit, scale = units.get(suffix, ("", 1.0))
        head = f"{name.removesuffix(suffix)} / {unit}" if unit else name
        references = {word: f"{name}_{column}" for word, column in (("floor", "floor"), ("white noise", "noise"))}
        common = {word: frame[column].dropna().unique() for word, column in references.items() if column in frame}
        common = {word: values[0] for word, values in common.items() if len(values) == 1}
        if common:
            head += f" ({', '.join(f'{word} {number(value)}' for word, value in common.items())})"
            said.update(references[word] for word in common)
        values = frame[[name, f"{name}_low", f"{name}_high"] if triple else [name]]
        values = values.astype(float) / scale if triple or unit else values
        shown = _setting if name in SETTINGS else number
        out[head] = [_interval(*map(shown, row)) for row in values.itertuples(index=False)]
        if triple and suffix == "_s" and "status" in frame:
            reasons = frame["status"].where(frame["status"] != "ok", "")
            out[head] = [text or reason for text, reason in zip(out[head], reasons, strict=True)]
    return pd.DataFrame(out, index=frame.index, dtype=object)


def _setting(value) -> str:
    return "" if is_missing(value) else tidy(value)


def _interval(middle: str, low: str = "", high: str = "") -> str:
    return f"{middle} [{low}, {high}]" if middle and low and (low, high) != (middle, middle) else middle


def _unit(frame: pd.DataFrame, suffix: str) -> tuple[str, float]:
    """The largest unit of which the median of all such columns is at least one: columns stay comparable by eye."""
    values = frame[[name for name in frame if name.endswith(suffix)]].to_numpy(dtype=float, na_value=np.nan)
    typical = np.median(values[np.isfinite(values)]) if np.isfinite(values).any() else 0.0
    return next((unit for unit in UNITS[suffix] if typical >= unit[1]), UNITS[suffix][-1])


def _head(name: str, wrap: bool) -> str:
    words = symbol(name).replace("_", " ")
    return "\n".join(textwrap.wrap(words, 16)) if wrap else words
