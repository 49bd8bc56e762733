"""Filters of the command line choose the cells they name, and say so when they name none."""

import pytest
from test_config import cells

from bench.errors import UserError
from bench.question import filters

pytest_plugins = ["runner_doubles"]


@pytest.fixture
def some(tmp_path, misbehaving):
    return cells(tmp_path, **{"[[grid]]": 'method = ["sequential", "deer", "gtf-deer"]\nT = [8, 512]\nhow = ["answer", "raise"]'})


@pytest.mark.parametrize(
    ("choice", "count"),
    [
        ({"method": ["*deer"]}, 8),
        ({"method": ["gtf-*"]}, 4),
        ({"method": ["gtf-*", "sequential"]}, 8),
        ({"method": ["*deer", "deer"]}, 8),
        ({"system": ["lorenz*"], "method": ["sequential"]}, 4),
        ({"where": ["T<=1e2"]}, 6),
        ({"where": ["T > 8"]}, 6),
        ({"where": ["T!=8", "how == 'raise'"]}, 3),
        ({"where": ["alpha>=0.5"]}, 8),  # deer has no alpha
        ({"where": ["latent_dim==10"]}, 12),
        ({"where": ["clipped==false"]}, 12),
    ],
)
def test_filters_choose(some, choice, count):
    assert len(filters.select(some, **choice)) == count


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        (
            {"method": ["deer", "der"]},
            '--method "der": matches no method of the chosen cells. Did you mean "deer"?\nThey have: ',
        ),
        ({"where": ["T"]}, '--where "T": want SETTING COMPARISON VALUE, '),
        ({"where": ["tee<3"]}, '--where "tee<3": no such setting "tee".'),
        (
            {"where": ["latent_dims<3"]},
            '--where "latent_dims<3": no such setting "latent_dims". Did you mean "latent_dim"?\n',
        ),
        ({"where": ["T<3"]}, '--where "T<3": no cell is left. Their values of T: 512, 8.'),
        ({"where": ["how<3"]}, '--where "how<3": "answer" and 3.0 cannot be ordered. Use == or !=.'),
        ({"where": ["__import__('os')<3"]}, "--where \"__import__('os')<3\": want SETTING COMPARISON VALUE, "),
    ],
)
def test_a_filter_that_makes_no_sense_says_why(some, choice, message):
    with pytest.raises(UserError) as error:
        filters.select(some, **choice)
    assert str(error.value).startswith(message)


@pytest.mark.parametrize(("text", "seconds"), [("90", 90), ("8m", 480), ("1h30m", 5400), ("1.5s", 1.5)])
def test_durations(text, seconds):
    assert filters.duration_s(text) == seconds


@pytest.mark.parametrize("text", ["", "8 minutes", "m", "-3s"])
def test_other_durations_are_refused(text):
    with pytest.raises(UserError, match="want a time such as 90s, 8m or 1h30m"):
        filters.duration_s(text)


@pytest.mark.parametrize(("texts", "expected"), [(["0:5"], [0, 1, 2, 3, 4]), (["3"], [3]), (["4", "0:2", "1:3"], [4, 0, 1, 2])])
def test_seeds(texts, expected):
    assert filters.seeds(texts) == expected


@pytest.mark.parametrize("text", ["5:0", "a", "0:", ":", "1,2", "2147483648", "0:9999999999999"])
def test_other_seeds_are_refused(text):
    with pytest.raises(UserError, match="--seeds"):
        filters.seeds([text])
