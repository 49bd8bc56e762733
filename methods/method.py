"""A method is three choices, model, solver and forcing, with the adjoint and the training that go with them."""

import dataclasses
from functools import cached_property, partial
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, ArrayLike, Float, Real

import registry
import settings
from methods import models
from methods.adjoint import Adjoint
from methods.adjoint.certificate import Certificate, certificate
from methods.forcing import Forcing
from methods.forcing.sampling import ScheduledSampling
from methods.layout.precision import precise
from methods.models.free_run import free_run
from methods.models.shplrnn.model import ShallowPLRNNShape
from methods.predictability.forecast import Forecast, of_data
from methods.problem import Problem, border
from methods.problem.guess import Guess, first_guess
from methods.problem.solution import Solution
from methods.solvers.base import Solver
from methods.solvers.sequential import Sequential
from methods.training import objective, updates
from methods.training.loop import Fit, Training
from methods.training.objective import Aux
from methods.training.regularisation import Regularisation
from references import Reference, of, unique


@dataclasses.dataclass(frozen=True)
class Method:
    """How a trajectory is evaluated and trained. Hashable: it may be a static argument of `jit`.

    The parts hold the hyperparameters; `configure(alpha=0.1, tolerance=1e-6)` sets a field wherever it lives.
    """

    solver: Solver
    forcing: Any = Forcing()  # or a `ScheduledSampling`
    model: Any = ShallowPLRNNShape()  # a `Shape`: sizes of a model, which make its first parameters
    adjoint: Adjoint = Adjoint()
    regularisation: Regularisation = Regularisation()
    training: Training = Training()
    guess: Guess = "pinv"
    name: str = ""
    # One line for lists, and the papers of the combination. Neither is part of what it computes.
    summary: str = dataclasses.field(default="", compare=False, repr=False)
    source: tuple[Reference, ...] = dataclasses.field(default=(), compare=False, repr=False)

    PARTS: ClassVar = ("model", "forcing", "solver", "adjoint", "regularisation", "training")

    def __post_init__(self):
        for part in self.PARTS:
            settings.check(getattr(self, part), label=self.label)
        settings.checked(Method, "guess", self.guess, label=self.label)
        if self.forcing.forcing not in self.model.forcings:
            known = ", ".join(self.model.forcings)
            asked = f"{self.label}: forcing = {self.forcing.forcing!r}"
            raise settings.Misfit(f"{asked} does not fit its model. Known for {type(self.model).__name__}: {known}.")

    @property
    def label(self) -> str:
        """What errors call this method."""
        return f'method "{self.name}"' if self.name else type(self).__name__

    @property
    def references(self) -> tuple[Reference, ...]:
        """The papers of the combination, then those of its parts, each once."""
        parts = (self.solver, self.model, self.forcing, self.adjoint, self.regularisation, self.training)
        return unique((*self.source, *(each for part in parts for each in of(part))))

    @cached_property
    def parameters(self) -> dict:
        """Every hyperparameter that has an effect on this method, by name, with its value."""
        fields = {"guess": self.guess}
        for part in self.PARTS if self._uses_adjoint else [part for part in self.PARTS if part != "adjoint"]:
            fields.update({f.name: getattr(getattr(self, part), f.name) for f in dataclasses.fields(getattr(self, part))})
        for field in {*self.forcing.unused, *self.training.unused}:
            fields.pop(field, None)
        if not self.solver.uses_guess:
            del fields["guess"]
        return fields

    @property
    def _uses_adjoint(self) -> bool:
        return self.solver.uses_adjoint and self.training.uses_adjoint

    def configure(self, **fields) -> "Method":
        """This method with `fields` set, in any order; an unknown field or a value out of range is an error that says so."""
        if "model" in fields:
            return self.with_model(fields["model"]).configure(**{key: fields[key] for key in fields if key != "model"})
        changes = {}
        for key, value in fields.items():
            owners = [part for part in self.PARTS if key in _fields(getattr(self, part))]  # `devices` is of solver and adjoint
            for owner in owners:
                held = settings.checked(type(getattr(self, owner)), key, value, label=self.label)
                changes.setdefault(owner, {})[key] = held
            if key == "guess":
                changes[key] = settings.checked(Method, key, value, label=self.label)
            elif not owners:
                raise self._no_field(key)
        parts = {part: dataclasses.replace(getattr(self, part), **changes[part]) for part in self.PARTS if part in changes}
        configured = dataclasses.replace(self, guess=changes.get("guess", self.guess), **parts)
        for key in fields:
            if key not in configured.parameters:
                raise configured._no_field(key)
        return configured

    def with_model(self, name: str) -> "Method":
        """This method for the registered model `name`, with the sizes that have been set here, as far as the model has them.

        A model that cannot take this method's forcing gets its own kind of forcing.
        """
        model = models.get(name)
        sizes = {field.name for field in dataclasses.fields(self.model) if getattr(self.model, field.name) != field.default}
        model = dataclasses.replace(model, **{key: getattr(self.model, key) for key in sizes & _fields(model)})
        forcing = self.forcing
        if forcing.forcing not in model.forcings:
            own = model.forcings[0]
            forcing = ScheduledSampling() if own == "scheduled" else Forcing(own)
        return dataclasses.replace(self, model=model, forcing=forcing)

    def _no_field(self, key: str) -> Exception:
        known = self.parameters
        effect = f" that has an effect with forcing = {self.forcing.forcing!r}" if key in _fields(self.forcing) else ""
        suggestion = registry.suggest(key, known)
        return registry.UnknownName(f'{self.label}: no field "{key}"{effect}.{suggestion} Known: {", ".join(sorted(known))}.')

    def _strength(self, alpha):
        """α as given to one call, checked like the setting; an array is taken as it is, as it may be traced."""
        return settings.checked(Forcing, "alpha", alpha, label=self.label) if isinstance(alpha, int | float) else alpha

    @property
    def stepwise(self) -> "Method":
        """This model, forcing and loss, solved step by step with the exact adjoint: with this the method must agree.

        Methods that pose one problem have equal ones, so that they share the compiled program.
        """
        training = Training(warmup=self.training.warmup)
        return Method(
            self.solver.stepwise or Sequential(), self.forcing, self.model, regularisation=self.regularisation, training=training
        )

    def init(self, key, observed_dim: int, dtype=jnp.float32):
        """First parameters for data of `observed_dim` variables."""
        return self.model.init(key, observed_dim, dtype)

    def problem(self, params, x: Float[Array, "T_plus_1 ... N"], alpha=None, **drawn) -> tuple[Problem, Array]:
        """The problem that data x_0 … x_T pose, time first, and the teacher signal `(T, ..., M)`, see `Model.pose`."""
        alpha = getattr(self.forcing, "alpha", None) if alpha is None else alpha
        return params.pose(self.forcing, x, alpha=alpha, parts=self.solver.uses_coarse, **drawn)

    def solve(self, params, x: Real[ArrayLike, "... T_plus_1 N"], *, alpha=None, key=None, progress=None) -> Solution:
        """The trajectory under teacher data x_0 … x_T, differentiable in `params`.

        x         (S, T+1, N) or (T+1, N), taken in the precision of `params`
        alpha     forcing strength in place of the method's own; may be traced
        key       for a random first guess, or a forcing that draws
        progress  share of the training that is over, for a forcing that follows a schedule
        Returns a `Solution` with states (S, T, M), z_1 … z_T, whose read-outs predict x_1 … x_T; its other fields are (S,).
        """
        return _solve(self, params, x, self._strength(alpha), key=key, progress=progress)

    def forecast(self, params, x: Real[ArrayLike, "... T_plus_1 N"], *, alpha=None, key=None) -> Forecast | None:
        """How many updates `solve` will need, for the cost of one at most; see `methods.predictability.forecast.of_data`."""
        return of_data(self, params, x, self._strength(alpha), key=key)

    def explain(self, params, x: Real[ArrayLike, "... T_plus_1 N"]) -> str | None:
        """For a method that chooses its solver: what it would do here, and why; None for all others."""
        posed = _posed(self, params, x)  # data that do not fit are refused whatever the solver
        return self.solver.explain(*posed) if hasattr(self.solver, "explain") else None

    def loss(self, params, x: Real[ArrayLike, "... T_plus_1 N"], *, alpha=None, **drawn) -> tuple[Float[Array, ""], Aux]:
        """Mean squared error of the read-out before forcing against x_{T_w+1} … x_T, plus penalties. Options as in `solve`."""
        return _loss(self, params, x, self._strength(alpha), **drawn)

    def certify(self, params, x: Real[ArrayLike, "... T_plus_1 N"], *, alpha=None) -> Certificate:
        """How far the gradient of the loss on x is from that of the step-by-step scan, by computing both."""
        return certificate(self, params, x, alpha)

    @property
    def phases(self) -> dict:
        """What is timed, by the name of the phase; see `Solver.phases`."""
        return self.solver.phases(self)

    def start(self, params, key) -> updates.TrainingState:
        """The training state before the first update."""
        return updates.first_state(self, params, key)

    def update(
        self, state: updates.TrainingState, x: Real[ArrayLike, "S T_plus_1 N"], *, alpha=None
    ) -> tuple[updates.TrainingState, updates.Log]:
        """One optimiser step on the segments x of a series, and its log."""
        return _update(self, state, x, self._strength(alpha))

    def fit(self, series: Real[ArrayLike, "rows N"], *, T: int, batch: int, seeds=(0,), **options) -> Fit:
        """Train one model per seed on segments of `series`; see `methods.training.loop.fit`."""
        return self.training.fit(self, series, T=T, batch=batch, seeds=seeds, **options)

    def generate(
        self, params, history: Real[ArrayLike, "... rows N"], length: int, *, alpha=None
    ) -> Float[Array, "... length N"]:
        """A free run that starts where `history` ends; see `methods.models.free_run.free_run`.

        alpha  strength with which the history forces, such as the `Fit.alpha` of a training with an adaptive one
        """
        return free_run(self.forcing, params, border.history(params, history), length, self._strength(alpha))


