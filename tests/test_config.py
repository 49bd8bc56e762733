"""An experiment file is read as it was meant, or refused with a message that says what to change."""

import pytest

from bench.errors import UserError
from bench.question import config, matrix
from bench.showing import figures
from registry import UnknownName

pytest_plugins = ["runner_doubles"]

GOOD = {
    "title": '"A test"',
    "measure": '"misbehave"',
    "[fixed]": 'system = "lorenz63"\nT = 8\nbatch = 2\nhidden = 5',
    "[[grid]]": 'method = ["sequential", "gtf-deer"]\nlatent_dim = [3, 10]',
}


def write(tmp_path, **changes):
    """A good experiment file with some of its lines changed or added; None leaves them out."""
    parts = GOOD | changes
    tops = [f"{key} = {value}" for key, value in parts.items() if value is not None and not key.startswith("[")]
    tables = [f"{key}\n{value}" for key, value in parts.items() if value is not None and key.startswith("[")]
    path = tmp_path / "paper.toml"
    path.write_text("\n".join(tops + tables))
    return str(path)


def cells(tmp_path, profile=None, **changes):
    experiment = config.load(write(tmp_path, **changes), profile)
    figures.check(experiment)
    return matrix.cells(experiment)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"[[grid]]": 'method = ["sequential", "der"]'},
            'grid[0].method = "der": no such method. Did you mean "deer"?\n',
        ),
        (
            {"[fixed]": 'system = "lorenz36"\nT = 8\nbatch = 1'},
            'fixed.system = "lorenz36": no such system. Did you mean "lorenz63"?\n',
        ),
        (
            {"[fixed]": 'system = "mean-feild"\nT = 8\nbatch = 1'},
            'fixed.system = "mean-feild": no such system. Did you mean "mean-field"?\n',
        ),
        (
            {"[fixed]": 'system = "mean-field"\nT = 8\nbatch = 1', "measure": '"runtime"'},
            'fixed.system = "mean-field": a recurrence, which gives no data, and measure "runtime" trains a model on data. '
            "Name a system",
        ),
        ({"measure": '"misbehaved"'}, 'measure = "misbehaved": no such measure. Did you mean "misbehave"?\nKnown: '),
        (
            {"[[grid]]": 'method = "deer"\nlatent_dims = 3'},
            'grid[0].latent_dims = 3: no such setting. Did you mean "latent_dim"?\n',
        ),
        ({"tilte": '"x"'}, 'tilte = "x": no such key. Did you mean "title"?\nKnown: title, reproduces, measure, '),
        (
            {"figure": '"fig1a, exampels"'},
            'figure "exampels": no such figure. Did you mean "examples"? Set `figure` to one of these',
        ),
        (
            {"figure": '["fig1a"]'},
            'figure = ["fig1a"]: want the name of a figure in bench/showing/figures/, or several, "one, another".',
        ),
        ({"title": None}, "title: missing, want a text."),
        ({"title": "3"}, "title = 3: want a text."),
        ({"[grid]": "T = 3", "[[grid]]": None}, "grid = {'T': 3}: want tables headed [[grid]]."),
        (
            {"[run]": "timeout = 3"},
            'run.timeout = 3: no such key. Did you mean "timeout_s"?\nKnown: ',
        ),
        ({"[run]": "timeout_s = 0"}, "run.timeout_s = 0: want a number of seconds above 0."),
        ({"[run]": 'isolation = "sell"'}, 'run.isolation = "sell": want "shared" or "cell".'),
        ({"[fixed]": "T = [1, 2]"}, "fixed.T = [1, 2]: a list is an axis. Move it to [[grid]] or to a profile."),
        ({"[fixed]": "hidden = 1\nhidden_dim = 2"}, "fixed.hidden_dim = 2: the same setting as fixed.hidden. Keep one of them."),
        ({"[[grid]]": "T = []"}, "grid[0].T = []: an axis needs at least one value."),
        (
            {"[fixed.method]": 'name = "deer"'},
            "fixed.method: settings are flat, got a table.",
        ),
        ({"[[grid]]": 'method = "deer"\nT = 0'}, "grid[0].T = 0: want a whole number of at least 1."),
        ({"[[grid]]": 'method = "deer"\nT = [8, 1e4]'}, "grid[0].T = 10000.0: want a whole number of at least 1."),
        ({"[[grid]]": 'method = "deer"\nseed = true'}, "grid[0].seed = true: want a whole number of at least 0 and below 2**31."),
        (
            {"[[grid]]": 'method = "deer"\ndtype = "float16"'},
            'grid[0].dtype = "float16": want "float32" or "float64". Did you mean "float64"?',
        ),
        ({"[[grid]]": 'method = "deer"\nseconds = "2"'}, 'grid[0].seconds = "2": want a number, like the default 0.0.'),
        (
            {"[[grid]]": 'method = "deer"\nlatent_dim = true'},
            "grid[0].latent_dim = true: want a whole number, like",
        ),
        ({"[[grid]]": "latent_dim = 3"}, 'method: missing, want the name of a method in [fixed] or [[grid]], method = "...".'),
        ({"[fixed]": 'system = "lorenz63"\nT = 8'}, "batch: missing, want a whole number of at least 1 in [fixed] or [[grid]]."),
    ],
)
def test_a_mistake_is_named_with_its_place_and_the_way_out(tmp_path, changes, message, misbehaving):
    with pytest.raises(UserError) as error:
        cells(tmp_path, **changes)
    assert str(error.value).startswith(f"{tmp_path}/paper.toml: {message}")


