"""The Jacobian of all residuals by all states, and systems with it, without ever forming it.

The residual r_t = z_t − F_t(z_{t−1}) depends on two states only, so that 𝒥 = ∂r/∂z has the identity on its diagonal, −J_t
below it, and nothing else. Its inverse is full: block (t, s) is J_t … J_{s+1}, how an error at s arrives at t. A product with the
inverse is one pass through time by `Map.push`, one with its transpose a pass backwards by `Map.pull`: work O(T cost(push)),
memory O(T M), for T M unknowns.

Where the recurrence expands, entries of the inverse are larger than any floating-point number. So a pass carries its values
divided by a factor that it raises as they grow, and gives back the logarithm of that factor.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from methods.problem import Map, Problem


class ResidualJacobian(NamedTuple):
    """𝒥 at some states of a problem. Vectors are `(T, ..., M)`, a state for each step, with any batch axes between."""

    step: Map
    patterns: Any  # (T, ...), where F_1 … F_T are linearised

    @classmethod
    def at(cls, problem: Problem, states: Float[Array, "T ... M"]) -> "ResidualJacobian":
        return cls(problem.step, problem.evaluate(states).pattern)

    @property
    def below(self):
        """Patterns of J_2 … J_T; J_1 is no part of 𝒥, as z_0 is given."""
        return jax.tree.map(lambda leaf: leaf[1:], self.patterns)

    def times(self, v: Float[Array, "T ... M"]) -> Float[Array, "T ... M"]:
        """𝒥 v, v_t − J_t v_{t−1} at each step."""
        return v.at[1:].add(-self.step.push(self.below, v[:-1]))

    def transposed(self, w: Float[Array, "T ... M"]) -> Float[Array, "T ... M"]:
        """𝒥ᵀ w, w_t − J_{t+1}ᵀ w_{t+1} at each step. With w = r it is the gradient of the merit."""
        return w.at[:-1].add(-self.step.pull(self.below, w[1:]))

    def solve(self, b: Float[Array, "T ... M"]) -> tuple[Float[Array, "T ... M"], Float[Array, "..."]]:
        """𝒥⁻¹ b as (w, s): the solution is e^s w, with |w| ≤ 1 + max |b| and a factor s for each sequence."""

        def forwards(carry, element):
            w, s = carry
            pattern, b = element
            carry = _rescaled(self.step.push(pattern, w) + jnp.exp(-s)[..., None] * b, s)
            return carry, carry

        first = _rescaled(b[0], jnp.zeros_like(b[0, ..., 0]))
        last, rest = lax.scan(forwards, first, (self.below, b[1:]))
        w, s = jax.tree.map(lambda first, rest: jnp.concatenate([first[None], rest]), first, rest)
        return _joined(w, s, last[1])

    def solve_transposed(self, b: Float[Array, "T ... M"]) -> tuple[Float[Array, "T ... M"], Float[Array, "..."]]:
        """𝒥⁻ᵀ b, in the same form, from the last step to the first."""
        pull = self.step.puller()

        def backwards(carry, element):
            w, s = carry
            pattern, b = element
            carry = _rescaled(pull(pattern, w) + jnp.exp(-s)[..., None] * b, s)
            return carry, carry

        first = _rescaled(b[-1], jnp.zeros_like(b[-1, ..., 0]))
        last, rest = lax.scan(backwards, first, (self.below, b[:-1]), reverse=True)
        w, s = jax.tree.map(lambda first, rest: jnp.concatenate([rest, first[None]]), first, rest)
        return _joined(w, s, last[1])


def _rescaled(w, s):
    """e^s w with entries of w up to 1. The factor never sinks: what is far below the largest value so far may vanish."""
    size = jnp.maximum(1, jnp.abs(w).max(-1))
    return w / size[..., None], s + jnp.log(size)


def _joined(w, s, largest):
    """All steps under the one factor that the pass has ended with."""
    return w * jnp.exp(s - largest)[..., None], largest
