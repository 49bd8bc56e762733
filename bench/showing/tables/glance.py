"""A table for a reader: two digits, short heads, every median with its interval, and no column left out.

What is wider than the terminal goes into blocks below each other, each with the columns that say what a line is.
"""

import dataclasses
import shutil
import sys

import numpy as np
import pandas as pd

from bench.showing.tables.rendering import one_unit
from bench.showing.vocabulary.numbers import interval, number, tidy
from bench.showing.vocabulary.order import SETTINGS
from bench.showing.vocabulary.symbols import LATEX, MATH, symbol

NOTHING = "-"


@dataclasses.dataclass(frozen=True)
class Column:
    """Values by line, each with its interval, "" where it has none, and a mark before or a sign after all of them."""

    head: str
    values: list[str]
    intervals: list[str] | None = None
    left: bool = False
    marks: list[str] | None = None
    sign: str = ""
    latex: str = ""  # the head in LaTeX, where it is another one

    @property
    def texts(self) -> list[str]:
        nothing = [""] * len(self.values)
        parts = zip(self.marks or nothing, self.values, self.intervals or nothing, strict=True)
        return [
            value if value == NOTHING else f"{mark}{value}{self.sign} {interval}".rstrip() if value else ""
            for mark, value, interval in parts
        ]

    @property
    def width(self) -> int:
        return max(map(len, [*self.head.split("\n"), *self.texts]))

    def lines(self, height: int) -> list[str]:
        """The head on the last of `height` lines, a rule and the texts."""
        align = str.ljust if self.left else str.rjust
        head = self.head.split("\n")
        return [align(text, self.width) for text in [""] * (height - len(head)) + head + ["-" * self.width, *self.texts]]


@dataclasses.dataclass(frozen=True)
class Table:
    """Columns beside those that say what a line is about."""

    about: list[Column]
    columns: list[Column]

    def blocks(self, width: int | None) -> list[list[Column]]:
        """The columns in groups that fit beside `about` in so many letters; all in one group where there is no limit."""
        blocks: list[list[Column]] = [[]]
        for column in self.columns:
            if width is not None and blocks[-1] and _total([*self.about, *blocks[-1], column]) > width:
                blocks.append([])
            blocks[-1].append(column)
        return [[*self.about, *block] for block in blocks]

    def text(self, width: int | None) -> str:
        return "\n\n".join(map(_lay_out, self.blocks(width)))


def table(about: list[Column | None], columns: list[Column | None]) -> Table:
    """A table of the columns that are not None."""
    return Table(*([column for column in some if column is not None] for some in (about, columns)))


def terminal_width() -> int | None:
    """Letters in a line of the terminal; None where the output goes to a file or another program."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def settings(frame: pd.DataFrame, names=tuple(SETTINGS)) -> list[Column]:
    """The settings in `frame`, a value that repeats the line above left blank."""
    out, same = [], np.ones(len(frame), dtype=bool)
    for name in (name for name in names if name in frame):
        texts = pd.Series([NOTHING if pd.isna(value) else tidy(value) for value in frame[name]], dtype=object)
        same &= (texts == texts.shift()).to_numpy()
        left = bool(texts.str.contains("[a-z]").any())
        out.append(Column(symbol(name), list(texts.mask(same, "")), left=left, latex=MATH.get(name, "")))
    return out


def words(frame: pd.DataFrame, name: str, head: str = "") -> Column:
    return Column(head or name, list(frame[name].astype(str)), left=True)


def instead(column: Column | None, reasons: pd.Series) -> Column | None:
    """The column with the reason in place of each value that is missing."""
    if column is None:
        return None
    pairs = zip(column.values, reasons, strict=True)
    return dataclasses.replace(column, values=[reason if value == NOTHING else value for value, reason in pairs])


def quantity(frame: pd.DataFrame, name: str, head: str = "", *, sign: str = "", marks=None, alike=()) -> Column | None:
    """`median [low, high]` in a unit that suits this column and those `alike`; None where there is nothing to show.

    A value that is no median, or the median of one alone, has no interval.
    """
    if name not in frame or frame[name].isna().all():
        return None
    stem, unit, scale = one_unit(frame, name, [other for other in alike if other in frame])
    head = head or stem.replace("_", "\n")
    ends = [f"{name}_low", f"{name}_high"]
    values = frame[[name, *ends] if ends[0] in frame else [name]].astype(float) / scale
    rows = list(values.itertuples(index=False, name=None))
    texts = [NOTHING if np.isnan(middle) else number(middle, 2) for middle, *_ in rows]
    intervals = [interval(*row) for row in rows]
    symbol = LATEX.get(name, LATEX.get(stem, head.replace("\n", " "))) + (f" ({unit})" if unit else "")
    return Column(f"{head}\n({unit})" if unit else head, texts, intervals, marks=marks, sign=sign, latex=symbol)


def _lay_out(columns: list[Column]) -> str:
    """Side by side, heads on the lowest line: tabulate would pad each head by two letters, and rich cut what is too wide."""
    height = max(column.head.count("\n") + 1 for column in columns)
    lines = zip(*(column.lines(height) for column in columns), strict=True)
    return "\n".join("  ".join(line).rstrip() for line in lines)


def _total(columns) -> int:
    return sum(column.width for column in columns) + 2 * (len(columns) - 1)