@partial(jax.jit, static_argnums=0)
@precise()
def _solve(method, params, x, alpha, *, key=None, progress=None) -> Solution:
    x = border.sequences(params, x)
    if x.ndim == 3 and x.shape[0] == 1:  # as one sequence without a batch axis, for which maps have faster forms
        return _solve(method, params, x[0], alpha, key=key, progress=progress).as_batch()
    problem, teacher = method.problem(params, jnp.moveaxis(x, -2, 0), alpha, key=key, progress=progress)
    guess = first_guess(method.guess, problem, teacher, jr.key(0) if key is None else key)
    solution = method.solver.evaluate(method.adjoint, problem, jax.lax.stop_gradient(guess))
    return solution._replace(states=jnp.moveaxis(solution.states, 0, -2))


@partial(jax.jit, static_argnums=0)
@precise()
def _loss(method, params, x, alpha, **drawn) -> tuple[Float[Array, ""], Aux]:
    x = border.sequences(params, x)
    solution = _solve(method, params, x, alpha, **drawn)
    loss = objective.loss(method, params, solution.states, x)
    return loss, Aux(solution.iterations, solution.residual, solution.code)


@partial(jax.jit, static_argnums=0)
def _update(method, state, x, alpha) -> tuple[updates.TrainingState, updates.Log]:
    return updates.update(method, state, x, alpha=alpha)


@partial(jax.jit, static_argnums=0)
@precise()
def _posed(method, params, x):
    return method.problem(params, jnp.moveaxis(border.sequences(params, x), -2, 0))


def made(entry) -> Any:
    """The method of one entry of METHODS in a plug-in file, which gives its parts by name, as data."""
    if not isinstance(entry, dict):
        return entry
    known = _fields(Method) - {"name"}
    for key in entry.keys() - known:
        raise ValueError(f'a method has no part "{key}".{registry.suggest(key, known)} Known: {", ".join(sorted(known))}.')
    if "solver" not in entry:
        raise ValueError('a method has no "solver": want dict(solver=..., forcing=...).')
    return Method(**entry)


def _fields(part) -> set[str]:
    return {field.name for field in dataclasses.fields(part)}
