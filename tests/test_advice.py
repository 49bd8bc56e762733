"""Whatever becomes of a solve or a cell, the reader is told what to do next."""

import jax.numpy as jnp
import numpy as np
import pytest

from advice import ADVICE
from bench.measure.outcome import STATUSES
from bench.showing.failures import advice
from bench.text import WIDTH
from methods.problem import solution
from methods.problem.solution import Solution


def test_every_status_has_one_sentence_of_advice_and_nothing_else_has():
    assert ADVICE.keys() == {*STATUSES, *solution.STATUSES}
    assert all(text.endswith(".") and "\n" not in text for text in ADVICE.values())
    assert len(set(ADVICE.values())) == len(ADVICE)


@pytest.mark.parametrize("status", STATUSES)
def test_it_is_shown_by_status_each_once(status):
    lines = advice([status, "ok", status])
    assert " ".join(line.strip() for line in lines).count(ADVICE[status]) == 1
    assert max(map(len, lines)) <= WIDTH


def test_a_solution_gives_advice_on_each_of_its_sequences():
    codes = np.arange(len(solution.STATUSES))
    zeros = jnp.zeros(len(codes))
    of_batch = Solution(jnp.zeros((len(codes), 1, 1)), zeros, zeros, zeros, codes)
    assert list(of_batch.advice) == [ADVICE[status] for status in of_batch.status]
    alone = of_batch._replace(code=np.asarray(solution.DIVERGED))
    assert alone.advice == ADVICE["diverged"] == ADVICE[alone.status]
