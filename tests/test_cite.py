"""`pitbench cite` names every paper behind what was run, each once, and says where it cannot."""

import re
from pathlib import Path

import pytest

import references
from bench import files
from bench.errors import UserError
from bench.question import catalogue
from bench.showing import show
from bench.showing.cite import KINDS, cite
from bench.storage import folder, store
from bench.storage.folder import read

pytest_plugins = ["runner_doubles"]

RESULTS = sorted(path.parent for path in (Path(__file__).parent.parent / "results").glob("*/experiment.json"))
PLUGINS = sorted({name for kind in KINDS for name in catalogue.plugins(kind).names()})


def keys(bibtex: str) -> list[str]:
    return re.findall(r"^@\w+\{(\w+),$", bibtex, re.MULTILINE)


def test_every_plugin_is_cited_by_its_name_with_all_its_papers_each_once():
    for name in PLUGINS:
        found = [catalogue.plugins(kind)[name] for kind in KINDS if name in catalogue.plugins(kind).names()]
        wanted = {each.key for plugin in found for each in references.of(plugin)} | {"pitbench"}
        got = keys(cite([name]))
        assert set(got) == wanted and len(got) == len(wanted)
    together = keys(cite(PLUGINS))
    assert len(set(together)) == len(together) and keys(cite([])) == ["pitbench"]


@pytest.mark.parametrize("path", RESULTS, ids=lambda path: path.name)
def test_a_run_cites_its_methods_systems_and_metrics_what_it_reproduces_and_the_commit(path):
    run, bibtex = read(path), cite([str(path)])
    cells = run.tables["cells"]
    for kind in ("method", "system"):
        for name in cells[kind].unique():
            assert re.search(rf"^% .*{catalogue.found_as(kind, name)} {re.escape(name)}\b", bibtex, re.MULTILINE), name
    for number in re.findall(r"\d{4}\.\d{5}", run.experiment["reproduces"]):
        assert f"eprint = {{{number}}}" in bibtex
    assert all(sha in bibtex for sha in cells["git_sha"].dropna().unique())
    assert len(set(keys(bibtex))) == len(keys(bibtex)) and "not registered" not in bibtex
    latex = show.table(path, "latex")
    for method in cells["method"].unique():
        (cited,) = re.findall(rf"^% {method}: \\cite\{{(.*)\}}$", latex, re.MULTILINE)
        assert set(cited.split(",")) <= set(keys(bibtex))


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ("gtf-dear", '"gtf-dear": no folder, and no method, model, system, recurrence or metric. Did you mean "gtf-deer"?'),
        ("lorenz36", 'Did you mean "lorenz63"?'),
        ("no/where", "no/where: no run is stored here."),
    ],
)
def test_a_name_that_is_none_is_one_message_and_exit_status_2(pitbench, asked, message):
    code, shown, said = pitbench("cite", "gtf-deer", asked)
    assert (code, shown) == (2, "") and message in said


def test_what_is_unavailable_says_why(broken):
    with pytest.raises(UserError, match='"broken-method": this method is unavailable here: ImportError: no GPU'):
        cite(["broken-method"])


MINE = """
from methods.solvers.sequential import Sequential
from references import Reference
METHODS = {
    "silent": dict(solver=Sequential()),
    "other": dict(solver=Sequential(), source=(Reference("hess2023", "misc", ("A B",), "Another paper", 2023),)),
}
from systems.lorenz63 import Lorenz63
SYSTEMS = {"mine": type("Mine", (Lorenz63,), {"references": ()})}
"""


def test_a_plugin_of_ones_own_may_say_nothing_but_may_not_take_the_key_of_another_paper(pitbench, tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(MINE)
    code, shown, _ = pitbench("cite", "silent", "mine", "--plugin", path)
    assert code == 0 and keys(shown) == ["hess2023", "pitbench"] and "system mine" not in shown  # of its model and forcing
    code, _, said = pitbench("cite", "other", "--plugin", path)
    assert code == 2 and 'hess2023: this key is that of "Another paper" and "Generalized Teacher Forcing' in said


def test_what_is_not_registered_here_or_was_never_run_is_said_or_left_out(tmp_path):
    out = tmp_path / "out"
    rows = {"a": ("gone", "ok"), "b": ("jacobi", "skipped"), "c": ("deer", "timeout")}
    asked = [{"id": cell, "measure": "runtime", "method": method, "system": "lorenz63", "T": 8, "batch": 1}
             | {"method_parameters": {}} for cell, (method, _) in rows.items()]  # fmt: skip
    described = {
        "name": "x",
        "measure": "runtime",
        "figure": "",
        "reproduces": "arXiv:1234.56789 Fig. 1 and doi 10.1137/130944230",
    }
    files.replace_json(out / "experiment.json", described | {"cells": asked})
    for cell, (method, status) in rows.items():
        store.write(out, cell, {"cells": [{"status": status, "method": method, "system": "lorenz63", "measure": "runtime"}]})
    assert len(folder.read(out).tables["cells"]) == 3
    bibtex = cite([str(out)])
    assert "% method gone: not registered here, so its papers are not known." in bibtex
    assert "method deer" in bibtex and "jacobi" not in bibtex
    assert "% the experiment reproduces arXiv:1234.56789, which no plug-in here is taken from" in bibtex
    assert "% what the experiment reproduces\n@article{falgout2014," in bibtex
