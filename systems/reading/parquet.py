"""Series in a parquet table. An index that pandas has stored beside the columns is not taken as a variable."""

from pathlib import Path

import numpy as np

from systems.reading.table import SeriesError, Table, rounding_of


def read_parquet(file: Path) -> Table:
    """A parquet table."""
    import pandas as pd
    import pyarrow as pa
    from pandas.api.types import is_complex_dtype, is_numeric_dtype

    try:
        table = pd.read_parquet(file)
    except (ValueError, OSError, TypeError, KeyError, pa.ArrowException) as error:
        raise SeriesError(f'file "{file}": not a parquet table ({error}).') from error
    names = tuple(map(str, table.columns))

    def numbers(i):
        dtype = table.dtypes.iloc[i]
        if not is_numeric_dtype(dtype) or is_complex_dtype(dtype):
            raise SeriesError(f'file "{file}": column "{names[i]}" holds {dtype}, not real numbers.')
        return table.iloc[:, i].to_numpy(dtype=np.float64, na_value=np.nan)

    def rounding(i):
        dtype = table.dtypes.iloc[i]
        return rounding_of(np.dtype(getattr(dtype, "numpy_dtype", dtype)))

    return Table(names, len(table), numbers, rounding)
