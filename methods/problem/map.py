"""One step of a recurrence, with its linearisation.

Arrays may have any batch axes in front of their components: states `(..., M)`, inputs `(..., ·)`.
"""

import dataclasses
from collections.abc import Callable
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from methods.problem.lanes import Lanes


class Map:
    """One step `F(z, u)` that broadcasts over leading axes, with its linearisation. A pytree of its parameters.

    A subclass gives `__call__`. It may give cheaper forms of the rest: `linearise` returns what `push` (J v) and `pull` (Jᵀ w)
    need to know about the point, here the point itself.
    """

    own_solver: ClassVar[str] = ""  # the method whose solver alone takes it; "": any solver of maps does

    def __call__(self, z: Float[Array, "... M"], u) -> Float[Array, "... M"]:
        raise TypeError(f"{type(self).__name__} must define __call__(z, u).")

    def linearise(self, z, u) -> tuple[Float[Array, "... M"], Any]:
        """`F(z, u)` and the pattern that `push`, `pull` and `dense` take."""
        return self(z, u), (z, u)

    def push(self, pattern, v: Float[Array, "... M"]) -> Float[Array, "... M"]:
        """J v at the linearised point."""
        z, u = pattern
        return jax.jvp(lambda z: self(z, u), (z,), (v,))[1]

    def pull(self, pattern, w: Float[Array, "... M"]) -> Float[Array, "... M"]:
        """Jᵀ w at the linearised point."""
        z, u = pattern
        return jax.vjp(lambda z: self(z, u), z)[1](w)[0]

    def stepper(self):
        """`__call__` for a scan over time, with what is the same in all steps prepared."""
        return self

    def puller(self):
        """`pull` for a scan over time, with what is the same in all steps prepared."""
        return self.pull

    def dense(self, pattern) -> Float[Array, "... M M"]:
        """J, by one `push` per column; O(M²) memory per time step."""
        z, _ = pattern
        columns = jnp.broadcast_to(jnp.eye(z.shape[-1], dtype=z.dtype), (*z.shape, z.shape[-1]))
        return jax.vmap(lambda v: self.push(pattern, v), in_axes=-2, out_axes=-1)(columns)

    def diagonal(self, pattern) -> Float[Array, "... M"]:
        """The diagonal of J."""
        return jnp.diagonal(self.dense(pattern), axis1=-2, axis2=-1)

    def lanes(self, count: int | None = None) -> Lanes:
        """The form of this map that advances so many states in columns; None: any number."""
        return Lanes(self)

    def jacobian(self, z, u) -> Float[Array, "... M M"]:
        return self.dense(self.linearise(z, u)[1])

    def jacobian_diagonal(self, z, u) -> Float[Array, "... M"]:
        return self.diagonal(self.linearise(z, u)[1])


@jax.tree_util.register_pytree_node_class
class FunctionMap(Map):
    """The map of a plain function `function(parameters, z (M,), u) -> (M,)`, vectorised over leading axes."""

    def __init__(self, function: Callable, parameters=()):
        self.function = function
        self.parameters = parameters

    def __call__(self, z, u):
        batched = self.function
        for _ in range(z.ndim - 1):
            batched = jax.vmap(batched, in_axes=(None, 0, 0))
        return batched(self.parameters, z, u)

    def tree_flatten(self):
        return (self.parameters,), self.function

    @classmethod
    def tree_unflatten(cls, function, children):
        return cls(function, *children)


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class ByAutodiff(Map):
    """A map whose own linearisation is hidden, so that every Jacobian costs M forward-mode passes."""

    step: Any  # a Map

    def __call__(self, z, u):
        return self.step(z, u)
