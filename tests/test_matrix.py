"""Cells: their ids depend on the question alone, and every setting goes to whom it belongs."""

import dataclasses
import json

import pytest
from test_config import cells, write

from bench.errors import UserError
from bench.question import config, matrix
from bench.question.cell import Cell
from bench.running.jobs import jobs as jobs_of

pytest_plugins = ["runner_doubles"]

QUESTION = {"measure": "misbehave", "method": "sequential", "system": "lorenz63", "T": 8, "batch": 2}


def test_ids_are_the_same_on_every_machine_and_for_ever():
    cell = Cell(**QUESTION, dtype="float64", seed=3, method_parameters={"alpha": 0.25, "latent_dim": 3})
    assert cell.id == "21a14c1900e38e4d"  # results of years are joined on it: see QUESTION_VERSION before changing this


def test_ids_ignore_order_and_survive_json():
    cell = Cell(**QUESTION, method_parameters={"alpha": 0.25, "latent_dim": 3}, system_parameters={"observed": ("x", "y")})
    other = Cell(**QUESTION, system_parameters={"observed": ("x", "y")}, method_parameters={"latent_dim": 3, "alpha": 0.25})
    assert cell.id == other.id
    assert Cell.from_json(json.loads(json.dumps(dataclasses.asdict(cell)))) == cell


@pytest.mark.parametrize(
    "change", [{"T": 9}, {"seed": 1}, {"method": "deer"}, {"dtype": "float64"}, {"method_parameters": {"alpha": 0.1}}]
)
def test_another_question_has_another_id(change):
    assert Cell(**QUESTION).id != Cell(**QUESTION | change).id


def test_defaults_do_not_enter_the_id(tmp_path, misbehaving):
    grid = {"[[grid]]": 'method = "sequential"'}
    (plain,) = cells(tmp_path, **grid)
    (spelt_out,) = cells(tmp_path, **{"[[grid]]": 'method = "sequential"\nseed = 0\ndtype = "float32"\nseconds = 0\nalpha = 0.5'})
    assert plain == spelt_out and plain.method_parameters == {"hidden_dim": 5}


def test_a_whole_number_and_the_same_real_number_are_one_question(tmp_path, misbehaving):
    whole, real = ({"[[grid]]": f'method = "sequential"\nalpha = {alpha}'} for alpha in ("1", "1.0"))
    assert cells(tmp_path, **whole) == cells(tmp_path, **real)


def test_a_setting_is_dropped_where_nobody_has_it(tmp_path, misbehaving):
    found = cells(tmp_path, **{"[[grid]]": 'method = ["sequential", "deer"]\nalpha = [0.1, 0.2]'})
    assert [(cell.method, cell.method_parameters.get("alpha")) for cell in found] == [
        ("sequential", 0.1),
        ("sequential", 0.2),
        ("deer", None),  # without forcing there is no alpha: both of its combinations are one question
    ]


def test_a_product_and_a_share_are_settled_by_T(tmp_path, misbehaving):
    fixed = 'system = "lorenz63"\nstates_per_update = 64\nwarmup_share = 0.25\nhidden = 5'
    grid = 'method = "sequential"\nT = [8, 32, 100]'
    found = cells(tmp_path, **{"[fixed]": fixed, "[[grid]]": grid})
    assert [(cell.T, cell.batch, cell.method_parameters["warmup"]) for cell in found] == [(8, 8, 2), (32, 2, 8), (100, 1, 25)]
    given = cells(tmp_path, **{"[fixed]": fixed + "\nbatch = 3", "[[grid]]": grid})
    assert {cell.batch for cell in given} == {3}
    with pytest.raises(UserError, match="fixed.warmup_share = -1: want a number above 0"):
        cells(tmp_path, **{"[fixed]": fixed.replace("0.25", "-1"), "[[grid]]": grid})


def test_one_setting_may_belong_to_method_system_and_measure(tmp_path, misbehaving):
    (cell,) = cells(tmp_path, **{"[[grid]]": 'method = "sequential"\nalpha = 0.1\nrho = 20\nhow = "raise"'})
    assert cell.method_parameters == {"alpha": 0.1, "hidden_dim": 5}
    assert cell.system_parameters == {"rho": 20.0}
    assert cell.measure_parameters == {"how": "raise"}
    assert cell.build_measure().how == "raise"
    assert cell.build_system().rho == 20.0
    assert cell.build_method().parameters["alpha"] == 0.1
    assert (cell.settings["alpha"], cell.settings["latent_dim"], cell.settings["T"]) == (0.1, 10, 8)


def test_a_fixed_setting_needs_one_grid_that_has_a_use_for_it(tmp_path, misbehaving):
    fixed = 'system = "lorenz63"\nT = 8\nbatch = 2\nalpha = 0.25'
    found = cells(tmp_path, **{"[fixed]": fixed, "[[grid]]": 'method = "deer"\n[[grid]]\nmethod = "sequential"'})
    assert [cell.method_parameters for cell in found] == [{}, {"alpha": 0.25}]


def test_what_cannot_be_used_here_still_makes_cells(tmp_path, misbehaving, broken):
    found = cells(tmp_path, **{"[[grid]]": 'method = ["sequential", "broken-method"]\nkernel = 3\nalpha = 0.1'})
    assert [cell.method for cell in found] == ["sequential", "broken-method"]
    assert found[1].method_parameters == {"alpha": 0.1, "hidden_dim": 5, "kernel": 3}


def test_every_question_is_asked_once(tmp_path, misbehaving):
    assert len(cells(tmp_path, **{"[[grid]]": 'method = "sequential"\nT = [8, 4, 8]'})) == 2


