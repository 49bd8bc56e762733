"""What `pitbench tune` finds from times: the laws of choosing, and that every number has a measure or a reason."""

import dataclasses
import math
import warnings

import jax
import numpy as np
import pytest
from test_kernels import an_h100

from bench.tuning import forward, gradients, kernels, measures, model, problems
from bench.tuning import table as tables
from bench.tuning.fit import fitted
from bench.tuning.trial import Trial, Way, using
from methods.layout import cost

NUMBERS = {field.name for field in dataclasses.fields(cost.Costs)} - {"source"}


def test_every_number_is_measured_once_or_says_why_not():
    found = [name for names in measures.MEASURES.values() for name in names]
    assert sorted([*found, *measures.UNMEASURED]) == sorted(NUMBERS)
    assert all(len(reason) > 15 for reason in measures.UNMEASURED.values())


@pytest.fixture
def traced_alone(monkeypatch):
    """Ways are traced, the first and the last of each comparison; nothing is compiled or timed, all take equally long."""

    def seconds(trial, ways):
        for way in (next(iter(ways.values())), list(ways.values())[-1]):
            with using(dataclasses.replace(trial.costs, **way.changed)):
                jax.eval_shape(way.function, *way.arguments)
        return dict.fromkeys(ways, 1.0)

    monkeypatch.setattr(Trial, "seconds", seconds)


@pytest.mark.parametrize(("measure", "names"), measures.MEASURES.items(), ids=lambda each: getattr(each, "__name__", ""))
def test_each_measure_finds_numbers_of_the_table(measure, names, traced_alone):
    """And where nothing is faster than anything else, sizes and choices stay as they are."""
    found = measure(Trial(cost.CPU, quick=True))
    assert found.keys() == set(names)
    new = dataclasses.replace(cost.CPU, **found)
    for name in names:
        if not isinstance(found[name], tuple) and name != "sweep":
            assert getattr(new, name) == getattr(cost.CPU, name)


def test_one_measure_runs_for_real():
    """The filter's, which compiles soonest; in the same process the numbers in force are as before."""
    found = measures.scans.filters(Trial(cost.CPU, quick=True))
    assert 0 <= found["kalman_small"] <= 16 and cost.here() == cost.CPU


def table(times):
    """A trial for which ways take these times, by what they change."""

    class Made(Trial):
        def seconds(self, ways):
            return {key: times(way) for key, way in ways.items()}

    return Made(cost.CPU)


@pytest.mark.parametrize(("fastest", "saves", "wanted"), [(8, 0.5, 8), (128, 0.5, 128), (8, 0.01, 32), (32, 0.5, 32)])
def test_a_number_gives_way_to_one_that_is_clearly_faster(fastest, saves, wanted):
    trial = table(lambda way: 1 - saves * (way.changed["look"] == fastest))
    assert trial.choose("look", (8, 32, 128), [Way(None, ())]) == wanted


@pytest.mark.parametrize(("crossing", "last", "first"), [(3, 0, 4), (4, 4, 8), (10, 8, 16), (100, 16, math.inf)])
def test_a_limit_lies_where_one_way_takes_over_from_the_other(crossing, last, first):
    """Times n⁴ against a constant: up to the crossing the one is faster, beyond it the other."""
    trial = table(lambda way: (way.arguments[0] if way.changed["small"] else crossing + 0.5) ** 4.0)
    given = dict(below={"small": 1}, above={"small": 0})
    trial.costs = dataclasses.replace(cost.CPU, small=crossing)  # what holds already is kept
    assert trial.limit("small", (4, 8, 16), lambda n: [Way(None, (n,))], **given) == crossing
    trial.costs = dataclasses.replace(cost.CPU, small=0 if last else 16)
    assert trial.limit("small", (4, 8, 16), lambda n: [Way(None, (n,))], **given) == last
    trial.costs = dataclasses.replace(cost.CPU, small=0 if first > 4 else 9)
    assert trial.limit("small", (4, 8, 16), lambda n: [Way(None, (n,))], **given, first_above=True) == first


