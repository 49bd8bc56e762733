"""What exists, and why something does not work here."""

import inspect

import references
from bench.errors import UserError, show
from bench.question import catalogue, config
from bench.text import filled
from registry import suggest

KINDS = ("methods", "models", "systems", "recurrences", "metrics", "measures", "experiments")


def listing(kinds: str, names: list[str] | tuple[str, ...] = ()) -> str:
    """Each plug-in or experiment in a line; of those that are named, what they are taken from and their settings too."""
    asked, kinds = kinds, kinds if kinds.endswith("s") else f"{kinds}s"
    if kinds not in KINDS:
        raise UserError(f'"{asked}": nothing of that kind.{suggest(asked, KINDS)}\nKnown: {", ".join(KINDS)}.')
    if kinds == "experiments":
        paths = map(config.find, names) if names else sorted(config.EXPERIMENTS.glob("*.toml"))
        return "\n".join(map(_experiment, paths))
    kind = kinds.removesuffix("s")
    return "\n".join(_whole(kind, name) for name in names) if names else _all(kind)


def _experiment(path) -> str:
    try:
        file = config.read_toml(path)
        return f"{path.stem}\n    {file['title']}\n    profiles: {', '.join(file.get('profile', {})) or 'none'}"
    except (ValueError, KeyError) as error:
        return f"{path.stem}\n    unreadable: {error}"


def _all(kind: str) -> str:
    """Names beside what they are, and then those that are unavailable."""
    names, unavailable = catalogue.plugins(kind).names(), catalogue.plugins(kind).unavailable()
    column = max(map(len, names), default=0) + 2
    lines = [filled(f"{name:{column}}{catalogue.summary(kind, name)}", rest=" " * column) for name in names]
    lines += [f"{catalogue.by_habit(entry)}\n    unavailable here: {reason}" for entry, reason in unavailable.items()]
    return "\n".join([*lines, "", f"`pitbench list {kind} NAME` shows the settings of one."]) if lines else f"No {kind}s."


def _whole(kind: str, name: str) -> str:
    """One plug-in: what it is, the papers it is taken from, and its settings with their defaults."""
    if reason := catalogue.why_unavailable(kind, name):
        return f"{name}\n    unavailable here: {reason}"
    if name not in catalogue.plugins(kind).names():
        raise UserError(f'"{name}": {catalogue.no_such(kind, name)}')
    lines = [catalogue.summary(kind, name)]
    if papers := references.of(catalogue.plugins(kind)[name]):
        lines.append(f"from: {', '.join(each.short for each in papers)} (`pitbench cite {name}`)")
    if settings := _settings(kind, name):
        lines.append(f"settings: {', '.join(settings)}")
    return "\n".join([name, *(filled(f"    {line}", rest="        ") for line in lines)])


def _settings(kind: str, name: str) -> list[str]:
    if kind == "metric":  # those of its function; a measure that scores by it gives them
        given = inspect.signature(catalogue.plugins(kind)[name].function).parameters.values()
        own = {each.name: each.default for each in given if each.kind is each.KEYWORD_ONLY}
        settings = {key: catalogue.REQUIRED if value is inspect.Parameter.empty else value for key, value in own.items()}
    else:
        settings = catalogue.settings(kind, name)
    return [key if value is catalogue.REQUIRED else f"{key}={show(value)}" for key, value in settings.items()]
