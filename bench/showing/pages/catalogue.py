"""Lists of what exists: plug-ins with what they are and where they come from, and the experiments that can be run."""

from pathlib import Path

import references
from bench.question import catalogue, config
from bench.showing.pages import results
from bench.showing.pages.markdown import paper, table
from bench.showing.vocabulary import appearance
from bench.showing.vocabulary.order import rank
from references.papers import DAO2024, HESS2026

# What needs a machine that few have is said here as well: a page is the same wherever it is made.
ELSEWHERE = {
    "mamba2-cuda": (
        "a Mamba-2 block by the Triton kernels of mamba-ssm, trained in torch on an NVIDIA GPU",
        (DAO2024, HESS2026),
    )
}


def methods(root: Path) -> str:
    """Every method, family by family, in the order of tables and legends."""
    families = [family.title for family in appearance.FAMILIES] + [appearance.OTHERS]
    names = {*_own("method"), *ELSEWHERE}
    rows, before = [], ""
    for name in sorted(names, key=lambda name: (families.index(appearance.family(name)), rank(name), name)):
        family = appearance.family(name)
        rows.append([f"**{family}**" if family != before else "", *_row("method", name)])
        before = family
    return table(["family", "method", "what it does", "papers"], rows)


def models(root: Path) -> str:
    return table(["model", "what it is", "papers"], [_row("model", name) for name in _own("model")])


def systems(root: Path) -> str:
    return table(["system", "what it is", "papers"], [_row("system", name) for name in _own("system")])


def recurrences(root: Path) -> str:
    return table(["recurrence", "what it is", "papers"], [_row("recurrence", name) for name in _own("recurrence")])


def metrics(root: Path) -> str:
    """With what a newcomer must know to read a value: its unit."""
    registry = catalogue.plugins("metric")
    rows = [[*row[:2], registry[name].unit, row[2]] for name in _own("metric") for row in [_row("metric", name)]]
    return table(["metric", "what it says", "unit", "papers"], rows)


def measures(root: Path) -> str:
    return table(["measure", "what it does"], [_row("measure", name)[:2] for name in _own("measure")])


def experiments(root: Path) -> str:
    """Every experiment file of the project, with a link to its results where some are stored."""
    shown: dict[str, list[str]] = {}
    for name in results.stored(root):
        shown.setdefault(results.read(root / "results" / name).experiment["name"], []).append(name)
    rows = []
    for path in sorted(config.EXPERIMENTS.glob("*.toml")):
        file = config.read_toml(path)
        links = [f"[{name}](../results/README.md#{name})" for name in shown.get(path.stem, [])]
        where = ", ".join(links) or "none stored"
        rows.append([f"[{path.stem}](experiments/{path.name})", file["title"], file["measure"], where])
    return table(["experiment", "question", "measure", "answer"], rows)


def _own(kind: str) -> list[str]:
    """The plug-ins of this project, and none of somebody else's that are installed beside it."""
    registry = catalogue.plugins(kind)
    return [name for name in registry.names() if registry.source(name) is None]


def _row(kind: str, name: str) -> list[str]:
    if name in ELSEWHERE:
        line, papers = ELSEWHERE[name]
    else:
        line, papers = catalogue.summary(kind, name), references.of(catalogue.plugins(kind)[name])
    return [f"`{name}`", line, ", ".join(map(paper, papers))]
