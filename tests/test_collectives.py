"""What devices say to each other is as little as the docstrings claim, and each holds its own share of the memory alone.

Counted in the compiled program, where XLA has joined what it could, and apart for the body of the loop over iterations: what is
said there is said in every one.
"""

import json

import pytest
from processes import run

PROGRAM = """
import json, re, sys
from collections import Counter
import jax, jax.numpy as jnp
from jax.sharding import AxisType, NamedSharding, PartitionSpec
import methods

def compiled(name, T, devices, backwards=True, **settings):
    method = methods.get(name, devices=devices, latent_dim=16, hidden_dim=32, **settings)
    problem, guess = method.problem(method.init(jax.random.key(0), 2), jnp.ones((T + 1, 2)))
    if devices > 1:  # whole on every device, as under `jax.distributed`
        mesh = jax.make_mesh((devices,), ("all",), axis_types=(AxisType.Auto,), devices=jax.devices()[:devices])
        problem, guess = jax.device_put((problem, guess), NamedSharding(mesh, PartitionSpec()))
    def solved(problem, guess):
        solution = method.solver.evaluate(method.adjoint, problem, guess)
        return solution.states.sum(), solution
    asked = jax.value_and_grad(solved, has_aux=True, allow_int=True) if backwards else lambda *given: solved(*given)[1]
    return jax.jit(asked).lower(problem, guess).compile()

def said(text):
    "Collectives at the top of a program, and in its loops."
    found, top = {True: Counter(), False: Counter()}, False
    for line in text.splitlines():
        if line.endswith("{") and not line.startswith(" "):
            top = line.startswith("ENTRY")
        kind = re.search(r" (all-gather|all-reduce|collective-permute|reduce-scatter|all-to-all)(-start)?\\(", line)
        if kind:
            found[top][kind[1]] += 1
    return [dict(found[True]), dict(found[False])]

"""
COUNT = """
name, settings = json.loads(sys.argv[1])
for backwards in (False, True):
    print(json.dumps(said(compiled(name, 64, 8, backwards, **settings).as_text())))
assert said(compiled(name, 64, 1, **settings).as_text()) == [{}, {}], "one device has nobody to talk to"
"""
GATHER, REDUCE, PERMUTE, SCATTER = "all-gather", "all-reduce", "collective-permute", "reduce-scatter"
# To start, the state before each stretch, and whether to go on; to end, the status with where it broke, and the residual.
AROUND = {PERMUTE: 1, REDUCE: 3}
NEWTON = AROUND, {GATHER: 1, PERMUTE: 1, REDUCE: 1}
ADJOINT = {GATHER: 1, PERMUTE: 1, REDUCE: 1}, {}

# What a solve says at the top of its program and in its loop, and what its gradient adds to both.
CASES = [
    *[("gtf-deer", {"scan": scan, "adjoint_scan": scan}, NEWTON, ADJOINT) for scan in ("associative", "blocked", "sequential")],
    ("gtf-quasi-deer", {}, NEWTON, ADJOINT),
    ("gtf-deer-clipped", {}, NEWTON, ADJOINT),
    ("gtf-deer-published", {}, NEWTON, ADJOINT),
    ("gtf-quasi-deer-hutchinson", {}, NEWTON, ADJOINT),
    ("picard", {}, (AROUND, {GATHER: 1, PERMUTE: 2, REDUCE: 1}), ADJOINT),
    ("jacobi", {}, (AROUND, {PERMUTE: 1, REDUCE: 1}), ADJOINT),
    ("lssm", {}, ({GATHER: 1, PERMUTE: 1, REDUCE: 2}, {}), ({SCATTER: 1, REDUCE: 1}, {})),
]


@pytest.mark.parametrize(("name", "settings", "solve", "gradient"), CASES)
def test_no_more_is_said_than_the_docstrings_say(name, settings, solve, gradient):
    """Neither in an iteration, nor around it, nor in a gradient."""
    forwards, both = map(json.loads, run(PROGRAM + COUNT, json.dumps([name, settings]), devices=8).splitlines())
    assert forwards == list(solve)
    assert both == [added(*each) for each in zip(solve, gradient, strict=True)]


def added(*counts):
    return {kind: sum(each.get(kind, 0) for each in counts) for kind in set().union(*counts)}


@pytest.mark.parametrize("name", ["gtf-schwarz", "gtf-shooting", "gtf-parareal", "gtf-mgrit"])
def test_a_sweep_of_windows_hands_on_one_state(name):
    """Beside what a solver says to find new starts. How XLA cuts the first guess, before the loop, is its own choice."""
    solved = {GATHER: 3, PERMUTE: 2, REDUCE: 1}
    starts = {"gtf-shooting": solved, "gtf-parareal": {GATHER: 2}, "gtf-mgrit": {GATHER: 3}}
    settings = {"window": 4, "adjoint_window": 4, "adjoint_scan": "windows"}
    forwards, both = map(json.loads, run(PROGRAM + COUNT, json.dumps([name, settings]), devices=8).splitlines())
    sweep, sweep_back = {PERMUTE: 1, REDUCE: 1}, {PERMUTE: 1, REDUCE: 2}
    assert forwards[1] == added(sweep, starts.get(name, {}))
    assert both[1] == added(forwards[1], sweep_back)


MEASURE = """
for name, settings in json.loads(sys.argv[1]):
    found = [compiled(name, 8192, count, **settings).memory_analysis().temp_size_in_bytes for count in (1, 2, 8)]
    print(json.dumps(found))
"""
HELD = [*[("gtf-deer", {"scan": scan, "adjoint_scan": scan}) for scan in ("associative", "blocked", "sequential")], ("lssm", {})]


def test_each_device_holds_its_own_share_of_the_memory():
    """A quarter with four times as many, and of what one holds no more than twice an eighth: composing maps takes memory too."""
    measured = map(json.loads, run(PROGRAM + MEASURE, json.dumps(HELD), devices=8).splitlines())
    for case, (one, two, eight) in zip(HELD, measured, strict=True):
        assert eight < 0.28 * two, case
        assert eight < 2 * one / 8, case
