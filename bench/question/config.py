"""Experiment files: read, checked for their shape, and resolved with one profile.

Whether a method or a setting exists is not asked here but in `matrix`, which knows the plug-ins.
"""

import dataclasses
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

import pydantic

from bench.errors import UserError, show
from registry import suggest

EXPERIMENTS = Path(__file__).resolve().parent.parent / "experiments"
ALL = "all"  # in place of a name: every experiment that states its worth, see `bench.question.worth`
ALIASES = {"hidden": "hidden_dim"}


class RunOptions(pydantic.BaseModel, frozen=True, extra="forbid", strict=True):
    """How to run, which is no part of the question."""

    timeout_s: pydantic.PositiveFloat = pydantic.Field(600.0, description="a number of seconds above 0")
    isolation: Literal["shared", "cell"] = pydantic.Field("shared", description='"shared" or "cell"')
    device: str | None = pydantic.Field(None, description='a platform of jax such as "cpu" or "cuda"')


class ExperimentFile(pydantic.BaseModel, extra="forbid", strict=True):
    """The shape of an experiment file."""

    title: str = pydantic.Field(description="a text")
    reproduces: str = pydantic.Field("", description="a text")
    measure: str = pydantic.Field(description='the name of a measure, measure = "runtime", see `pitbench list measures`')
    figure: str = pydantic.Field("", description='the name of a figure in bench/showing/figures/, or several, "one, another"')
    worth: pydantic.NonNegativeFloat | None = pydantic.Field(
        None, description="a number, the larger the sooner in `pitbench run all`; without one it is no part of that"
    )
    claim: dict[str, Any] = pydantic.Field({}, description="a table [claim]")
    fixed: dict[str, Any] = pydantic.Field({}, description="a table [fixed]")
    grid: list[dict[str, Any]] = pydantic.Field([{}], description="tables headed [[grid]]")
    profile: dict[str, dict[str, Any]] = pydantic.Field({}, description="tables [profile.NAME]")
    run: RunOptions = pydantic.Field(RunOptions(), description="a table [run]")


@dataclasses.dataclass(frozen=True, eq=False)
class Setting:
    """The values of one key, several of them being an axis of the grid, and where the file gives them."""

    values: tuple
    where: str


@dataclasses.dataclass(frozen=True)
class Experiment:
    """An experiment file with one profile applied.

    claim  values of settings by which the cells are told that its main claim rests on, see `bench.question.worth`
    """

    name: str
    file: str
    title: str
    reproduces: str
    measure: str
    figure: str
    profile: str | None
    grids: tuple[dict[str, Setting], ...]
    options: RunOptions
    claim: dict[str, tuple] = dataclasses.field(default_factory=dict)

    @property
    def asked(self) -> list[dict[str, list]]:
        """The values of each grid, without where they stand: as they are stored beside the results."""
        return [{key: list(setting.values) for key, setting in grid.items()} for grid in self.grids]

    @property
    def own_file(self) -> str:
        """Where the file is, if it is not one of this project."""
        file = Path(self.file).resolve()
        return "" if file.parent == EXPERIMENTS.resolve() else str(file)

    def error(self, where: str, value, problem: str) -> UserError:
        """An error that points into the file."""
        return UserError(f"{self.file}: {where} = {show(value)}: {problem}")

    def with_settings(self, settings: list[str]) -> "Experiment":
        """The same experiment with settings `KEY=VALUE` in every grid; a value is TOML, or else a text."""
        given = {}
        for text in settings:
            key, sign, value = text.partition("=")
            if not (key.strip().isidentifier() and sign):
                raise UserError(f"--set {text}: want KEY=VALUE, as in 'path=series.csv' or 'T=[100, 200]'.")
            if key.strip() in given:
                raise UserError(f"--set {text}: {key.strip()} is given twice. Several values are a list, as in 'T=[100, 200]'.")
            given[key.strip()] = _value(value.strip())
        chosen = _settings(given, "--set", "pitbench run")
        return dataclasses.replace(self, grids=tuple({**grid, **chosen} for grid in self.grids))

    def with_seeds(self, seeds: Iterable[int]) -> "Experiment":
        """The same experiment with its seed axis replaced."""
        axis = Setting(tuple(seeds), "--seeds")
        return dataclasses.replace(self, grids=tuple({**grid, "seed": axis} for grid in self.grids))


