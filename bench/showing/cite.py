"""The papers behind a run, or behind plug-ins by name, as BibTeX.

Every entry says in a line above it for what it is cited, which BibTeX skips: it takes whatever is outside of entries as comments.
"""

import contextlib
import dataclasses
import importlib.metadata
import json
import re
from pathlib import Path

import references
from bench.errors import UserError
from bench.measure.outcome import SKIPPED
from bench.question import catalogue
from bench.question.cell import Cell
from bench.storage import folder as stored
from references import PITBENCH, Reference
from registry import suggest

KINDS = ("method", "model", "system", "recurrence", "metric")
_NEVER_RUN = (SKIPPED, "unavailable")
_IDENTIFIER = re.compile(r"arXiv:\s*\d{4}\.\d{4,5}|\b10\.\d{4,}/[\w./-]*\w", re.IGNORECASE)


class Citations:
    """References with what each is cited for, in the order in which they come."""

    def __init__(self):
        self._uses: dict[Reference, list[str]] = {}
        self._remarks: list[str] = []
        self.commits: set[str] = set()  # of pitbench, that answers are of

    def add(self, use: str, found) -> None:
        """Cite `found` for `use`."""
        for reference in found:
            self._uses.setdefault(reference, []).append(use)

    def add_named(self, kind: str, name: str) -> None:
        """Cite what a plug-in is taken from, or say that this is not known."""
        if name in catalogue.plugins(kind).names():
            self.add(f"{kind} {name}", references.of(catalogue.plugins(kind)[name]))
        else:
            self.remark_unknown(kind, name)

    def remark_unknown(self, kind: str, name: str) -> None:
        self.remark(f"{kind} {name}: not registered here, so its papers are not known. Name its file with --plugin.")

    def remark(self, text: str) -> None:
        self._remarks.append(text)

    @property
    def bibtex(self) -> str:
        """A .bib file; two papers of one key are an error, as BibTeX would drop one of them."""
        by_key: dict[str, Reference] = {}
        for each in self._uses:
            if by_key.setdefault(each.key, each) != each:
                both = f'"{by_key[each.key].title}" and "{each.title}"'
                raise UserError(f"{each.key}: this key is that of {both}. Give the reference of your plug-in another one.")
        uses = {(self._itself() if each == PITBENCH else each): uses for each, uses in self._uses.items()}
        entries = [f"% {', '.join(dict.fromkeys(some))}\n{each.bibtex}" for each, some in uses.items()]
        return "\n\n".join([*entries, *(f"% {remark}" for remark in self._remarks)])

    def _itself(self) -> Reference:
        """pitbench, in the version that is installed and at the commits of the answers, as far as they are known."""
        said = ["Software"]
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            said.append(f"version {importlib.metadata.version('pitbench')}")
        if self.commits:
            said.append(f"commit {', '.join(sorted(self.commits))}")
        return dataclasses.replace(PITBENCH, note=", ".join(said))


def cite(asked: list[str]) -> str:
    """BibTeX of what was run in folders and of plug-ins by name; of pitbench itself in any case."""
    found = Citations()
    for each in asked:
        kinds = [kind for kind in KINDS if each in catalogue.plugins(kind).names()]
        for kind in kinds:
            found.add_named(kind, each)
        if not kinds:
            if not Path(each).is_dir() and "/" not in each:
                raise _unknown(each)
            _add_run(stored.read(Path(each)), found)
    found.add("the benchmark", [PITBENCH])
    return found.bibtex


def by_method(run: stored.Run) -> dict[str, tuple[Reference, ...]]:
    """The references of each method that was run, with the settings that it was given; of those that are registered here."""
    found: dict[str, tuple[Reference, ...]] = {}
    for cell in _distinct(run):
        try:
            own = cell.build_method().references
        except ValueError:  # it is not registered here, or has no such setting any more
            continue
        found[cell.method] = references.unique((*found.get(cell.method, ()), *own))
    return found


def _add_run(run: stored.Run, found: Citations) -> None:
    """Cite what the run used, at the commits that its answers are of."""
    stored.remembered(run.folder)
    cells = run.tables["cells"]
    cells = cells[~cells["status"].isin(_NEVER_RUN)]
    _add_reproduced(run.experiment.get("reproduces", ""), found)
    known = by_method(run)
    for method in dict.fromkeys(cells["method"]):
        if method in known:
            found.add(f"method {method}", known[method])
        else:
            found.remark_unknown("method", method)
    for system in dict.fromkeys(cells["system"]):
        found.add_named(catalogue.found_as("system", system), system)
    for metric in _metrics(run):
        found.add_named("metric", metric)
    found.commits.update(cells["git_sha"].dropna())


def _add_reproduced(text: str, found: Citations) -> None:
    """Cite the papers that an experiment says it reproduces; one that no plug-in is taken from is only named."""
    registered = (references.of(catalogue.plugins(kind)[name]) for kind in KINDS for name in catalogue.plugins(kind).names())
    named = [each for each in references.unique(each for some in registered for each in some) if each.is_named_in(text)]
    found.add("what the experiment reproduces", named)
    for identifier in _IDENTIFIER.findall(text):
        if not any(each.is_named_in(identifier) for each in named):
            found.remark(f"the experiment reproduces {identifier}, which no plug-in here is taken from")


def _distinct(run: stored.Run) -> list[Cell]:
    """One of the answered cells for each method with its settings."""
    cells = run.tables["cells"]
    answered = set(cells.loc[~cells["status"].isin(_NEVER_RUN), "cell"])
    distinct = {}
    for fields in run.experiment.get("cells", []):
        if fields["id"] in answered:
            question = fields["method"], json.dumps(fields["method_parameters"], sort_keys=True)
            distinct.setdefault(question, Cell.from_json({key: value for key, value in fields.items() if key != "id"}))
    return list(distinct.values())


def _metrics(run: stored.Run) -> list[str]:
    """The metrics by which the run was scored: a row may be of a part of one, as `lyapunov_max` is of `lyapunov`."""
    scored = set(run.tables["metrics"]["metric"])
    return [name for name in catalogue.plugins("metric").names() if any(f"{row}_".startswith(f"{name}_") for row in scored)]


def _unknown(name: str) -> UserError:
    for kind in KINDS:
        if reason := catalogue.why_unavailable(kind, name):
            return UserError(f'"{name}": this {kind} is unavailable here: {reason}')
    known = sorted({each for kind in KINDS for each in catalogue.plugins(kind).names()})
    lists = ", ".join(f"`pitbench list {kind}s`" for kind in KINDS)
    kinds = f"{', '.join(KINDS[:-1])} or {KINDS[-1]}"
    return UserError(f'"{name}": no folder, and no {kinds}.{suggest(name, known)} See {lists}.')
