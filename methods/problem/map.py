"""Maps: one step of a recurrence, with its linearisation.

Solvers and gradients never look inside a model. They ask its map for images, and for products with its Jacobian J = ∂F/∂z or the
transpose of it. Arrays may have any batch axes in front of their components: states `(..., M)`, inputs `(..., ·)`.
"""

import dataclasses
from collections.abc import Callable
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from methods.problem.lanes import Lanes


class Map:
    """One step `F(z, u)` that broadcasts over leading axes, with its linearisation. A pytree of its parameters.

    A subclass gives `__call__`; everything else follows from it by autodiff, or in cheaper forms that the subclass gives as well.
    `linearise` returns, beside the image, the pattern: what the linearisation at a point needs to remember. By autodiff that is
    the point itself, `(z, u)`; for a piecewise-linear map, which units are active. `push` (J v), `pull` (Jᵀ w) and `dense` (J)
    take the pattern.
    """

    own_solver: ClassVar[str] = ""  # the one method whose solver takes this map; "": any solver does

    def __call__(self, z: Float[Array, "... M"], u) -> Float[Array, "... M"]:
        raise TypeError(f"{type(self).__name__} must define __call__(z, u).")

    def linearise(self, z, u) -> tuple[Float[Array, "... M"], Any]:
        """`F(z, u)`, and the pattern of the point (z, u)."""
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
        """A function like `__call__` for a scan over time: what all steps share, say a transposed matrix, is computed before."""
        return self

    def puller(self):
        """A function like `pull` for a scan over time: what all steps share is computed before."""
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
        """The form of this map that advances `count` states in columns; None: any number of them."""
        return Lanes(self)

    no_tiles: ClassVar[str] = "no kernel has been written for this map"  # why `tiles` is missing; "": it is there

    def tiles(self):
        """The form of this map that goes through windows of time inside a kernel, see `methods.kernels`."""
        raise TypeError(f"{type(self).__name__} must define tiles(), or say in no_tiles why not.")

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

    def diagonal(self, pattern):
        """By one `push` after the other, O(M) memory per time step: T M² numbers of a long sequence may be too many."""
        M, dtype = pattern[0].shape[-1], pattern[0].dtype

        def entry(i):
            unit = jnp.zeros(M, dtype).at[i].set(1)
            return self.push(pattern, jnp.broadcast_to(unit, pattern[0].shape))[..., i]

        return jnp.moveaxis(lax.map(entry, jnp.arange(M)), 0, -1)

    def tree_flatten(self):
        return (self.parameters,), self.function

    @classmethod
    def tree_unflatten(cls, function, children):
        return cls(function, *children)


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class ByAutodiff(Map):
    """A map whose own linearisation is hidden, so that a Jacobian costs M forward-mode passes: DEER as it is published."""

    step: Any  # a Map

    def __call__(self, z, u):
        return self.step(z, u)
