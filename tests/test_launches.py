"""A GPU launches no more kernels for a value and its gradient than launches.json says, and what is counted is there."""

import json
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import jax
import jax.numpy as jnp
import pytest
from jax import lax

from bench.regression import h100, hlo, launches
from bench.regression.hlo import Launches

ROOT = Path(launches.__file__).resolve().parents[2]
STORED = launches.stored()


def text(function, *arguments):
    return jax.jit(function).lower(*arguments).compile().as_text()


def turns(count):
    """A loop whose turns depend on n where `count` is None, and are `count` otherwise."""

    def function(x, n):
        end = n if count is None else count
        return lax.while_loop(lambda at: at[0] < end, lambda at: (at[0] + 1, jnp.sort(at[1])), (0, x))[1]

    return function


X, N = jnp.ones((64, 64)), jnp.array(3)


def test_a_loop_counts_as_often_as_it_turns():
    few, more, most = (hlo.launches(text(turns(count), X, N)) for count in (2, 3, 4))
    assert more.always - few.always == most.always - more.always > 0
    assert not few.turns and few.waits == 0


def test_a_loop_that_ends_by_its_data_counts_by_the_turn():
    known, unknown = hlo.launches(text(turns(5), X, N)), hlo.launches(text(turns(None), X, N))
    assert unknown.waits == 1 and len(unknown.turns) == 1 and 0 < unknown.turns[0] < known.always
    assert unknown.always < known.always

    def inside(x, n):
        return lax.while_loop(lambda at: at[0] < n, lambda at: (at[0] + 1, turns(None)(at[1], n)), (0, x))[1]

    nested = hlo.launches(text(inside, X, N))
    assert nested.waits == 2 and len(nested.turns) == 2 and nested.turns[1] == unknown.turns[0]


def test_a_choice_counts_branch_by_branch():
    def choose(x, n):
        return lax.switch(n, [lambda: x, lambda: jnp.sort(x), lambda: jnp.sort(jnp.sort(x) @ x)])

    count = hlo.launches(text(choose, X, N))
    assert count.waits == 1 and len(count.turns) == 3 and count.turns[0] <= count.turns[1] < count.turns[2]


@pytest.mark.parametrize("place", ["always", "turns", "waits"])
def test_one_more_in_any_place_has_grown(place):
    old = Launches(10, (3, 0, 5), 2)
    value = getattr(old, place)
    places = [value + 1] if place != "turns" else [(4, 0, 5), (3, 0, 6), (2, 1, 4), (3, 0, 5, 1)]
    for grown in places:
        new = old._replace(**{place: grown})
        (line,) = launches.grown({("a", "one"): old}, {("a", "one"): new})
        assert line.startswith("a (one): 10") and launches.told(new) in line
    for same in (old, Launches(9, (3, 0, 4), 1), Launches(9, (7,), 1)):
        assert not launches.grown({("a", "one"): old}, {("a", "one"): same})
    assert launches.grown({("a", "one"): old}, {}) and launches.grown({("a", "one"): old}, {("a", "one"): ValueError("no")})


def test_every_method_that_runs_in_jax_is_counted():
    names = {name for name, size in STORED if size == "one"}
    missing = {name for name, size in launches.everything()} - names
    assert not missing, f"no launches of {', '.join(sorted(missing))}: run {launches.COMMAND} --write {' '.join(sorted(missing))}"
    assert json.loads(launches.FILE.read_text())["sizes"] == {name: size._asdict() for name, size in launches.SIZES.items()}


# Of each kind one: all programs take five minutes to compile. The command without names counts them all.
WATCHED = {"sequential", "gtf-schwarz", "gtf-deer", "lssm", "mamba2"}


def test_no_program_launches_more_than_it_did():
    """In a process of its own, as jax looks for its plugins when it is imported. About a minute of one core."""
    if not h100.available():
        pytest.skip("no CUDA plugin of jax: tests/setup_cuda.sh fetches it, no GPU is needed")
    if version("jax") != launches.counted_with():
        pytest.skip(f"launches.json holds for jax {launches.counted_with()}, this is {version('jax')}, which fuses otherwise")
    command = [sys.executable, "-m", "bench.regression.launches", *sorted(WATCHED)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    again = f"If it must be so: {launches.COMMAND} --write METHOD, and say why in the commit."
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}\n{again}"