def load(experiment: str, profile: str | None = None, **options) -> Experiment:
    """The experiment called `experiment` (a name in `bench/experiments/`, or a path), resolved with `profile`.

    profile  by default `cpu` where the file has it, else none
    options  run options given on the command line; those that are None are left to the file
    """
    path = find(experiment)
    file = read(path)
    if profile is None and "cpu" in file.profile:
        profile = "cpu"
    if profile is not None and profile not in file.profile:
        known = ", ".join(file.profile) or "none"
        raise UserError(f'{path}: profile "{profile}": no such profile.{suggest(profile, file.profile)}\nKnown: {known}.')
    chosen = file.profile.get(profile, {})
    run = file.run.model_dump() | {key: chosen[key] for key in chosen.keys() & RunOptions.model_fields.keys()}
    run = _validated(RunOptions, run, str(path), f"profile.{profile}.").model_dump()
    run |= {key: value for key, value in options.items() if value is not None}
    return Experiment(
        name=path.stem,
        file=str(path),
        title=file.title,
        reproduces=file.reproduces,
        measure=file.measure,
        figure=file.figure,
        profile=profile,
        grids=_resolve(file, profile, str(path)),
        options=_validated(RunOptions, run, "pitbench run", "--"),
        claim={key: setting.values for key, setting in _settings(file.claim, "claim", str(path)).items()},
    )


def read(path: Path) -> ExperimentFile:
    """An experiment file, checked for its shape."""
    try:
        raw = read_toml(path)
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: not text in UTF-8: {error}. Save it as UTF-8.") from None
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"{path}: not valid TOML: {error}.") from None
    return _validated(ExperimentFile, raw, str(path))


def read_toml(path: Path) -> dict:
    """What a TOML file says; editors may put a byte-order mark before it."""
    return tomllib.loads(path.read_text(encoding="utf-8-sig"))


def find(experiment: str) -> Path:
    """The file of an experiment given by name or path."""
    if experiment.endswith(".toml") or "/" in experiment:
        if not Path(experiment).is_file():
            raise UserError(f"{experiment}: no such file. See `pitbench list experiments` for names that need no path.")
        return Path(experiment)
    names = sorted(path.stem for path in EXPERIMENTS.glob("*.toml"))
    if experiment not in names:
        known = ", ".join(names) or "none"
        raise UserError(
            f'"{experiment}": no such experiment.{suggest(experiment, [*names, ALL])}\n'
            f'Known: {known}. A path to a TOML file works too; `run` and `plan` also take "{ALL}".'
        )
    return EXPERIMENTS / f"{experiment}.toml"


def _resolve(file: ExperimentFile, profile: str | None, path: str) -> tuple[dict[str, Setting], ...]:
    fixed = _settings(file.fixed, "fixed", path)
    for key, setting in fixed.items():
        value = file.fixed.get(key, file.fixed.get("hidden"))
        if isinstance(value, list) and not (len(value) == 1 and isinstance(value[0], list)):
            problem = "a list is an axis. Move it to [[grid]] or to a profile. One value that is a list is written [[...]]."
            raise UserError(f"{path}: {setting.where} = {show(setting.values)}: {problem}")
    grids = [{**fixed, **_settings(grid, f"grid[{i}]", path)} for i, grid in enumerate(file.grid)]
    chosen = {key: value for key, value in file.profile.get(profile, {}).items() if key not in RunOptions.model_fields}
    for key, setting in _settings(chosen, f"profile.{profile}", path).items():
        for grid in [grid for grid in grids if key in grid] or grids:
            grid[key] = setting
    return tuple(grids)


def _settings(table: dict, where: str, path: str) -> dict[str, Setting]:
    settings = {}
    for key, value in table.items():
        name = ALIASES.get(key, key)
        if name in settings:
            raise UserError(
                f"{path}: {where}.{key} = {show(value)}: the same setting as {settings[name].where}. Keep one of them."
            )
        if isinstance(value, dict):
            raise UserError(f"{path}: {where}.{key}: settings are flat, got a table. Write its keys directly into [{where}].")
        if value == []:
            raise UserError(f"{path}: {where}.{key} = []: an axis needs at least one value.")
        settings[name] = Setting(tuple(value) if isinstance(value, list) else (value,), f"{where}.{key}")
    return settings


def _value(text: str):
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _validated(model, fields: dict, path: str, where: str = ""):
    try:
        return model.model_validate(fields)
    except pydantic.ValidationError as errors:
        raise UserError("\n".join(f"{path}: {_explain(model, error, where)}" for error in errors.errors())) from None


def _explain(model, error: dict, where: str) -> str:
    *parents, key = (str(part) for part in error["loc"] if part != "__key__")
    if parents and parents[0] == "run":
        model = RunOptions
    known = model.model_fields
    place = where + ".".join([*parents, key])
    if error["type"] == "extra_forbidden":
        return f"{place} = {show(error['input'])}: no such key.{suggest(key, known)}\nKnown: {', '.join(known)}."
    wanted = known[key if key in known else parents[0]].description
    if error["type"] == "missing":
        return f"{place}: missing, want {wanted}."
    return f"{place} = {show(error['input'])}: want {wanted}."
