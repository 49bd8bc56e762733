"""What a solver says of its own updates before it makes any."""

from typing import ClassVar

import jax.numpy as jnp

from methods.predictability import laws
from methods.predictability.laws import Forecast
from methods.predictability.outlook import Outlook
from methods.problem import Problem
from methods.problem.solution import default_tolerance


class Foresees:
    """The part of a solver that forecasts. If it makes updates it gives `looks_at`, and their law as `expected`."""

    # The share of all steps that a forecast looks at, so that it costs no more than one update; 0: there are no updates.
    looks_at: ClassVar[float] = 0.0

    def foresee(self, problem: Problem, guess) -> Forecast:
        """How many updates `solve` will need, of a solver that makes some; NaN where the guess does not allow to say."""
        outlook = Outlook.at_share(self.looks_at, problem, guess)
        known = outlook.known & jnp.isfinite(guess).all((0, -1))
        most = guess.shape[0] if self.prefix_exact else laws.MOST
        expected = self.expected(outlook, self.accuracy(guess.dtype))
        return Forecast(*(jnp.where(known, jnp.minimum(each, most), jnp.nan) for each in expected))

    def expected(self, outlook: Outlook, accuracy) -> Forecast:
        """The law by which updates follow from what is known before the solve, see `methods.predictability.laws`."""
        raise TypeError(f"{type(self).__name__} looks ahead, so it must define expected(outlook, accuracy).")

    def accuracy(self, dtype) -> float:
        """The size of the residual at which it stops."""
        return default_tolerance(getattr(self, "tolerance", None), dtype)
