"""A table for a terminal: two digits, short heads, and intervals only as far as the width holds."""

import dataclasses

import numpy as np
import pandas as pd

from .grouping import SETTINGS, SYMBOLS, tidy
from .rendering import number, one_unit

WIDTH = 120
NOTHING = "-"


@dataclasses.dataclass(frozen=True)
class Column:
    head: str
    texts: list[str]
    brief: list[str] | None = None  # without intervals
    keep: int = 0  # the columns with the least give up their intervals first
    left: bool = False

    @property
    def width(self) -> int:
        return max(map(len, [*self.head.split("\n"), *self.texts]))

    def lines(self, height: int) -> list[str]:
        """The head on the last of `height` lines, a rule and the texts."""
        align = str.ljust if self.left else str.rjust
        head = self.head.split("\n")
        return [align(text, self.width) for text in [""] * (height - len(head)) + head + ["-" * self.width, *self.texts]]


def lay_out(columns: list[Column | None], width: int = WIDTH) -> str:
    """The columns side by side, None being left out; where that is too wide, intervals and then the last columns are left out."""
    columns = [column for column in columns if column is not None]
    for column in sorted((column for column in columns if column.brief), key=lambda column: column.keep):
        if _total(columns) <= width:
            break
        columns[columns.index(column)] = dataclasses.replace(column, texts=column.brief)
    while _total(columns) > width and columns[-1].brief:
        columns.pop()
    height = max(column.head.count("\n") + 1 for column in columns)
    return "\n".join("  ".join(cells).rstrip() for cells in zip(*(column.lines(height) for column in columns), strict=True))


def in_blocks(heads: list[Column], columns: list[Column], width: int = WIDTH) -> str:
    """All the columns, below each other where they do not fit, each block with the heads."""
    blocks, block = [], []
    for column in columns:
        if block and _total([*heads, *block, column]) > width:
            blocks.append(block)
            block = []
        block.append(column)
    return "\n\n".join(lay_out([*heads, *each], width) for each in [*blocks, block])


def _total(columns) -> int:
    return sum(column.width for column in columns) + 2 * (len(columns) - 1)


def settings(frame: pd.DataFrame, names=tuple(SETTINGS)) -> list[Column]:
    """The settings in `frame`, a value that repeats the line above left blank."""
    out, same = [], np.ones(len(frame), dtype=bool)
    for name in (name for name in names if name in frame):
        texts = pd.Series([NOTHING if pd.isna(value) else tidy(value) for value in frame[name]], dtype=object)
        same &= (texts == texts.shift()).to_numpy()
        out.append(Column(SYMBOLS.get(name, name), list(texts.mask(same, "")), left=bool(texts.str.contains("[a-z]").any())))
    return out


def words(frame: pd.DataFrame, name: str, head: str = "") -> Column:
    return Column(head or name, list(frame[name].astype(str)), left=True)


def status(frame: pd.DataFrame) -> Column | None:
    """The tally of statuses, where not all are ok."""
    return None if frame["status"].eq("ok").all() else words(frame, "status")


def quantity(frame: pd.DataFrame, name: str, head: str = "", *, sign: str = "", keep: int = 0, alike=()) -> Column | None:
    """`median [low, high]` in a unit that suits this column and those `alike`; None where there is nothing to show."""
    if name not in frame or frame[name].isna().all():
        return None
    stem, unit, scale = one_unit(frame, name, [other for other in alike if other in frame])
    head = head or stem.replace("_", "\n")
    ends = [f"{name}_low", f"{name}_high"]
    values = frame[[name, *ends] if ends[0] in frame else [name]].astype(float) / scale
    full, brief = [], []
    for middle, *interval in values.itertuples(index=False):
        brief.append(NOTHING if np.isnan(middle) else number(middle, 2) + sign)
        low, high = (number(end, 2) for end in interval) if interval else ("", "")
        shown = low and (low, high) != (number(middle, 2),) * 2
        full.append(f"{brief[-1]} [{low}, {high}]" if shown else brief[-1])
    return Column(f"{head}\n({unit})" if unit else head, full, brief, keep)
