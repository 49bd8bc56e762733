"""A plug-in file that cannot be used ends the command in one message; of another one, what cannot be used is named."""

import pytest
from test_runner import experiment

pytest_plugins = ["runner_doubles"]

METHOD = """
import dataclasses
from methods.forcing import Forcing
from methods.method import Method
from methods.solvers.sequential import Sequential
METHODS = {%s: Method(solver=Sequential(), forcing=Forcing("projected"))}
"""
UNUSABLE = {
    "does not parse": ("def", "SyntaxError"),
    "does not import": ("import no_such_module", "ModuleNotFoundError: No module named 'no_such_module'"),
    "raises": ("raise RuntimeError('not today')", "RuntimeError: not today"),
    "ends the process": ("import sys; sys.exit('bye')", "SystemExit: bye"),
    "ends the process well": ("import sys; sys.exit()", "SystemExit"),
    "is empty": ("", "it registers nothing: want a dictionary name -> plug-in, called METHODS, MODELS, SYSTEMS, RECURRENCES, "),
    "misspells": ("METHOD = {'a': 1}", 'Did you mean "METHODS"?'),
    "writes it small": ("systems = {'a': 1}", 'Did you mean "SYSTEMS"?'),
    "has a list": ("METHODS = ['a']", "METHODS is a list, want a dictionary name -> method."),
    "has an empty dictionary": ("METRICS = {}", "it registers nothing"),
    "has something else": ("METHODS = {'a': 3}", '"a": a int is no method'),
    "has a number for a name": (METHOD % "7", "the name of a method is a text, not a int."),
    "has a taken name alone": (METHOD % "'deer'", 'there is a method "deer" already. Give this one another name.'),
}


@pytest.mark.parametrize("verb", ["run", "plan", "check"])
@pytest.mark.parametrize(("source", "reason"), UNUSABLE.values(), ids=list(UNUSABLE))
def test_a_file_that_cannot_be_used_is_2(pitbench, tmp_path, verb, source, reason):
    path, out = tmp_path / "mine.py", tmp_path / "out"
    path.write_text(source)
    asked = ["deer"] if verb == "check" else [experiment(tmp_path), "--out", out]
    code, shown, said = pitbench(verb, *asked, "--plugin", path)
    assert (code, shown) == (2, "") and said.startswith(f"pitbench: plug-in file {path}: unavailable: ") and reason in said
    assert len(said.splitlines()) == 1 and not out.exists()


@pytest.mark.parametrize("name", ["none.py", "mine.txt", "."])
@pytest.mark.parametrize("verb", ["run", "list"])
def test_a_file_that_is_no_python_file_is_2(pitbench, tmp_path, verb, name):
    (tmp_path / "mine.txt").write_text("METHODS = {}")
    asked = ["methods"] if verb == "list" else [experiment(tmp_path)]
    code, _, said = pitbench(verb, *asked, "--plugin", tmp_path / name)
    if verb == "list" and name == "mine.txt":  # it lists what cannot be used, too
        assert code == 0 and "plug-in file" in said
    else:
        assert code == 2 and said.startswith("pitbench: plug-in file") and len(said.splitlines()) == 1


def test_a_name_that_is_taken_is_left_out_alone(pitbench, tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(METHOD % "'deer'" + "METHODS['mine'] = METHODS['deer']")
    code, shown, said = pitbench("list", "methods", "--plugin", path)
    assert code == 0 and {"mine", "deer"} <= set(shown.split())
    assert f'{path}: deer\n    unavailable here: there is a method "deer" already. Give this one another name.' in shown
    code, shown, said = pitbench("plan", "quickstart", "-m", "deer", "--plugin", path, "--out", tmp_path / "out")
    assert code == 0
    assert said == f'pitbench: plug-in file {path}: "deer": there is a method "deer" already. Give this one another name.\n'


def test_a_file_may_serve_several_rooms(pitbench, tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(METHOD % "'mine'" + "from metrics.metric import Metric\nMETRICS = {'zero': Metric(min, '', None)}")
    for kind, name in (("methods", "mine"), ("metrics", "zero")):
        code, shown, said = pitbench("list", kind, "--plugin", path)
        assert (code, said) == (0, "") and name in shown.split()
