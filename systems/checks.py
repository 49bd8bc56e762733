"""Checks of what a user sets; each message names the key, the value and a valid choice."""

from registry import UnknownName, suggest

SPLITS = ("train", "test")
STANDARDISE = ("train", "each", "none")


def check_choice(value: str, known, *, label: str, key: str) -> None:
    """Raise `UnknownName` (a `ValueError`) with the key, the value and the nearest valid choice unless `value` is in `known`."""
    if value not in known:
        choices = ", ".join(f'"{name}"' for name in known)
        raise UnknownName(f'{label}: {key} = "{value}": no such choice.{suggest(str(value), known)} Known: {choices}.')


def check_at_least(value, least, *, label: str, key: str) -> None:
    """Raise `ValueError` naming the key and the value unless `value >= least`."""
    if not value >= least:
        raise ValueError(f"{label}: {key} = {value}, but it must be at least {least}.")


def column_indices(wanted: list[str], known, *, label: str, key: str) -> list[int]:
    """Where each of `wanted` stands in `known`; an unknown or repeated name raises `UnknownName`."""
    for name in wanted:
        check_choice(name, known, label=label, key=key)
        if wanted.count(name) > 1:
            raise UnknownName(f'{label}: {key}: "{name}" is named {wanted.count(name)} times. Name it once.')
    return [list(known).index(name) for name in wanted]
