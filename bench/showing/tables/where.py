"""A region of a grid in words: `T >= 4096 or alpha = 0.5, T = 512`."""

import itertools

from bench.showing.vocabulary.numbers import tidy
from bench.showing.vocabulary.symbols import symbol


def where(chosen: list[tuple], asked: list[tuple], axes: list[str]) -> str:
    """`everywhere`, or `for` and the shortest conditions found under which a place among `asked` is one of `chosen`.

    A place has one value per axis. Conditions of one clause are joined by commas, clauses by `or`.
    """
    if set(chosen) == set(asked):
        return "everywhere"
    numbered = list(enumerate(axes))
    orders = itertools.permutations(numbered) if len(axes) <= 4 else [numbered]  # more orders than that take too long
    found = (_clauses(frozenset(chosen), frozenset(asked), tuple(order)) for order in orders)
    return "for " + min((" or ".join(clauses) for clauses in found), key=len)


def _clauses(chosen: frozenset, asked: frozenset, axes: tuple) -> tuple[str, ...]:
    """The conditions under which a place is chosen, found axis by axis; "" where all places are.

    For each value of the first axis the conditions on the other axes are found first. Values with equal ones are then named
    together.
    """
    if chosen == asked:
        return ("",)
    (at, name), rest = axes[0], axes[1:]
    values = sorted({place[at] for place in asked}, key=lambda value: (isinstance(value, str), value))
    alike: dict = {}
    for value in values:
        part, whole = (frozenset(place for place in places if place[at] == value) for places in (chosen, asked))
        if part:
            alike.setdefault(_clauses(part, whole, rest), []).append(value)
    found = ((_range(name, some, values), clause) for some_clauses, some in alike.items() for clause in some_clauses)
    return tuple(", ".join(filter(None, pair)) for pair in found)


def _range(name: str, some: list, values: list) -> str:
    name = symbol(name)
    if len(some) == len(values):
        return ""
    if isinstance(values[0], str):
        return f"{name} {' or '.join(some)}"
    if len(some) > 1 and some == values[: len(some)]:
        return f"{name} <= {tidy(some[-1])}"
    if len(some) > 1 and some == values[-len(some) :]:
        return f"{name} >= {tidy(some[0])}"
    return f"{name} = {' or '.join(map(tidy, some))}"
