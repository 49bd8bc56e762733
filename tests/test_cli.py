"""The command line answers at once, in plain words, and with the right exit status."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from test_config import write

from bench.storage import schema

pytest_plugins = ["runner_doubles"]

MISBEHAVING = Path(__file__).with_name("misbehaving.py")
HEAVY = {"jax", "pandas", "pyarrow", "pydantic", "matplotlib", "numpy", "psutil", "methods", "systems", "metrics"}


def test_help_imports_nothing_heavy():
    program = (
        "import sys, bench.cli\nsys.argv = ['pitbench', '--help']\ntry: bench.cli.main()\nfinally: print('MODULES', *sys.modules)"
    )
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    help_text, _, modules = shown.partition("MODULES")
    for verb in "run plan status failures collect table plot cards list check cite env tune roofline".split():
        assert f" {verb} " in help_text
    assert not HEAVY & {name.partition(".")[0] for name in modules.split()}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "nothing"], 'pitbench: "nothing": no such experiment.'),
        (["status", "/nowhere"], "pitbench: /nowhere: no run is stored here."),
        (["list", "metod"], 'pitbench: "metod": nothing of that kind. Did you mean "methods"?'),
        (["list", "methods", "--plugin", "none.py"], "pitbench: plugin-file"),
        (
            ["run", "FILE", "--executor", "locale"],
            'pitbench: --executor "locale": no such executor. Did you mean "local"?\nKnown: local.',
        ),
        (["run", "FILE", "-m", "der"], 'pitbench: --method "der": matches no method of the chosen cells. Did you mean "deer"?'),
        (["run", "FILE", "--budget", "soon"], "pitbench: --budget soon: want a time such as 90s, 8m or 1h30m."),
    ],
)
def test_mistakes_are_one_message_and_exit_status_2(pitbench, tmp_path, arguments, message):
    path = write(tmp_path, **{"[[grid]]": 'method = ["sequential", "deer"]'})
    arguments = [path if argument == "FILE" else argument for argument in arguments]
    extra = ["--plugin", MISBEHAVING, "--out", tmp_path / "out"] if arguments[0] == "run" else []
    code, shown, errors = pitbench(*arguments, *extra)
    assert (code, shown) == (2, "") and errors.startswith(message.replace("plugin-file", "plug-in file")), errors


def test_a_run_from_plan_to_table(pitbench, tmp_path):
    path, out = write(tmp_path, **{"[[grid]]": 'method = ["sequential", "deer"]'}), tmp_path / "out"
    where = [path, "--plugin", MISBEHAVING, "--out", out]
    code, shown, _ = pitbench("plan", *where)
    assert code == 0 and "2 cells: 0 done, 0 failed, 2 missing." in shown and "Unknown cost of 2 missing cells" in shown

    code, shown, errors = pitbench("run", *where, "-m", "sequential")
    assert code == 0 and "1 ok" in shown and "1 missing" in shown and "[1/1] ok sequential lorenz63 T=8 batch=2" in errors

    code, shown, _ = pitbench("run", *where, "-m", "sequential")
    assert code == 0 and shown.startswith("Nothing to do: all 1 cells have a row")

    code, shown, _ = pitbench("plan", *where, "--seeds", "0:2")
    assert "4 cells: 1 done, 0 failed, 3 missing." in shown and "for 1 of the missing cells" in shown

    assert pitbench("status", out)[1].split() == "1 ok 1 missing".split()
    assert len(pitbench("collect", out)[1].split()) == len(schema.TABLES)
    assert "sequential" in pitbench("table", out, "--format", "csv")[1]
    assert pitbench("table", out, "--format", "cvs")[0] == 2


@pytest.mark.parametrize(
    ("kind", "names"), [("methods", "deer"), ("systems", "lorenz63"), ("measures", "misbehave"), ("metrics", "rmse")]
)
def test_list_shows_what_exists_and_what_does_not_import(pitbench, tmp_path, kind, names):
    broken = tmp_path / "broken.py"
    broken.write_text("import no_such_module")
    code, shown, _ = pitbench("list", kind, "--plugin", MISBEHAVING, "--plugin", broken)
    assert code == 0 and names in shown.split()
    assert f"{broken}\n    unavailable here: ModuleNotFoundError: No module named 'no_such_module'" in shown


def test_the_environment_is_json(pitbench):
    code, shown, _ = pitbench("env")
    captured = json.loads(shown)
    assert code == 0 and captured["versions"]["jax"] and "git_sha" in captured


@pytest.mark.skipif(shutil.which("nvidia-smi") is not None, reason="there is a GPU here")
def test_a_gpu_that_is_not_there_is_an_error_and_not_a_cpu_run(tmp_path, capfd):
    command = [
        str(Path(sys.executable).with_name("pitbench")),
        "run",
        "scans",
        "--profile",
        "quick",
        "--device",
        "gpu",
        "--out",
        str(tmp_path),
    ]
    result = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert result.returncode == 2 and result.stderr.startswith('pitbench: device = "gpu", but this machine has no NVIDIA GPU')
    assert not list(tmp_path.iterdir())
