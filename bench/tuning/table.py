"""Tables of numbers side by side."""

import dataclasses
import io
import math

from methods.layout.cost import Costs


def shown(*columns: tuple[str, Costs]) -> str:
    """One row for each number, one column for each table under a word and its source, and why a number is not measured."""
    from rich.console import Console
    from rich.table import Table

    from bench.tuning.measures import unmeasured

    reasons = unmeasured()
    rows = [field.name for field in dataclasses.fields(Costs) if field.name != "source"]
    table = Table(box=None, pad_edge=False)
    for head in ("number", *(f"{word}{costs.source}" for word, costs in columns), ""):
        table.add_column(head, overflow="fold")
    for name in rows:
        values = [in_words(getattr(costs, name)) for _, costs in columns]
        note = f"not measured: {reasons[name]}" if name in reasons else "changed" if len(set(values)) > 1 else ""
        table.add_row(name, *values, note)
    out = io.StringIO()
    Console(file=out, width=130).print(table)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())


def in_words(value) -> str:
    """A number in a few digits."""
    if isinstance(value, tuple):
        return ", ".join(map(in_words, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    if math.isinf(value):
        return "inf"
    return f"{value:.9g}" if value == int(value) else f"{value:.3g}"
