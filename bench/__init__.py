"""The runner: experiment files become cells, cells become rows, rows become tables and figures.

The only room that knows files, processes and clocks.
"""


def load(folder, asked: bool = False):
    """The tables of one run, `name -> pandas.DataFrame`: cells, runtime, newton, training, metrics, orbits, environments.

    Each cell appears once, with its latest attempt, whether it has been collected or not. A folder may hold more cells than the
    experiment asks for today, from earlier runs with other settings; tables, figures and verdicts leave those out.

    folder  where the run lives (`pitbench run --out`)
    asked   give only the cells that the experiment, as it was run last in this folder, asks for
    """
    from bench.storage import collect  # pandas and pyarrow are too heavy for `pitbench --help`
    from bench.storage import folder as stored

    return stored.read(folder).tables if asked else collect.load(folder)
