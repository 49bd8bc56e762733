"""What a setting may be: right values in the right type, all else refused with key, value and what is wanted."""

import dataclasses
from typing import Literal

import numpy as np
import pytest

import settings
from settings import checked


@dataclasses.dataclass(frozen=True)
class Toy:
    alpha: settings.Fraction = 0.5
    tolerance: settings.Positive | None = None
    clip: settings.Limit = 1.0
    window: settings.Natural = 0
    rule: Literal["residual", "merit"] = "residual"
    curriculum: tuple[settings.Count, ...] = ()
    part: object = None


@pytest.mark.parametrize(
    ("key", "value", "held"),
    [
        ("alpha", 1, 1.0),
        ("alpha", np.float32(0.5), 0.5),
        ("tolerance", None, None),
        ("clip", float("inf"), float("inf")),
        ("window", np.int64(7), 7),
        ("curriculum", [1, 2], (1, 2)),
        ("rule", "merit", "merit"),
    ],
)
def test_a_right_value_is_held_in_the_type_of_its_field(key, value, held):
    got = checked(Toy, key, value, label="toy")
    assert got == held and type(got) is type(held)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("alpha", -3),
        ("alpha", 1.7),
        ("alpha", float("nan")),
        ("alpha", "x"),
        ("alpha", True),
        ("tolerance", -1),
        ("tolerance", float("inf")),
        ("window", -5),
        ("window", 1.5),
        ("window", 2**31),
        ("rule", "foo"),
        ("curriculum", [0]),
    ],
)
def test_a_wrong_value_is_refused_by_name(key, value):
    with pytest.raises(ValueError, match="toy: ") as refused:
        checked(Toy, key, value, label="toy")
    assert f"{key} = {value!r}, but it must be" in str(refused.value)


def test_the_nearest_choice_is_suggested():
    with pytest.raises(ValueError, match='Did you mean "merit"'):
        checked(Toy, "rule", "merits", label="toy")