def test_seeds_replace_the_axis(tmp_path, misbehaving):
    experiment = config.load(write(tmp_path, **{"[[grid]]": 'method = "sequential"\nseed = [7, 8]'}))
    assert [cell.seed for cell in matrix.cells(experiment.with_seeds(range(3)))] == [0, 1, 2]


def test_jobs_take_together_what_the_measure_takes_together(tmp_path, misbehaving):
    found = cells(tmp_path, **{"[[grid]]": 'method = ["gtf-deer", "sequential"]\nT = [64, 8]\nseed = [0, 1]'})
    jobs = [[(cell.T, cell.method, cell.seed) for cell in job.cells] for job in jobs_of(found, "shared")]
    assert jobs == [[(T, method, seed) for seed in (0, 1)] for T in (8, 64) for method in ("gtf-deer", "sequential")]
    assert [len(job.cells) for job in jobs_of(found, "cell")] == [1] * 8


def test_methods_measured_together_agree_in_what_all_of_them_have(tmp_path, misbehaving):
    grid = 'method = ["gtf-deer", "sequential"]\nlatent_dim = [3, 5]\nmax_iterations = [1, 2]'
    found = cells(tmp_path, measure='"interleaved"', **{"[[grid]]": grid})
    jobs = jobs_of(found, "shared")
    assert [[cell.settings["latent_dim"] for cell in job.cells] for job in jobs] == [[3, 3, 3], [5, 5, 5]]
    assert [cell.method for cell in jobs[0].cells] == ["gtf-deer", "gtf-deer", "sequential"]


def test_a_strength_goes_to_the_methods_on_which_it_has_an_effect_under_their_forcing(tmp_path, misbehaving):
    grid = 'method = ["deer", "gtf-deer"]\nforcing = ["none", "projected", "sparse"]\nalpha = 0.1'
    found = cells(tmp_path, **{"[[grid]]": grid})
    assert [cell.method_parameters.get("forcing") for cell in found] == [None, "projected", "sparse", "none", None, "sparse"]
    assert [cell.method_parameters.get("alpha") for cell in found] == [None, 0.1, None] * 2
    assert ["alpha" in cell.settings for cell in found] == [False, True, False] * 2
    assert {cell.build_method().forcing.alpha for cell in found if cell.settings["forcing"] == "projected"} == {0.1}
    crossed = cells(tmp_path, **{"[[grid]]": grid.replace('"deer"', '"lssm"')})
    assert ["does not fit its model" in cell.misfit for cell in crossed] == [True] * 3 + [False] * 3
    with pytest.raises(UserError, match="forcing = 'none' does not fit its model"):
        cells(tmp_path, **{"[[grid]]": grid.replace('["deer", "gtf-deer"]', '["lssm"]')})


def test_any_method_takes_any_model_by_name(tmp_path, misbehaving):
    grid = 'method = ["gtf-deer", "sequential"]\nmodel = ["shplrnn", "low-rank", "lssm"]\nlatent_dim = 7\nextra_rank = 1'
    found = cells(tmp_path, **{"[[grid]]": grid})
    assert [cell.method_parameters.get("model") for cell in found] == [None, "low-rank", "lssm"] * 2
    assert [cell.method_parameters.get("extra_rank") for cell in found] == [None, 1, None] * 2
    assert [type(cell.build_method().model).__name__ for cell in found[:3]] == ["ShallowPLRNNShape", "LowRankShape", "LSSMShape"]
    assert {cell.build_method().model.latent_dim for cell in found} == {7}
    assert [cell.settings.get("extra_rank") for cell in found[:3]] == [None, 1, None]
    plain = cells(tmp_path, **{"[[grid]]": 'method = ["gtf-deer", "sequential"]\nlatent_dim = 7'})
    assert [cell.id for cell in plain] == [found[0].id, found[3].id]


@pytest.mark.parametrize(
    ("grid", "message"),
    [
        ('method = "gtf-deer"\nmodel = "low-rnk"', 'grid[0].model = "low-rnk": no such model. Did you mean "low-rank"?'),
        ('method = "gtf-deer"\nmodel = 3', "grid[0].model = 3: no such model."),
        ('method = "gtf-deer"\nextra_rank = 1', "grid[0].extra_rank = 1: no such setting."),
        ('method = "gtf-deer"\nmodel = "lssm"\nforcing = "gtf"', "forcing = 'gtf' does not fit its model"),
        ('method = "gtf-deer"\nmodel = "mamba2"', "only the solver of method mamba2 takes it"),
        ('method = "lssm"\nmodel = "shplrnn"', "its solver takes a Decay alone"),
    ],
)
def test_a_model_that_a_method_cannot_take_is_refused(tmp_path, misbehaving, grid, message):
    with pytest.raises(UserError) as error:
        cells(tmp_path, **{"[[grid]]": grid})
    assert message in str(error.value)


def test_a_model_of_ones_own_is_named_like_any_other(tmp_path, misbehaving, plug_in):
    from test_conformance import MODEL

    from bench.question import digests

    (tmp_path / "elman.py").write_text(MODEL, encoding="utf-8")
    plug_in(tmp_path / "elman.py")
    sizes = {"[fixed]": 'system = "lorenz63"\nT = 8\nbatch = 2'}
    (cell,) = cells(tmp_path, **sizes, **{"[[grid]]": 'method = "gtf-deer"\nmodel = "elman"\nlatent_dim = 4'})
    assert cell.method_parameters == {"latent_dim": 4, "model": "elman"}
    assert str(tmp_path / "elman.py") in digests.of(cell)["plugin_path"]
