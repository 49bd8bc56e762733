"""Tables for a paper: symbols and units in the heads, medians aligned at the point, their intervals beside them."""

import re

from bench.showing.tables.glance import NOTHING, Column, Table
from bench.showing.vocabulary.numbers import tidy
from bench.showing.vocabulary.symbols import MATH

PREAMBLE = r"% needs \usepackage{booktabs, siunitx}"
LETTERS = 100  # in a line of a page, about: a wider table is several tabulars below each other
_ESCAPED = {"&": r"\&", "%": r"\%", "_": r"\_", "#": r"\#", "$": r"\$", "~": r"$\sim$", "^": r"\^{}", "<": "$<$", ">": "$>$"}
_ESCAPED |= {"α": r"$\alpha$", "µ": r"\textmu{}", "²": r"$^2$"}
_NUMBER = re.compile(r"[+-]?\d+(\.\d*)?(e[+-]?\d+)?")
_BARE = ("measure", "method", "system", "dtype", "device")


def floating(table: Table, title: str, constant: dict, caption: str) -> str:
    """A `table` environment; what is constant in it stands in the caption."""
    told = [_told(name, value) for name, value in constant.items() if value is not None and value == value]
    says = ". ".join(filter(None, [escaped(title).rstrip(".?"), ", ".join(told)]))
    parts = [r"\begin{table}", r"\centering", rf"\caption{{{says}. {escaped(caption)}}}"]
    parts.append("\n\n\\bigskip\n".join(tabular(block) for block in table.blocks(LETTERS)))
    return "\n".join([*parts, r"\end{table}"])


def tabular(columns: list[Column]) -> str:
    """The columns side by side, a column of numbers with intervals being two in LaTeX."""
    kinds, heads, lines = [], [], [[] for _ in columns[0].values]
    for column in columns:
        numeric = any(map(_NUMBER.fullmatch, column.values)) and all(map(_aligns, column.values))
        wide = numeric and any(column.intervals or [])
        kinds.append("S" + "@{ }l" * wide if numeric else "l" if column.left else "r")
        head = _head(column)
        heads.append(rf"\multicolumn{{2}}{{c}}{{{head}}}" if wide else f"{{{head}}}")
        for i, line in enumerate(lines):
            if not numeric:
                line.append(escaped(column.texts[i]))
                continue
            mark = r"\sim " if column.marks and column.marks[i] == "~" else ""
            line.append(mark + column.values[i] if _NUMBER.fullmatch(column.values[i]) else f"{{{_worded(column.values[i])}}}")
            if wide:
                line.append(_ends(column.intervals[i]))
    rows = [r"\toprule", _row(heads), r"\midrule", *map(_row, lines), r"\bottomrule"]
    return "\n".join([rf"\begin{{tabular}}{{{''.join(kinds)}}}", *rows, r"\end{tabular}"])


def escaped(text: str) -> str:
    return "".join(_ESCAPED.get(letter, letter) for letter in text)


def _head(column: Column) -> str:
    """Its symbol, with the unit that its text has."""
    head = column.latex or escaped(column.head.replace("\n", " "))
    return head.replace("µ", r"\textmu{}") + (r" ($\times$)" if column.sign == "x" else "")


def _told(name: str, value) -> str:
    text = escaped(tidy(value))
    return text if name in _BARE else f"{MATH[name][:-1]} = {text}$" if name in MATH else f"{escaped(name)} {text}"


def _aligns(value: str) -> bool:
    """Whether a value can stand in a column of numbers: as one, or as the word that stands in place of one."""
    return bool(_NUMBER.fullmatch(value)) or not any(letter.isdigit() for letter in value)


def _worded(value: str) -> str:
    return {NOTHING: "--", "inf": r"$\infty$", "-inf": r"$-\infty$"}.get(value, escaped(value))


def _ends(interval: str) -> str:
    ends = interval.strip("[]").split(", ") if interval else []
    known = [rf"\num{{{end}}}" if _NUMBER.fullmatch(end) else _worded(end) for end in ends]
    return f"[{', '.join(known)}]" if known else ""


def _row(cells: list[str]) -> str:
    return " & ".join(cells) + r" \\"
