"""A method is three choices, model, solver and forcing, with the gradient and the training that go with them."""

import dataclasses
import typing
from functools import cached_property, partial
from typing import ClassVar, NamedTuple

import jax
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, ArrayLike, Float

import registry
from methods import adjoint
from methods import training as loop
from methods.adjoint import Adjoint
from methods.forcing import Forcing
from methods.generation import free_run
from methods.guess import Guess, first_guess
from methods.maps import Problem
from methods.models.shplrnn import ShallowPLRNNShape
from methods.solution import Solution
from methods.solvers.base import Solver
from methods.training import Training


class Aux(NamedTuple):
    """What a loss reports beside its value, per sequence `(S,)`."""

    iterations: Array
    residual: Array
    code: Array  # index into `methods.solution.STATUSES`


@dataclasses.dataclass(frozen=True)
class Method:
    """How a trajectory is evaluated and trained. Hashable: it may be a static argument of `jit`.

    The parts hold the hyperparameters; `configure(alpha=0.1, tolerance=1e-6)` sets a field wherever it lives.
    """

    solver: Solver
    forcing: Forcing = Forcing()
    model: ShallowPLRNNShape = ShallowPLRNNShape()
    gradient: Adjoint = Adjoint()
    training: Training = Training()
    guess: Guess = "pinv"
    name: str = ""

    PARTS: ClassVar = ("model", "forcing", "solver", "gradient", "training")

    @cached_property
    def parameters(self) -> dict:
        """Every hyperparameter by name, with its value; what has no effect on this method is left out."""
        fields = {"guess": self.guess}
        for part in self.PARTS:
            fields.update({f.name: getattr(getattr(self, part), f.name) for f in dataclasses.fields(getattr(self, part))})
        if self.forcing.forcing == "none":
            del fields["alpha"]
        if not hasattr(self.solver, "update"):
            del fields["guess"]
        return fields

    def configure(self, **fields) -> "Method":
        """This method with `fields` set; an unknown field or a value outside its choices is an error that says so."""
        changes = {}
        for key, value in fields.items():
            if key not in self.parameters:
                known = ", ".join(sorted(self.parameters))
                suggestion = registry.suggest(key, self.parameters)
                raise registry.UnknownName(f'method "{self.name}": no field "{key}".{suggestion} Known: {known}.')
            owner = next((part for part in self.PARTS if hasattr(getattr(self, part), key)), None)
            part = self if owner is None else changes.get(owner, getattr(self, owner))
            _check_choice(self.name, type(part), key, value)
            if owner is None:
                changes[key] = value
            else:
                changes[owner] = dataclasses.replace(part, **{key: value})
        return dataclasses.replace(self, **changes)

    @property
    def stepwise(self) -> "Method":
        """The same model, forcing and loss, solved step by step with the exact adjoint: what this method must agree with.

        Equal for all methods that pose the same problem, so that they share its compiled program.
        """
        from methods.solvers.sequential import Sequential  # solver files build on this one

        return Method(Sequential(), self.forcing, self.model, training=Training(warmup=self.training.warmup))

    def init(self, key, observed_dim: int, dtype=jnp.float32):
        """First parameters for data of `observed_dim` variables."""
        return self.model.init(key, observed_dim, dtype)

    def problem(self, params, x: Float[Array, "T_plus_1 ... N"], alpha=None) -> tuple[Problem, Array]:
        """The problem that data x_0 … x_T pose, time first, and the teacher signal B⁺ x_1 … B⁺ x_T `(T, ..., M)`."""
        operators = self.forcing.operators(params.B, self.forcing.alpha if alpha is None else alpha)
        z0 = operators.teacher(x[0])
        if self.forcing.differentiate != "full":
            z0 = jax.lax.stop_gradient(z0)
        return Problem(params.forced(operators.E, operators.D), z0, x[:-1]), operators.teacher(x[1:])

    def solve(self, params, x: Float[Array, "... T_plus_1 N"], *, alpha=None, key=None) -> Solution:
        """The trajectory under teacher data x_0 … x_T, differentiable in `params`.

        x       (S, T+1, N) or (T+1, N)
        alpha   forcing strength in place of the method's own; may be traced
        key     for a random first guess
        Returns states (S, T, M) = z_1 … z_T; they are compared with x_1 … x_T. Solver fields are per sequence.
        """
        if x.ndim not in (2, 3) or x.shape[-2] < 2 or x.shape[-1] != params.B.shape[0]:
            raise ValueError(f"x has shape {x.shape}; wanted (S, T+1, N) with T >= 1 and N = {params.B.shape[0]}, the rows of B.")
        problem, teacher = self.problem(params, jnp.moveaxis(x, -2, 0), alpha)
        guess = first_guess(self.guess, problem, teacher, jr.key(0) if key is None else key)
        solution = adjoint.solve(self.solver, self.gradient, problem, jax.lax.stop_gradient(guess))
        return solution._replace(states=jnp.moveaxis(solution.states, 0, -2))

    def loss(self, params, x: Float[Array, "... T_plus_1 N"], *, alpha=None, key=None) -> tuple[Float[Array, ""], Aux]:
        """Mean squared error of the un-forced states' read-out on x_{T_w+1} … x_T, and the solver's report."""
        solution = self.solve(params, x, alpha=alpha, key=key)
        T, warmup = x.shape[-2] - 1, self.training.warmup
        if not 0 <= warmup < T:
            raise ValueError(f"warmup = {warmup}: must be at least 0 and less than the T = {T} steps of the sequence.")
        error = params.readout(solution.states[..., warmup:, :]) - x[..., warmup + 1 :, :]
        return jnp.mean(error**2), Aux(solution.iterations, solution.residual, solution.code)

    def start(self, params, key) -> loop.State:
        """The training state before the first update."""
        return loop.start(self, params, key)

    @partial(jax.jit, static_argnums=0)
    def update(self, state: loop.State, x: Float[Array, "S T_plus_1 N"], *, alpha=None) -> tuple[loop.State, loop.Log]:
        """One optimiser step on the windows x."""
        return loop.update(self, state, x, alpha=alpha)

    def fit(self, series: Float[ArrayLike, "rows N"], *, T: int, batch: int, seeds=(0,), **options) -> loop.Fit:
        """Train one model per seed on windows of `series`; see `methods.training.fit`."""
        return loop.fit(self, series, T=T, batch=batch, seeds=seeds, **options)

    def generate(self, params, history: Float[ArrayLike, "... T_w N"], length: int) -> Float[Array, "... length N"]:
        """A free run that starts where `history` ends; see `methods.generation.free_run`."""
        return free_run(self.forcing, params, history, length)


def _check_choice(method: str, owner: type, key: str, value) -> None:
    choices = typing.get_args(typing.get_type_hints(owner).get(key)) if key != "increment_tolerance" else ()
    if choices and all(isinstance(choice, str) for choice in choices) and value not in choices:
        suggestion = registry.suggest(str(value), choices)
        raise ValueError(f'method "{method}": {key} = {value!r} is not a choice.{suggestion} Known: {", ".join(choices)}.')
