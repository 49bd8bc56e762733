"""Checks of what a user sets; each message names the key, the value and a valid choice."""

import dataclasses

import settings
from registry import UnknownName, suggest

SPLITS = ("train", "test")


def check_choice(value: str, known, *, label: str, key: str) -> None:
    """Raise `UnknownName` (a `ValueError`) with the key, the value and the nearest valid choice unless `value` is in `known`."""
    if value not in known:
        choices = ", ".join(f'"{name}"' for name in known)
        raise UnknownName(f'{label}: {key} = "{value}": no such choice.{suggest(str(value), known)} Known: {choices}.')


@dataclasses.dataclass
class _Asked:
    """The arguments of `sample`, as settings to be checked."""

    T: settings.Count
    seed: settings.Natural


def check_size(T, *, label: str) -> None:
    """Raise `ValueError` naming T and its value unless it is a whole number of at least 1."""
    settings.checked(_Asked, "T", T, label=label)


def check_seed(seed, *, label: str) -> None:
    """Raise `ValueError` naming the seed unless it is a whole number from 0 to 2**31 − 1."""
    settings.checked(_Asked, "seed", seed, label=label)


def column_indices(wanted: list[str], known, *, label: str, key: str) -> list[int]:
    """The index of each of `wanted` in `known`; an unknown or repeated name raises `UnknownName`."""
    for name in wanted:
        check_choice(name, known, label=label, key=key)
        if wanted.count(name) > 1:
            raise UnknownName(f'{label}: {key}: "{name}" is named {wanted.count(name)} times. Name it once.')
    return [list(known).index(name) for name in wanted]