def test_the_second_grid_is_number_1(tmp_path, misbehaving):
    path = write(tmp_path)
    with open(path, "a") as file:
        file.write('\n[[grid]]\nmethod = "dear"\n')
    with pytest.raises(UserError, match=r'grid\[1\]\.method = "dear": no such method\. Did you mean "deer"\?'):
        matrix.cells(config.load(path))


def test_broken_toml_is_located(tmp_path):
    with pytest.raises(UserError, match=r"paper\.toml: not valid TOML: .*line 1"):
        config.load(write(tmp_path, title='"open'))


def test_profiles_replace_keys_where_they_stand(tmp_path):
    path = write(tmp_path, **{"[profile.quick]": "latent_dim = [3]\nT = [16, 32]\nalpha = 0.25\ntimeout_s = 5"})
    (grid,) = config.load(path, "quick").grids
    values = {key: setting.values for key, setting in grid.items()}
    assert (values["latent_dim"], values["T"], values["alpha"], values["batch"]) == ((3,), (16, 32), (0.25,), (2,))
    assert config.load(path, "quick").options.timeout_s == 5
    assert config.load(path).options.timeout_s == 600


def test_a_profile_key_that_one_grid_has_is_replaced_there_alone(tmp_path):
    grids = {"[[grid]]": 'method = "deer"\nwarmup = [1]\n[[grid]]\nmethod = "sequential"', "[profile.quick]": "warmup = 2"}
    first, second = config.load(write(tmp_path, **grids), "quick").grids
    assert first["warmup"].values == (2,) and "warmup" not in second


def test_cpu_is_the_default_profile_where_there_is_one(tmp_path):
    assert config.load(write(tmp_path)).profile is None
    assert config.load(write(tmp_path, **{"[profile.cpu]": "T = 4", "[profile.gpu]": "T = 5"})).profile == "cpu"


def test_misspelt_profiles_and_experiments_are_suggested(tmp_path, monkeypatch):
    path = write(tmp_path, **{"[profile.quick]": "T = 4"})
    with pytest.raises(UserError, match='profile "quik": no such profile. Did you mean "quick"?'):
        config.load(path, "quik")
    monkeypatch.setattr(config, "EXPERIMENTS", tmp_path)
    with pytest.raises(UserError, match='"papers": no such experiment. Did you mean "paper"?'):
        config.find("papers")
    with pytest.raises(UserError, match="nowhere.toml: no such file"):
        config.find("nowhere.toml")


def test_options_of_the_command_line_come_last(tmp_path):
    path = write(tmp_path, **{"[run]": 'isolation = "cell"\ndevice = "cpu"'})
    assert config.load(path, isolation="shared", device=None).options.model_dump() == {
        "timeout_s": 600.0,
        "isolation": "shared",
        "device": "cpu",
    }
    with pytest.raises(UserError, match='--isolation = "none": want "shared" or "cell"'):
        config.load(path, isolation="none")


def test_a_plugin_that_does_not_exist_is_an_unknown_name():
    from bench import measure

    with pytest.raises(UnknownName, match="no such measure"):
        measure.get("nothing")


def test_a_value_that_is_a_list_has_brackets_of_its_own(tmp_path, misbehaving):
    (cell,) = cells(tmp_path, **{"[fixed]": GOOD["[fixed]"] + "\ncurriculum = [[2, 4]]", "[[grid]]": 'method = "deer"'})
    assert cell.method_parameters["curriculum"] == (2, 4)


def test_one_name_of_two_meanings_goes_to_whom_its_value_fits(tmp_path, misbehaving):
    """`history` is a switch of a solver and a number of rows of a reconstruction."""
    for value, fits in (("7", "measure"), ("true", "method")):
        grid = {"[[grid]]": f'method = "deer"\nhistory = {value}'}
        (cell,) = cells(tmp_path, measure='"reconstruction"', **grid)
        assert [kind for kind in ("method", "measure") if "history" in getattr(cell, f"{kind}_parameters")] == [fits]
    with pytest.raises(UserError, match='history = "x": want true or false'):
        cells(tmp_path, measure='"reconstruction"', **{"[[grid]]": 'method = "deer"\nhistory = "x"'})


def test_settings_of_the_command_line_replace_those_of_the_file(tmp_path, misbehaving):
    experiment = config.load(write(tmp_path)).with_settings(["latent_dim = [4, 6]", "how=raise", "T=9"])
    found = matrix.cells(experiment)
    assert {(cell.method_parameters["latent_dim"], cell.T, cell.measure_parameters["how"]) for cell in found} == {
        (4, 9, "raise"),
        (6, 9, "raise"),
    }
    for wrong, message in {"T": "--set T: want KEY=VALUE", "laten_dim=3": "--set.laten_dim = 3: no such setting"}.items():
        with pytest.raises(UserError, match=message):
            matrix.cells(experiment.with_settings([wrong]))
