"""The table and the figures of a run."""

from pathlib import Path

from bench.storage import folder as stored
from bench.storage.folder import remembered

__all__ = ["draw", "has_figure", "note", "remembered", "table"]


def table(folder: Path, format: str) -> str:
    """The summary of a run as text, Markdown, LaTeX or csv; as text with what it says about the claims it tests."""
    from bench.showing import tables, verdicts

    run = stored.read(folder)
    if format == "latex":
        return "\n".join([*cited(run), tables.render(tables.summary(run.tables), format, run.experiment.get("title", ""))])
    if format != "text":
        return tables.render(tables.summary(run.tables), format, run.experiment.get("title", ""))
    judged = verdicts.text(verdicts.judged(run.experiment.get("name", ""), run.tables))
    return "\n\n".join(filter(None, [tables.text_report(run.tables, tables.terminal_width()), run.note, judged]))


def cited(run) -> list[str]:
    """Comments of LaTeX that say how to cite each method of a run; their entries are those of `pitbench cite`."""
    from bench.showing import cite

    keys = {method: ",".join(each.key for each in found) for method, found in cite.by_method(run).items()}
    return [rf"% {method}: \cite{{{some}}}" for method, some in keys.items() if some]


def draw(folder: Path) -> list[Path]:
    """Save the run's figures and their points in `DIR/figures`; the paths."""
    from bench.showing import figures

    return figures.draw(stored.read(folder).tables, remembered(folder), folder / "figures")


def has_figure(folder: Path) -> bool:
    """Whether there is a figure for the run: measures of one's own may come without."""
    from bench.showing import figures

    experiment = remembered(folder)
    return bool(experiment["figure"]) or experiment["measure"] in figures.BY_MEASURE


def note(folder: Path) -> str:
    """What in the folder no table and no figure shows."""
    return stored.read(folder).note
