"""What exists, and why something does not work here."""

import tomllib

from bench import catalogue, config
from bench.errors import UserError, show
from registry import suggest

KINDS = ("methods", "systems", "metrics", "measures", "experiments")


def listing(kinds: str) -> str:
    """One line per plug-in or experiment: its name, what it is, and its settings with their defaults."""
    if kinds not in KINDS:
        raise UserError(f'"{kinds}": nothing of that kind.{suggest(kinds, KINDS)}\nKnown: {", ".join(KINDS)}.')
    if kinds == "experiments":
        return "\n".join(_experiment(path) for path in sorted(config.EXPERIMENTS.glob("*.toml")))
    kind = kinds.removesuffix("s")
    registry = catalogue.plugins(kind)
    lines = [_plugin(kind, name) for name in registry.names()]
    lines += [f"{name}\n    unavailable here: {reason}" for name, reason in registry.unavailable().items()]
    return "\n".join(lines) or f"No {kinds}."


def _experiment(path) -> str:
    try:
        file = tomllib.loads(path.read_text())
        return f"{path.stem}\n    {file['title']}\n    profiles: {', '.join(file.get('profile', {})) or 'none'}"
    except (tomllib.TOMLDecodeError, KeyError) as error:
        return f"{path.stem}\n    unreadable: {error}"


def _plugin(kind: str, name: str) -> str:
    plugin = catalogue.plugins(kind)[name]
    # a method says what it is in its solver, a metric in its function; other plug-ins speak for themselves
    speaker = {"method": "solver", "metric": "function"}.get(kind)
    claim = (getattr(plugin, speaker or "", plugin).__doc__ or "").strip().partition("\n")[0]
    lines = [name] + ([f"    {claim}"] if claim else [])
    if kind != "metric":  # a metric is a function, scored by the measures with the settings that they have
        settings = (
            key if value is catalogue.REQUIRED else f"{key}={show(value)}"
            for key, value in catalogue.settings(kind, name).items()
        )
        lines += [f"    {text}" for text in [", ".join(settings)] if text]
    return "\n".join(lines)
