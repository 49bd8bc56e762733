"""The runner: experiment files become cells, cells become rows, rows become tables and figures.

The only room that knows files, processes and clocks.
"""


def load(folder, asked: bool = False):
    """The tables of one run, `name -> pandas.DataFrame`: cells, runtime, newton, training, metrics, orbits, environments.

    folder  where the run lives (`pitbench run --out`). Uncollected cells are read too; each cell appears with its latest attempt.
    asked   only the cells that the experiment asks for as it was run last there; others may lie beside them, of earlier runs with
            other settings. Tables, figures and verdicts are made of those that it asks for.
    """
    from bench.storage import collect  # pandas and pyarrow are too heavy for `pitbench --help`
    from bench.storage import folder as stored

    return stored.read(folder).tables if asked else collect.load(folder)
