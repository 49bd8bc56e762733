"""What exists, and why something does not work here."""

import textwrap

from bench.errors import UserError, show
from bench.question import catalogue, config
from registry import suggest

KINDS = ("methods", "models", "systems", "metrics", "measures", "experiments")


def listing(kinds: str) -> str:
    """Each plug-in or experiment: its name, what it is, and its settings with their defaults; common ones stand once, last."""
    if kinds not in KINDS:
        raise UserError(f'"{kinds}": nothing of that kind.{suggest(kinds, KINDS)}\nKnown: {", ".join(KINDS)}.')
    if kinds == "experiments":
        return "\n".join(_experiment(path) for path in sorted(config.EXPERIMENTS.glob("*.toml")))
    kind = kinds.removesuffix("s")
    registry = catalogue.plugins(kind)
    names = registry.names()
    settings = {name: _settings(kind, name) for name in names}
    shared = set.intersection(*map(set, settings.values())) if len(names) > 2 else set()
    lines = [_plugin(kind, name, [text for text in settings[name] if text not in shared]) for name in names]
    if shared:
        lines += [f"every {kind}", *_indented(", ".join(text for text in settings[names[0]] if text in shared))]
    lines += [f"{catalogue.by_habit(entry)}\n    unavailable here: {reason}" for entry, reason in registry.unavailable().items()]
    return "\n".join(lines) or f"No {kinds}."


def _experiment(path) -> str:
    try:
        file = config.read_toml(path)
        return f"{path.stem}\n    {file['title']}\n    profiles: {', '.join(file.get('profile', {})) or 'none'}"
    except (ValueError, KeyError) as error:
        return f"{path.stem}\n    unreadable: {error}"


def _settings(kind: str, name: str) -> list[str]:
    if kind == "metric":  # a function, scored by the measures with the settings that they have
        return []
    settings = catalogue.settings(kind, name)
    return [key if value is catalogue.REQUIRED else f"{key}={show(value)}" for key, value in settings.items()]


def _plugin(kind: str, name: str, settings: list[str]) -> str:
    plugin = catalogue.plugins(kind)[name]
    # a method says what it is in its solver, a metric in its function; other plug-ins speak for themselves
    speaker = {"method": "solver", "metric": "function"}.get(kind)
    claim = (getattr(plugin, speaker or "", plugin).__doc__ or "").strip().partition("\n")[0]
    return "\n".join([name, *_indented(claim), *_indented(", ".join(settings))])


def _indented(text: str) -> list[str]:
    return textwrap.wrap(text, 120, initial_indent="    ", subsequent_indent="    ", break_long_words=False)
