"""The phases of a training in torch that are timed: they wait for the GPU before the clock starts and before it stops."""

from functools import partial

import jax
import jax.numpy as jnp
import jax.random as jr
import torch

from methods.problem.solution import CONVERGED, DIVERGED, Solution
from methods.torch_mamba import package
from methods.torch_mamba.foreign import Foreign
from methods.torch_mamba.model import TorchMamba, array, failures, tensor
from methods.torch_mamba.training import Run, check
from methods.training.objective import Aux


def phases(method) -> dict[str, Foreign]:
    """Forward, gradient and update, which compute in torch what the functions of `Solver.phases` compute in jax."""
    return {
        "forward": Foreign(partial(_place, method), _forward, _solution),
        "gradient": Foreign(partial(_place, method), partial(_gradient, method), _fetched_gradient),
        "update": Foreign(partial(_place_update, method), _update, lambda run: (run.state(), jax.tree.map(_only, run.log()))),
    }


def _place(method, params, x):
    check(method, params)
    model = TorchMamba(params, chunk=method.solver.chunk, device=package.DEVICE)
    return _ready(model, tensor(x, package.DEVICE))


def _place_update(method, state, x):
    check(method, state.weights)
    return _ready(Run(method, state, 1), tensor(x, package.DEVICE))


@torch.no_grad()
def _forward(model, x):
    return _ready(model(x))[0]


def _gradient(method, model, x):
    return _ready(model, *model.gradient(x, method.training.warmup))


def _update(run, x):
    run.update(jr.split(run.key)[0], x)
    return _ready(run)[0]


def _ready(*results):
    """The results, once the device has computed them."""
    if package.DEVICE == "cuda":
        torch.cuda.synchronize()
    return results


def _solution(outputs) -> Solution:
    code = jnp.where(array(failures(outputs)), DIVERGED, CONVERGED)
    one, states = jnp.ones(code.shape, jnp.int32), array(outputs)
    return Solution(states, one, one, jnp.full(code.shape, jnp.nan, states.dtype), code)


def _fetched_gradient(results):
    model, loss, outputs, gradient = results
    solution = _solution(outputs)
    return (array(loss), Aux(solution.iterations, solution.residual, solution.code)), model.exported(gradient)


def _only(column):
    return column[0]
