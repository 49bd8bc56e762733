"""What the stored runs say: a section for each experiment, and all claims of papers in one table."""

import ast
import functools
from pathlib import Path

from bench.question import config
from bench.showing import figures, tables, verdicts
from bench.showing.cards import written
from bench.showing.cards.answers import Answers
from bench.showing.frames.machines import machines
from bench.showing.pages import asked
from bench.showing.pages.markdown import code, folded, linked, table
from bench.storage import folder
from bench.text import WIDTH


@functools.cache
def read(path: Path) -> folder.Run:
    """The run stored in a folder, read once for all pages."""
    return folder.read(path)


def stored(root: Path) -> list[str]:
    """The folders of `results/` with a run, called like its experiment, or like it and its device: `fig1a-gpu`."""
    return sorted(path.parent.name for path in (root / "results").glob("*/experiment.json"))


def section(root: Path, name: str) -> str:
    """Question, command, figures, verdicts and numbers of one stored run; of an experiment without one, what would answer it."""
    if name not in stored(root):
        return _unanswered(name)
    run = read(root / "results" / name)
    parts = [_question(run.experiment["name"]), code(asked.command(run.experiment, f"results/{name}"), "sh"), *_figures(run)]
    if not asked.is_present(run.experiment):
        parts.insert(2, "The file of this experiment has changed since; its answers here are to what it asked before.")
    found = judged(root, name)
    parts += ["\n".join(map(line, found))] if found else []
    cells = run.tables["cells"]
    summary = f"Numbers of {len(cells)} cells, {_machines(run)}"
    return "\n\n".join([*parts, folded(summary, code(report(run.folder), "text"))])


def claims(root: Path) -> str:
    """How many claims each experiment tests, those of others and our own questions alike, and what became of them."""
    rows = []
    page = (root / "results" / "README.md").read_text(encoding="utf-8")
    for name in sorted(stored(root), key=lambda name: page.find(f"result {name} ")):  # in the order of their sections
        counts = [sum(each.verdict == verdict for each in judged(root, name)) for verdict in verdicts.VERDICTS]
        title = config.read_toml(config.find(read(root / "results" / name).experiment["name"]))["title"]
        rows.append([f"[{name}](#{name})", title, *(str(count or "") for count in counts)])
    return table(["experiment", "question", *verdicts.VERDICTS], rows)


def cards(root: Path) -> str:
    """Every claim card, with what the runs that are stored here say of it."""
    return linked(written.markdown(Answers([read(root / "results" / name) for name in stored(root)]), root))


@functools.cache
def judged(root: Path, name: str) -> list[verdicts.Verdict]:
    """The verdicts of a stored run."""
    run = read(root / "results" / name)
    return verdicts.judged(run.experiment["name"], run.tables)


def line(verdict: verdicts.Verdict) -> str:
    """A verdict as an item of a list, the claim first and what it rests on behind it."""
    return f"- **{verdict.verdict.capitalize()}**: {verdict.claim} ({linked(verdict.source)}).\n  <br>{verdict.evidence}."


def _unanswered(name: str) -> str:
    """Question and command of an experiment of which no run is stored."""
    command = code(f"pitbench run {name} --out results/{name}", "sh")
    return "\n\n".join([_question(name), command, "No run of it is stored here yet."])


def _question(name: str) -> str:
    """What is asked, and below it what the question comes from."""
    file = config.read_toml(config.find(name))
    asked_for = f"**{file['title'].rstrip('.')}{'' if file['title'].endswith('?') else '.'}**"
    reproduces = file.get("reproduces", "")
    return asked_for + (f"\n<br>*{linked(reproduces)}.*" if reproduces else "")


def _figures(run: folder.Run) -> list[str]:
    """Each picture with what it shows."""
    shown = []
    for place, says in pictures(run):
        shown.append(f"![{says}]({place}.png)\n<br>{says} As [pdf]({place}.pdf); its points as [csv]({place}.csv).")
    return shown


def pictures(run: folder.Run) -> list[tuple[str, str]]:
    """Where each picture lies below `results/`, without its ending, and what it shows, by the first line of what draws it."""
    drawn = figures.files(run.experiment).items()
    return [
        (f"{run.folder.name}/figures/{stem}", _first_line(Path(figures.__path__[0]) / f"{figure}.py")) for figure, stem in drawn
    ]


def _first_line(source: Path) -> str:
    """Of a module's docstring, without importing it: seaborn would take a second."""
    return (ast.get_docstring(ast.parse(source.read_text(encoding="utf-8"))) or "").partition("\n")[0]


def _machines(run: folder.Run) -> str:
    """What the run was measured on: `2 cores of AMD EPYC, jax 0.10.2, commit 0b1fe75, 2026-11-26`."""
    cells, known = run.tables["cells"], run.tables["environments"]
    used = known[known["environment"].isin(cells["environment"])]
    versions = dict.fromkeys(f"jax {version}" for version in used["jax"].dropna())
    commits = dict.fromkeys(sha[:7] for sha in cells["git_sha"].dropna())
    dates = sorted({str(day.date()) for day in cells["started_utc"].dropna()})
    days = [f"{dates[0]} to {dates[-1]}" if len(dates) > 1 else dates[0]] if dates else []
    return ", ".join([*machines(run.tables), *versions, f"commit {' and '.join(commits)}", *days])


@functools.cache
def report(path: Path) -> str:
    """The table of a stored run as a terminal shows it, and what is left out."""
    run = read(path)
    return "\n\n".join(filter(None, [tables.text_report(run.tables, WIDTH), run.note]))