@pytest.mark.parametrize("unit", [1e-6, 1.0, 37.0])
def test_a_fit_finds_the_numbers_that_times_are_made_of(unit):
    """Whatever the unit of time: what is as the table says comes back as it is."""
    points = {
        (name, n, M): unit * np.dot(getattr(cost.CPU, name), (1 / M, 1, n))
        for name in ("step_rows", "step_columns")
        for n in (8, 32, 128)
        for M in (3, 16)
    }
    found = fitted(cost.CPU, points, lambda _, n, M: (1 / M, 1, n))
    for name, numbers in found.items():
        np.testing.assert_allclose(numbers, getattr(cost.CPU, name), rtol=5e-3, atol=1e-6)
    slower = {key: seconds * (2 if key[0] == "step_rows" else 1) for key, seconds in points.items()}
    found = fitted(cost.CPU, slower, lambda _, n, M: (1 / M, 1, n))
    np.testing.assert_allclose(found["step_rows"][2] / found["step_columns"][2], 2 / 0.6, rtol=0.02)


def test_ways_that_come_to_one_program_take_equally_long():
    """Else noise would choose between candidates that change nothing."""
    ways = {candidate: Way(lambda x: 2 * x, (np.ones(3),), {"look": candidate}) for candidate in (8, 32)}
    took = Trial(cost.CPU).seconds(ways | {"another": Way(lambda x: 3 * x, (np.ones(3),))})
    assert took[8] == took[32] > 0 and took["another"] > 0


def test_one_program_on_other_numbers_is_timed_again():
    """Else a map that forgets late would seem to take as long as one that forgets soon."""

    def count_down(n):
        return jax.lax.while_loop(lambda n: n > 0, lambda n: n - 1, n)

    ways = {n: Way(count_down, (np.int32(n),)) for n in (1, 3_000_000)}
    took = Trial(cost.CPU).seconds(ways)
    assert took[3_000_000] > 10 * took[1]


@pytest.mark.parametrize(("faster", "wanted"), [("new", 7.0), ("old", cost.CPU.sweep), ("neither", cost.CPU.sweep)])
def test_a_fitted_model_is_taken_only_where_its_choices_are_faster(monkeypatch, faster, wanted):
    found = {"sweep": lambda trial: {"sweep": 7.0}, "steps": lambda trial: {"step_rows": (1, 2, 3)}}
    for name, measure in found.items():
        monkeypatch.setattr(model.forward, name, measure)
    monkeypatch.setattr(model.gradients, "steps", lambda trial: {"windowed": (0, trial.costs.sweep, 1)})
    slow = {"new": True, "old": False}.get(faster)
    trial = table(lambda way: 1.0 if slow is None else 2.0 if (way.changed == {}) == slow else 1.0)
    result = model.model(trial)
    assert result.keys() == set(model.NAMES) and result["sweep"] == wanted
    assert (result["windowed"] == (0, 7.0, 1)) == (faster == "new"), "measured with what was found before"


@pytest.fixture
def gpu(monkeypatch):
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    jax.clear_caches()
    yield
    jax.clear_caches()


@pytest.fixture
def traced(monkeypatch):
    """Ways are traced and not timed; whether each holds a kernel is kept."""
    found = []

    def seconds(trial, ways):
        for way in ways.values():
            with using(dataclasses.replace(trial.costs, **way.changed)):
                found.append("pallas_call" in str(jax.make_jaxpr(way.function)(*way.arguments)))
        return {key: 1.0 + number for number, key in enumerate(ways)}

    monkeypatch.setattr(Trial, "seconds", seconds)
    return found


OF_XLA = (forward.steps, gradients.steps, gradients.backwards, forward.few_lanes, forward.unroll)


@pytest.mark.parametrize("measure", OF_XLA, ids=lambda each: f"{each.__module__}.{each.__name__}")
def test_numbers_of_xla_are_measured_without_kernels_on_a_gpu_too(gpu, traced, monkeypatch, measure):
    monkeypatch.setattr(problems, "memory", lambda M: 50.0)  # which is computed, and no time
    measure(Trial(cost.ELSEWHERE, quick=True))
    assert traced and not any(traced)


def test_windows_are_modelled_with_kernels_and_without_them_apart(gpu):
    for by_kernels in (True, False):
        cases = model.gradients_by_windows([(3, 512, 1)], by_kernels=by_kernels)
        for way in cases:
            assert ("pallas_call" in str(jax.make_jaxpr(way.function)(*way.arguments))) == by_kernels


