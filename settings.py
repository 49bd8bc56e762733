"""What a setting may be: kinds of numbers by name, and one check with one kind of message for everything that has settings.

A field says its kind in its annotation, `alpha: Fraction = 0.5`. `checked` is called once, where a value comes from outside; code
that computes trusts what it is given.
"""

import dataclasses
import functools
import inspect
import types
import typing
from typing import Annotated

import numpy as np
import pydantic
from pydantic import Field

import registry

Fraction = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, lt=1, allow_inf_nan=False)]
Real = Annotated[float, Field(allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NonNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Limit = Annotated[float, Field(gt=0)]  # infinity: none
Count = Annotated[int, Field(ge=1, lt=2**31)]
Rate = Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)]
RelaxationFactor = Annotated[float, Field(gt=0, lt=2, allow_inf_nan=False)]
Natural = Annotated[int, Field(ge=0, lt=2**31)]

PLAIN = float, int, bool, str


class Misfit(ValueError):
    """Settings of which each may be had, but not together: other combinations of the same settings may be good."""


def configured(plugin, fields: dict, *, label: str):
    """A frozen dataclass (type or instance) with `fields` set, each in the ranges that its class and those it is made from give.

    An unknown field is an error that names the nearest one.
    """
    owner = plugin if isinstance(plugin, type) else type(plugin)
    known = [f.name for f in dataclasses.fields(plugin) if f.init]
    values = {}
    for key, value in fields.items():
        if key not in known:
            near = registry.suggest(key, known)
            raise registry.UnknownName(f'{label}: no field "{key}".{near} Known: {", ".join(sorted(known))}.')
        for each in owner.__mro__:
            if key in inspect.get_annotations(each):
                value = checked(each, key, value, label=label)
        values[key] = value
    return plugin(**values) if isinstance(plugin, type) else dataclasses.replace(plugin, **values)


def checked(owner: type, key: str, value, *, label: str):
    """`value` as field `key` of `owner` holds it; a ValueError that names key, value and what is wanted if it is none.

    A list becomes a tuple, a whole number a float where a float is wanted, a numpy or jax number a plain one. What jax is tracing
    has no value yet and passes.
    """
    if getattr(value, "ndim", None) == 0 and hasattr(value, "item"):
        try:
            value = value.item()
        except TypeError:
            return value
    adapter = _adapter(owner, key)
    if adapter is None:
        return value
    try:
        return adapter.validate_python(_frozen(value), strict=True)
    except pydantic.ValidationError as errors:
        if _kind(owner, key) in PLAIN and type(value) is type(_default(owner, key)):
            return value  # such as 0.5 of a plug-in that says `int = 1.5`
        reasons = dict.fromkeys(error["msg"].removeprefix("Input should be ") for error in errors.errors())
        choices = typing.get_args(_kind(owner, key))
        near = registry.suggest(str(value), choices) if choices and all(isinstance(each, str) for each in choices) else ""
        raise ValueError(f"{label}: {key} = {value!r}, but it must be {' or '.join(reasons)}.{near}") from None


def check(part, *, label: str) -> None:
    """Refuses a dataclass, built by whomever, that has a field `checked` would refuse. Its defaults are its author's affair."""
    try:
        _check(part, label)
    except TypeError:  # one that cannot be hashed is checked anew each time
        _check.__wrapped__(part, label)


@functools.lru_cache(maxsize=4096)
def _check(part, label: str) -> None:
    for field in dataclasses.fields(part):
        value = getattr(part, field.name)
        if value is not field.default:
            checked(type(part), field.name, value, label=label)


def _frozen(value):
    if isinstance(value, np.ndarray):
        value = value.tolist()
    return tuple(map(_frozen, value)) if isinstance(value, list | tuple) else value


@functools.cache
def _kind(owner: type, key: str):
    """The annotation of a field; `Any` where there is none, or its names mean nothing outside of where it was written."""
    try:
        return typing.get_type_hints(owner, include_extras=True).get(key, typing.Any)
    except NameError:
        return typing.Any


def _default(owner: type, key: str):
    return next((field.default for field in dataclasses.fields(owner) if field.name == key), dataclasses.MISSING)


def _is_plain(kind) -> bool:
    """Whether an annotation is made of numbers, texts, choices, and tuples of these alone: others are not looked at."""
    origin = typing.get_origin(kind)
    if origin is Annotated:
        return _is_plain(kind.__origin__)
    if origin in (tuple, typing.Union, types.UnionType):
        return all(_is_plain(each) for each in typing.get_args(kind))
    return origin is typing.Literal or kind in (*PLAIN, type(None), ...)


@functools.cache
def _adapter(owner: type, key: str) -> pydantic.TypeAdapter | None:
    """The check of one field; None for a field that is no setting but, say, an array or a part of a method."""
    kind = _kind(owner, key)
    return pydantic.TypeAdapter(kind) if _is_plain(kind) else None
