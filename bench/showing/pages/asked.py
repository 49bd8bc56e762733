"""The command that asks a stored question again."""

import shlex

from bench.errors import show
from bench.question import config


def command(experiment: dict, out: str) -> str:
    """`pitbench run NAME ... --out DIR` for a stored experiment: its profile, and settings that its file leaves open."""
    name, profile = experiment["name"], experiment["profile"]
    words = ["pitbench", "run", name]
    words += ["--profile", profile] if profile not in (None, "cpu") else []
    for setting in _settings(experiment):
        words += ["--set", setting]
    return shlex.join([*words, "--out", out])


def is_present(experiment: dict) -> bool:
    """Whether that command asks what was asked; an experiment file may have changed since."""
    now = config.load(experiment["name"], experiment["profile"]).with_settings(_settings(experiment))
    return now.asked == experiment["grids"]


def _settings(experiment: dict) -> list[str]:
    """`KEY=VALUE` for what all grids were asked with and the file has otherwise, or not at all."""
    now, asked = config.load(experiment["name"], experiment["profile"]).asked, experiment["grids"]
    common = {key: values for key, values in asked[0].items() if all(grid.get(key) == values for grid in asked)}
    given = {key: values for key, values in common.items() if any(grid.get(key) != values for grid in now)}
    return [f"{key}={_value(values)}" for key, values in given.items()]


def _value(values: list) -> str:
    """As `--set` takes it: one text goes without quotes, several values are a list."""
    if len(values) > 1:
        return show(values)
    return values[0] if isinstance(values[0], str) else show(values[0])