@pytest.mark.parametrize("on", [True, False])
def test_kernels_are_taken_where_they_are_clearly_faster(gpu, on):
    trial = table(lambda way: 0.5 if way.changed["kernels"] == on else 1.0)
    for before in (True, False):
        trial.costs = dataclasses.replace(cost.ELSEWHERE, kernels=before)
        assert kernels.kernels(trial) == {"kernels": on}


def test_kernels_or_not_makes_two_programs(gpu, traced):
    kernels.kernels(Trial(cost.ELSEWHERE, quick=True))
    assert len(set(traced)) == 2


@pytest.mark.parametrize("best", kernels.PROGRAMS)
def test_lanes_are_dealt_out_to_as_many_programs_as_is_fastest(best):
    trial = table(lambda way: 1 + abs(math.log(way.changed["kernel_programs"] / best)))
    assert kernels.programs(trial) == {"kernel_programs": best}


@pytest.mark.parametrize("unit", [1e-6, 1.0])
@pytest.mark.parametrize("bend", [20, 500, 2112, 20_000])
def test_a_step_of_kernels_costs_the_same_up_to_so_many_lanes(bend, unit):
    found = kernels.hinge({n: unit * max(bend, n) for n in kernels.LANES})
    np.testing.assert_allclose(found, (bend, 1.0), rtol=5e-3)


def test_a_launch_is_told_from_its_steps():
    """What a call takes beside its steps is in long and short launches alike, and leaves no trace in the numbers."""
    trial = table(lambda way: 50.0 + max(2112, way.arguments[2].shape[0]) * (len(way.arguments[1]) // way.arguments[2].shape[0]))
    np.testing.assert_allclose(kernels.step(trial)["kernel_step"], (2112, 1.0), rtol=5e-3)
    assert kernels.step(table(lambda way: 1.0)) == {"kernel_step": cost.CPU.kernel_step}, "lost in what a call takes"


@pytest.mark.parametrize("faster", [True, False])
def test_fitted_costs_of_kernels_are_taken_only_where_their_choices_are_faster(gpu, monkeypatch, faster):
    monkeypatch.setattr(kernels, "step", lambda trial: {"kernel_step": (500, 1.0)})
    monkeypatch.setattr(kernels, "sweep", lambda trial: {"kernel_sweep": trial.costs.kernel_step[0] / 100})
    trial = table(lambda way: 1.0 if (way.changed.get("kernel_sweep") == 5.0) == faster else 2.0)
    found = kernels.costs(trial)
    fitted = {"kernel_step": (500, 1.0), "kernel_sweep": 5.0}
    assert found == (fitted if faster else {name: getattr(cost.CPU, name) for name in kernels.NAMES})


def test_a_cpu_leaves_the_numbers_of_kernels_as_they_are_and_says_why(monkeypatch):
    asked = []
    doubles = {lambda trial, names=names: asked.append(names) or {}: names for names in measures.MEASURES.values()}
    monkeypatch.setattr(measures, "MEASURES", doubles)
    assert measures.measured(cost.CPU, quick=True, doing=lambda text: None) == cost.CPU
    assert asked and not {("kernels",), ("kernel_programs",), kernels.NAMES} & set(asked)
    lines = [line for line in tables.shown(("", cost.CPU)).splitlines() if line.startswith("kernel")]
    assert len(lines) == 4 and all("not measured: this is a CPU" in line for line in lines)


def test_a_gpu_measures_them(gpu):
    assert measures.unmeasured() == measures.UNMEASURED


@pytest.mark.parametrize("launch", [kernels._launch, kernels._launch_back])
def test_a_launch_of_many_lanes_lowers_for_a_gpu(gpu, launch):
    way = launch(256, 64)
    with warnings.catch_warnings(), an_h100():
        warnings.filterwarnings("ignore", message=".*[Tt]riton.*", category=DeprecationWarning)
        traced = jax.jit(way.function).trace(*way.arguments)
        assert "triton" in traced.lower(lowering_platforms=("cuda",)).as_text()
