"""A budget is kept whatever runs when it ends, and is spent in the order in which the experiment asks."""

import time

import pytest
from test_runner import answered, experiment, run

from bench.question import config, matrix
from bench.running.jobs import jobs as jobs_of

pytest_plugins = ["runner_doubles"]


def test_a_budget_ends_what_is_running(tmp_path, misbehaving):
    """The cell that hangs is no failure: it was not given the time, and is asked again."""
    path, out = experiment(tmp_path, 'how = ["answer", "hang"]', run="timeout_s = 60"), tmp_path / "out"
    began = time.monotonic()
    result = run(path, out, budget_s=8.0)
    assert time.monotonic() - began < 20
    assert (result.answered, result.left, result.spent) == (1, 1, True) and len(answered(out)) == 1
    again = run(path, out, budget_s=0.0)
    assert (again.answered, again.left, again.spent) == (0, 1, True)


@pytest.mark.parametrize(("as_written", "order"), [(True, [400, 100, 200]), (False, [100, 200, 400])])
def test_with_a_budget_cells_come_in_the_order_of_the_file(tmp_path, misbehaving, as_written, order):
    path = experiment(tmp_path, "T = [400, 100, 200]")
    cells = matrix.cells(config.load(str(path)))
    assert [job.cells[0].T for job in jobs_of(cells, "shared", as_written=as_written)] == order
