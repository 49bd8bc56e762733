"""The parts of the README and of the other pages that a command can write: `pitbench pages` writes them, `--check` compares.

A page is Markdown that people write, with parts between two comments that belong to this command:

    <!-- generated: methods -->
    ...
    <!-- end -->

What stands between them follows from the stored tables and from the registries of plug-ins, so that no number and no list on a
page is older than what it is about. `PARTS` says which parts there are; a word behind the name of a part, as in
`generated: result fig1a`, says for what it is made.
"""

from collections.abc import Callable
from pathlib import Path

from bench.errors import UserError
from bench.showing.pages import catalogue, columns, front, markers, results
from registry import suggest

FOLDERS = ("methods", "systems", "metrics", "bench", "results")
PAGES = ("README.md", *(f"{folder}/README.md" for folder in FOLDERS), "results/cards.md")

# Name of a part -> what makes it, from the root of the checkout and, if there is one, the word behind the name.
PARTS: dict[str, Callable[..., str]] = {
    "first table": front.first_table,
    "verdict": front.verdict,
    "methods": catalogue.methods,
    "models": catalogue.models,
    "systems": catalogue.systems,
    "recurrences": catalogue.recurrences,
    "metrics": catalogue.metrics,
    "measures": catalogue.measures,
    "experiments": catalogue.experiments,
    "tables": columns.tables,
    "statuses": columns.statuses,
    "claims": results.claims,
    "result": results.section,
    "cards": results.cards,
}


def rewritten(root: Path) -> dict[Path, tuple[str, str]]:
    """Each page as it is and as it should be."""
    found = {}
    for page in (root / name for name in PAGES):
        text = page.read_text(encoding="utf-8")
        found[page] = text, markers.filled(text, str(page.relative_to(root)), lambda name: made(root, name))
    _check_that_all_results_are_shown(root, found[root / "results" / "README.md"][0])
    return found


def stale(root: Path) -> list[Path]:
    """The pages that are not what the tables and registries say now."""
    return [page for page, (before, now) in rewritten(root).items() if before != now]


def write(root: Path) -> list[Path]:
    """Write the stale pages anew; those that were."""
    changed = [(page, now) for page, (before, now) in rewritten(root).items() if before != now]
    for page, text in changed:
        page.write_text(text, encoding="utf-8", newline="\n")
    return [page for page, _ in changed]


def made(root: Path, name: str) -> str:
    """The part called `name`."""
    for known, make in PARTS.items():
        if name == known:
            return make(root)
        if name.startswith(f"{known} "):
            return make(root, name.removeprefix(known).strip())
    raise UserError(f"<!-- generated: {name} -->: no such part.{suggest(name, PARTS)} Known: {', '.join(PARTS)}.")


def _check_that_all_results_are_shown(root: Path, page: str) -> None:
    missing = [name for name in results.stored(root) if f"result {name}" not in markers.names(page)]
    if missing:
        lines = f"{markers.start(f'result {missing[0]}')} and {markers.END}"
        raise UserError(f"results/README.md: nothing shows results/{missing[0]}. Add the lines {lines} where it should stand.")
