"""Forward and gradient time beside the errors of the answer, for answers of every accuracy."""

import dataclasses
from typing import ClassVar

from bench.measure.runtime import Runtime


@dataclasses.dataclass(frozen=True)
class WorkPrecision(Runtime):
    """`Runtime` of several tolerances, where a converged answer that is not accurate keeps its time.

    It is `wrong_answer` all the same, so that no ranking and no speed-up counts it: its time is a point of the curve that a
    method draws as its tolerance varies, error against seconds, and nothing else.
    """

    summary: ClassVar[str] = "runtime at several tolerances: time against accuracy"
    together: ClassVar[tuple[str, ...]] = (*Runtime.together, "tolerance")
    timed: ClassVar[tuple[str, ...]] = ("ok", "wrong_answer")


MEASURES = {"work_precision": WorkPrecision()}
