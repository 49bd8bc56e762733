"""Lists of what exists: plug-ins with what they are and where they come from, and the experiments that can be run."""

from pathlib import Path

from bench.question import catalogue, config
from bench.showing.pages import results
from bench.showing.pages.about import KINDS, About
from bench.showing.pages.markdown import linked, table
from bench.showing.vocabulary import appearance
from bench.showing.vocabulary.order import rank


def methods(root: Path) -> str:
    """Every method, family by family, in the order of tables and legends."""
    families = [family.title for family in appearance.FAMILIES] + [appearance.OTHERS]
    found = sorted(_own("method"), key=lambda name: (families.index(appearance.family(name)), rank(name), name))
    rows, before = [], ""
    for name in found:
        family = appearance.family(name)
        rows.append([f"**{family}**" if family != before else "", *_row("method", name)])
        before = family
    return table(["family", "method", "how the trajectory is found", "source"], rows)


def models(root: Path) -> str:
    return table(["model", "what it is", "source"], [_row("model", name) for name in _own("model")])


def systems(root: Path) -> str:
    return table(["system", "what makes it hard", "source"], [_row("system", name) for name in _own("system")])


def metrics(root: Path) -> str:
    """With what a newcomer must know to read a value: its unit, and whether more is better."""
    registry = catalogue.plugins("metric")
    better = {True: "larger", False: "smaller", None: "nearer to the truth's"}
    rows = []
    for name in _own("metric"):
        shown, line, source = _row("metric", name)
        rows.append([shown, line, registry[name].unit, better[registry[name].higher_is_better], source])
    return table(["metric", "what it says", "unit", "better is", "source"], rows)


def measures(root: Path) -> str:
    return table(["measure", "what it does"], [_row("measure", name)[:2] for name in _own("measure")])


def experiments(root: Path) -> str:
    """Every experiment file of the project, with a link to its results where some are stored."""
    shown, rows = results.stored(root), []
    for path in sorted(config.EXPERIMENTS.glob("*.toml")):
        file = config.read_toml(path)
        where = f"[results](../results/README.md#{path.stem})" if path.stem in shown else "none stored"
        rows.append([f"[{path.stem}](experiments/{path.name})", file["title"], file["measure"], where])
    return table(["experiment", "question", "measure", "answer"], rows)


def _own(kind: str) -> list[str]:
    """The plug-ins of this project, those included that cannot be used on this machine: a page is the same everywhere."""
    registry = catalogue.plugins(kind)
    names = {name for name in registry.names() if registry.source(name) is None}
    return sorted(names | (KINDS.get(kind, {}).keys() & set(map(catalogue.by_habit, registry.unavailable()))))


def _row(kind: str, name: str) -> list[str]:
    about = KINDS.get(kind, {}).get(name) or About(_claim(kind, name))
    return [f"`{name}`", about.line, linked(about.source)]


def _claim(kind: str, name: str) -> str:
    """What a plug-in says of itself in the first line of its docstring."""
    plugin = catalogue.plugins(kind)[name]
    speaker = {"method": "solver", "metric": "function"}.get(kind, "")
    return (getattr(plugin, speaker, plugin).__doc__ or "").strip().partition("\n")[0]
