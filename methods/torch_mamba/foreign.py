"""Programs that run outside jax, for measures that time them."""

from collections.abc import Callable
from typing import NamedTuple


class Foreign(NamedTuple):
    """A function of jax's arrays that runs elsewhere. Bringing arguments there and results back is no part of what it costs."""

    place: Callable  # the arguments as `run` wants them, a tuple; returns when they are there
    run: Callable  # returns when its results are ready
    fetch: Callable  # the results in jax

    def __call__(self, *arguments):
        return self.fetch(self.run(*self.place(*arguments)))
