"""Is the answer right? Value and gradient against the sequential scan, in double precision where that is affordable."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from bench.measure import timing
from methods.layout import cost

# Above this many states (S T M) the reference has the cell's own precision: float64 would cost more than what is measured.
DOUBLE_PRECISION_LIMIT = 2**22
# Largest errors of a right answer. Where the sequential scan in the cell's own precision is farther off, ten times its error is
# allowed: it is one draw of the roundings, and in another order of operations a unit at its kink, T S L of them, may fall on the
# other side. What is off by more than LARGEST_ALLOWANCE is not right.
VALUE_TOLERANCE = {"float32": 1e-5, "float64": 1e-8}
GRADIENT_TOLERANCE = {"float32": 1e-5, "float64": 1e-6}
OWN_ERRORS = 10
SMALL = 2**17  # states up to which optimising the scan takes longer than running it
LARGEST_ALLOWANCE = 0.01
UNKNOWN = {"float32": 1e-5, "float64": 0.0}  # taken for the error of the scan where double precision is not affordable


class Errors(NamedTuple):
    """How far an answer is off.

    value     the largest error of a state, relative to the largest entry of the true state where that is above 1
    gradient  the norm of the error of the gradient over the norm of the gradient
    """

    value: float
    gradient: float


class Reference(NamedTuple):
    """The sequential answer to a problem, in double precision where that is affordable.

    own  the errors of the sequential scan in the cell's own precision: no method can be asked to do better
    """

    states: np.ndarray
    gradient: list[np.ndarray]
    own: Errors

    def errors(self, states, gradient) -> Errors:
        return _errors(_arrays(states), _arrays(gradient), self.states, self.gradient)

    def accepts(self, errors: Errors, dtype: str) -> bool:
        """Whether errors are within the tolerance of the precision; NaN is not."""
        tolerances = VALUE_TOLERANCE[dtype], GRADIENT_TOLERANCE[dtype]
        allowed = (min(LARGEST_ALLOWANCE, max(each, OWN_ERRORS * own)) for each, own in zip(tolerances, self.own, strict=True))
        return all(error <= limit for error, limit in zip(errors, allowed, strict=True))


def reference(method, params, x) -> Reference:
    """The answer that `method` should give on data x `(S, T+1, N)`: that of its model and forcing, solved step by step."""
    own = _evaluate(method.stepwise, params, x)
    if _states(params, x) > DOUBLE_PRECISION_LIMIT or x.dtype == jnp.float64:
        return Reference(*own, Errors(UNKNOWN[x.dtype.name], UNKNOWN[x.dtype.name]))
    with jax.enable_x64(True):
        double = jax.tree.map(lambda leaf: jnp.asarray(np.asarray(leaf), jnp.float64), (params, x))
        states, gradient = _evaluate(method.stepwise, *double)
    return Reference(states, gradient, _errors(*own, states, gradient))


def _states(params, x) -> int:
    return x.shape[0] * x.shape[1] * params.latent_dim


def _evaluate(method, params, x):
    evaluate = _small if _states(params, x) <= SMALL and cost.kind() == "cpu" else _states_and_gradient
    states, gradient = evaluate(method, params, x)
    return _arrays(states)[0], _arrays(gradient)


def _states_and_gradient_of(method, params, x):
    return method.solve(params, x).states, jax.grad(method.loss, has_aux=True)(params, x)[0]


_states_and_gradient = jax.jit(_states_and_gradient_of, static_argnums=0)
_small = jax.jit(_states_and_gradient_of, static_argnums=0, compiler_options=timing.UNTIMED)


def _arrays(tree) -> list[np.ndarray]:
    return [np.asarray(leaf, np.float64) for leaf in jax.tree.leaves(tree)]


def _errors(states, gradient, wanted_states, wanted_gradient) -> Errors:
    states = states[0] if isinstance(states, list) else states
    value = (np.abs(states - wanted_states).max(-1) / np.maximum(1, np.abs(wanted_states).max(-1))).max()
    difference = sum(np.sum((got - wanted) ** 2) for got, wanted in zip(gradient, wanted_gradient, strict=True)) ** 0.5
    return Errors(float(value), float(difference / sum(np.sum(wanted**2) for wanted in wanted_gradient) ** 0.5))
