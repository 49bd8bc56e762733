"""Time, updates, memory and accuracy of the solvers.

The times are watched; they depend on what else the machine does. The tracked numbers repeat themselves and gate, see `gate`.
"""

from functools import lru_cache

from . import problems
from .problems import PARTLY_OBSERVED, SIZES, TIMED, TIMED_EVERYWHERE, TRACKED, Size


@lru_cache
def _program(size: Size, name: str, phase: str):
    """The compiled program and its arguments, called once. Kept, since asv runs `setup` again before every sample."""
    import jax

    from bench.measure import timing

    method = problems.method(name)
    function = {"forward": method.solve, "gradient": jax.value_and_grad(method.loss, has_aux=True)}[phase]
    arguments = problems.model_and_data(size)
    call = timing.compile(function, *arguments).call
    outputs = timing.timed(call, *arguments)[1]
    _demand_success(outputs if phase == "forward" else outputs[0][1])
    return call, *arguments


def _time(size: Size, name: str, phase: str) -> None:
    from bench.measure import timing

    timing.timed(*_program(size, name, phase))


def _demand_success(report) -> None:
    """asv passes over what has not converged: its time is no time, and a number that turns into none is worse to the gate."""
    import numpy as np

    from methods.problem.solution import STATUSES

    wrong = [status for status in STATUSES[np.asarray(report.code)] if status != "converged"]
    if wrong:
        raise NotImplementedError(f"{wrong[0]} after {int(report.iterations.max())} updates")


class Forward:
    """Solving for the states."""

    version = problems.VERSION
    params, param_names = [TIMED], ["method"]

    def setup(self, name):
        _program(PARTLY_OBSERVED, name, "forward")

    def time_forward(self, name):
        _time(PARTLY_OBSERVED, name, "forward")


class Gradient:
    """The loss and its gradient."""

    version = problems.VERSION
    params, param_names = [TIMED, list(SIZES)], ["method", "size"]
    skip_params = [(name, size) for name in TIMED if name not in TIMED_EVERYWHERE for size in SIZES if size != "partly observed"]

    def setup(self, name, size):
        _program(SIZES[size], name, "gradient")

    def time_gradient(self, name, size):
        _time(SIZES[size], name, "gradient")


class Answer:
    """Updates, scratch memory, and the distance from the sequential scan in double precision, of one loss with its gradient."""

    version = problems.VERSION
    params, param_names = [TRACKED], ["method"]

    def setup_cache(self):
        return {name: _answer(name) for name in TRACKED}

    def setup(self, answers, name):
        if isinstance(answers[name], Exception):
            raise answers[name]

    def track_iterations(self, answers, name):
        return answers[name]["iterations"]

    def track_temp_bytes(self, answers, name):
        return answers[name]["temp_bytes"]

    def track_value_error(self, answers, name):
        return answers[name]["value_error"]

    def track_gradient_error(self, answers, name):
        return answers[name]["gradient_error"]

    track_iterations.unit = "updates"
    track_temp_bytes.unit = "bytes"
    track_value_error.unit = track_gradient_error.unit = "relative"


def _answer(name: str) -> dict | Exception:
    """What `Answer` tracks, or why there is none."""
    try:
        return _solved(problems.method(name))
    except NotImplementedError as reason:
        return reason
    except Exception as error:  # one method that fails must not take the others' numbers away
        return RuntimeError(f"{type(error).__name__}: {error}")  # asv pickles it, which not every error survives


def _solved(method) -> dict:
    import jax

    from bench.measure import timing
    from bench.measure.accuracy import reference

    def loss(params, x):
        solution = method.solve(params, x)
        return ((params.readout(solution.states) - x[:, 1:]) ** 2).mean(), solution

    params, x = problems.model_and_data(problems.SHORT)
    program = timing.compile(jax.grad(loss, has_aux=True), params, x)
    gradient, solution = program.call(params, x)
    _demand_success(solution)
    errors = reference(method, params, x).errors(solution.states, gradient)
    return {
        "iterations": int(solution.iterations.max()),
        "temp_bytes": program.temp_bytes,
        "value_error": errors.value,
        "gradient_error": errors.gradient,
    }
