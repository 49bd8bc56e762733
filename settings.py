"""What a setting may be: kinds of numbers by name, and one check with one kind of message for everything that has settings.

A field says its kind in its annotation, `alpha: Fraction = 0.5`. `checked` is called once, where a value comes from outside; code
that computes trusts what it is given.
"""

import functools
import typing
from typing import Annotated

import numpy as np
import pydantic
from pydantic import Field

import registry

Fraction = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, lt=1, allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NonNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Limit = Annotated[float, Field(gt=0)]  # infinity: none
Count = Annotated[int, Field(ge=1, lt=2**31)]
Natural = Annotated[int, Field(ge=0, lt=2**31)]


def checked(owner: type, key: str, value, *, label: str):
    """`value` as field `key` of `owner` holds it; a ValueError that names key, value and what is wanted if it is none.

    A list becomes a tuple, a whole number a float where a float is wanted, a numpy or jax number a plain one.
    """
    if getattr(value, "ndim", None) == 0 and hasattr(value, "item"):
        value = value.item()
    adapter = _adapter(owner, key)
    if adapter is None:
        return value
    try:
        return adapter.validate_python(_frozen(value), strict=True)
    except pydantic.ValidationError as errors:
        reasons = dict.fromkeys(error["msg"].removeprefix("Input should be ") for error in errors.errors())
        choices = typing.get_args(typing.get_type_hints(owner).get(key))
        near = registry.suggest(str(value), choices) if choices and all(isinstance(each, str) for each in choices) else ""
        raise ValueError(f"{label}: {key} = {value!r}, but it must be {' or '.join(reasons)}.{near}") from None


def _frozen(value):
    if isinstance(value, np.ndarray):
        value = value.tolist()
    return tuple(map(_frozen, value)) if isinstance(value, list | tuple) else value


@functools.cache
def _adapter(owner: type, key: str) -> pydantic.TypeAdapter | None:
    """The check of one field; None for a field whose type pydantic has no schema of, such as a part of a method."""
    hint = typing.get_type_hints(owner, include_extras=True).get(key, typing.Any)
    try:
        return pydantic.TypeAdapter(hint)
    except pydantic.PydanticSchemaGenerationError:
        return None
