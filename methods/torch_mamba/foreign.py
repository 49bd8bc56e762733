"""Programs that run outside jax, in a form in which they can be timed."""

from collections.abc import Callable
from typing import NamedTuple


class Foreign(NamedTuple):
    """A function of jax arrays that is computed elsewhere, in three parts, so that `run` can be timed without the transfers."""

    place: Callable  # brings the arguments there, as the tuple that `run` takes; returns when they have arrived
    run: Callable  # computes; returns when the results are ready
    fetch: Callable  # brings the results back into jax

    def __call__(self, *arguments):
        return self.fetch(self.run(*self.place(*arguments)))
