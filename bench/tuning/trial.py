"""Ways of computing one thing, compiled and timed in turn."""

import contextlib
import dataclasses
import hashlib
import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import jax
import numpy as np

from bench.measure import timing
from bench.measure.environment import usable_cores
from methods.layout import cost
from methods.layout.cost import Costs

CLEARLY = 0.05  # share of the time that a number must save to take the place of the old one


class Way(NamedTuple):
    """A function to be timed, traced under some numbers of the table."""

    function: Callable
    arguments: tuple
    changed: dict[str, Any] = {}  # numbers other than those that are best so far


@dataclasses.dataclass
class Trial:
    """What measures work with: the numbers that are best so far, and how much is to be measured.

    quick  a look at small sizes, once each: for tests, and to see what would be measured
    """

    costs: Costs
    quick: bool = False

    def T(self, steps: int) -> int:
        return steps // 64 if self.quick else steps

    def some(self, sizes: tuple) -> tuple:
        return sizes[:2] if self.quick else sizes

    @property
    def rounds(self) -> int:
        return 1 if self.quick else 10

    def seconds(self, ways: dict[Any, Way]) -> dict[Any, float]:
        """The shortest time of each way. They are called in turn, so that a disturbance hits all of them.

        Ways that come to the same program on the same numbers are timed as one.
        """
        lowered = {}
        for key, way in ways.items():
            with using(dataclasses.replace(self.costs, **way.changed)):
                lowered[key] = jax.jit(way.function).lower(*way.arguments)
        texts = {key: each.as_text() for key, each in lowered.items()}
        with ThreadPoolExecutor(usable_cores()) as pool:
            alike = {text: lowered[key] for key, text in texts.items()}
            programs = dict(zip(alike, pool.map(lambda each: each.compile(), alike.values()), strict=True))
        contents = {id(way.arguments): _content(way.arguments) for way in ways.values()}
        one_of = {key: (texts[key], contents[id(way.arguments)]) for key, way in ways.items()}
        # put on the device once: a GPU would fetch them again in every call
        placed = {content: jax.device_put(way.arguments) for way in ways.values() if (content := contents[id(way.arguments)])}
        calls = {(text, content): (programs[text], *placed[content]) for text, content in one_of.values()}
        for call in calls.values():
            timing.timed(*call)
        shortest = dict.fromkeys(calls, math.inf)
        for _ in range(self.rounds):
            for one, call in calls.items():
                shortest[one] = min(shortest[one], timing.timed(*call)[0])
        return {key: shortest[one] for key, one in one_of.items()}

    def choose(self, name: str, candidates: tuple, cases: list[Way]) -> Any:
        """The candidate for a number that takes least time over all cases."""
        candidates = tuple(self._with_old(name, self.some(candidates)))
        ways = {
            (candidate, case): way._replace(changed=way.changed | {name: candidate})
            for candidate in candidates
            for case, way in enumerate(cases)
        }
        took = self.seconds(ways)
        return self.fastest(name, candidates, lambda candidate: [took[candidate, case] for case in range(len(cases))])

    def limit(self, name: str, sizes: tuple, cases: Callable[[int], list[Way]], *, below, above, first_above=False):
        """The size up to which one way is faster than another, over all cases.

        cases  the ways to be timed at a size
        below, above  changes to the table that force one way and the other
        first_above  whether the limit is the first size of the other way, not the last of this one
        """
        sizes = self.some(sizes)
        every = {(size, i): way for size in sizes for i, way in enumerate(cases(size))}
        sides = {"below": below, "above": above}
        ways = {(side, *key): way._replace(changed=way.changed | sides[side]) for key, way in every.items() for side in sides}
        took = self.seconds(ways)

        def times(limit):
            side = lambda size: "below" if size < limit or (size == limit and not first_above) else "above"  # noqa: E731
            return [took[side(size), size, i] for size, i in every]

        return self.fastest(name, (*sizes, math.inf) if first_above else (0, *sizes), times)

    def fastest(self, name: str, candidates: tuple, times: Callable[[Any], list[float]]) -> Any:
        """The candidate for a number with the smallest product of `times`; the old number unless another is clearly faster."""
        return better(*self._with_old(name, candidates), times=times)

    def _with_old(self, name: str, candidates: tuple) -> list:
        return list(dict.fromkeys([getattr(self.costs, name), *candidates]))


def better(old, *others, times: Callable[[Any], list[float]]) -> Any:
    """The candidate with the smallest product of `times`; the old one unless another is clearly faster."""
    mean = {each: sum(map(math.log, times(each))) / len(times(each)) for each in (old, *others)}
    best = min(mean, key=mean.__getitem__)
    return best if mean[best] < mean[old] + math.log(1 - CLEARLY) else old


def _content(arguments: tuple) -> str:
    """What tells arrays from others of the same shapes."""
    digest = hashlib.sha256()
    for leaf in jax.tree.leaves(arguments):
        digest.update(np.ascontiguousarray(leaf))
    return digest.hexdigest()


@contextlib.contextmanager
def using(costs: Costs):
    """These numbers in force for what is traced meanwhile."""
    device = cost.kind()
    before = cost.of(device)
    cost.use(costs, device)
    jax.clear_caches()  # what was traced keeps the numbers that it was traced with
    try:
        yield
    finally:
        cost.use(before, device)
        jax.clear_caches()
