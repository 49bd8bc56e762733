"""The runner: experiment files become cells, cells become rows, rows become tables and figures.

The only room that knows files, processes and clocks.
"""


def load(folder):
    """The tables of one run, `name -> pandas.DataFrame`: cells, runtime, newton, training, metrics, environments.

    folder  where the run lives (`pitbench run --out`). Uncollected cells are read too; each cell appears with its latest attempt.
    """
    from bench.collect import load  # pandas and pyarrow are too heavy for `pitbench --help`

    return load(folder)
