"""What the README shows of results: what its first command makes, and the verdict in three lines."""

from pathlib import Path

from bench.showing import figures, verdicts
from bench.showing.pages import results
from bench.showing.pages.markdown import code

FIRST = "quickstart"
SPEED = ("fig1a", "gtf-deer is faster", "auto is never")  # an experiment, and how the claims begin that the README tells


def first_table(root: Path) -> str:
    """Picture and table of the first command: the scores that stand first, as its report begins."""
    run = results.read(root / "results" / FIRST)
    (stem,) = figures.files(run.experiment).values()
    first = "\n\n".join(results.report(run.folder).split("\n\n")[:2])
    picture = f"![Loss, solver iterations, time and quality of each method](results/{FIRST}/figures/{stem}.png)"
    return "\n\n".join([picture, code(first, "text")])


def verdict(root: Path) -> str:
    """Claims about speed, measured on a GPU with its picture where such a run is stored, and how many of all claims hold."""
    experiment, *claims = SPEED
    run = _fastest_device([run for run in _runs(root) if run.experiment["name"] == experiment])
    judged = results.judged(root, run.folder.name)
    told = [results.line(each) for claim in claims for each in judged if each.claim.startswith(claim)]
    shown = [f"![{says}](results/{place}.png)\n" for place, says in results.pictures(run)] if _on_a_gpu(run) else []
    return "\n".join([*shown, *told, _tally(root)])


def _runs(root: Path) -> list:
    return [results.read(root / "results" / name) for name in results.stored(root)]


def _on_a_gpu(run) -> bool:
    return bool((run.tables["cells"]["device"] == "gpu").any())


def _fastest_device(runs):
    return next((run for run in runs if _on_a_gpu(run)), runs[0])


def _tally(root: Path) -> str:
    judged = [each for name in results.stored(root) for each in results.judged(root, name) if "of ours" not in each.source]
    counts = ", ".join(f"{sum(each.verdict == verdict for each in judged)} {verdict}" for verdict in verdicts.VERDICTS)
    return f"- **Of {len(judged)} claims of papers** that have been tested, {counts}: [all results](results/README.md)."
