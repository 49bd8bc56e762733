"""The columns of every table, with explicit types. Missing values are null.

Tables of earlier versions are read too. Those of version 1 have no `cells.job`, and what is `metrics.noise` today was called
`failure` there. Those of version 2 have no `prefixes`, and no forecasts in `cells`.
"""

import pyarrow as pa

SCHEMA_VERSION = 3

_text, _real, _whole, _flag = pa.string(), pa.float64(), pa.int64(), pa.bool_()
_ATTEMPT = {"cell": _text, "attempt": _text}

_COLUMNS = {
    "cells": _ATTEMPT
    | {
        "experiment": _text,
        "measure": _text,
        "measure_parameters": _text,  # json, defaults included, as the next two
        "method": _text,
        "method_parameters": _text,
        "system": _text,
        "system_parameters": _text,
        "T": _whole,
        "batch": _whole,
        "latent_dim": _whole,
        "hidden_dim": _whole,
        "alpha": _real,
        "dtype": _text,
        "device": _text,
        "seed": _whole,
        "status": _text,
        "error_type": _text,
        "error_message": _text,
        "choice": _text,  # of a method that chooses its solver: what it chose, and why
        "iterations": _real,  # may be a mean over sequences
        "forecast": _real,  # of the iterations, made before the solve, and the interval that it gives for them
        "forecast_low": _real,
        "forecast_high": _real,
        "residual": _real,
        "value_error": _real,
        "gradient_error": _real,
        "trace_s": _real,
        "lower_s": _real,
        "compile_s": _real,
        "compile_cached": _flag,
        "first_call_s": _real,
        "peak_bytes": _whole,
        "temp_bytes": _whole,
        "program_bytes": _whole,  # of the compiled gradient or update: scratch memory, arguments and results
        "wall_s": _real,
        "load_1m": _real,  # the machine's load average when the job began, work of ours before it included
        "foreign_cores": _real,  # how many cores other programs kept busy from then until the cell was answered
        "log": _text,  # what its worker printed, a path below DIR; deleted where that was nothing
        "started_utc": pa.timestamp("us", tz="UTC"),
        "environment": _text,
        "git_sha": _text,
        "git_dirty": _flag,
        "data_path": _text,  # of the files that a system has read, with commas between them, and a digest of what they held
        "data_digest": _text,
        "plugin_path": _text,  # of the files of one's own that method, system and measure come from, and a digest of them
        "plugin_digest": _text,
        "metric_digests": _text,  # json, of the metrics of one's own by name
        "isolation": _text,
        "job": _text,  # the call of the measure that answered the cell: only within one were timings taken in turn
    },
    "runtime": _ATTEMPT | {"phase": _text, "repetition": _whole, "seconds": _real, "iterations": _real},
    "newton": _ATTEMPT | {"sequence": _whole, "update": _whole, "residual": _real, "step": _real},
    # Prefixes of at least `length` steps, up to the `length` of the next row, take `updates`; null: they are not solved.
    "prefixes": _ATTEMPT | {"sequence": _whole, "length": _whole, "updates": _whole},
    "training": _ATTEMPT
    | {"update": _whole, "loss": _real, "iterations": _real, "alpha": _real, "gradient_norm": _real, "seconds": _real},
    "metrics": _ATTEMPT
    | {
        "metric": _text,
        "value": _real,
        "unit": _text,
        "higher_is_better": _flag,
        "floor": _real,
        "noise": _real,
        "reason": _text,
    },
    "orbits": _ATTEMPT | {"step": _whole, "variable": _whole, "truth": _real, "generated": _real},
    "environments": {
        "environment": _text,
        "hostname": _text,
        "platform": _text,
        "cpu": _text,
        "cores": _whole,
        "memory_bytes": _whole,
        "gpu": _text,
        "gpu_driver": _text,
        "python": _text,
        "jax": _text,
        "jaxlib": _text,
        "numpy": _text,
        "torch": _text,
        "matmul_precision": _text,
        "slurm_job": _text,
        "json": _text,  # everything that was captured
    },
}

TABLES = {
    name: pa.schema(columns, metadata={"schema_version": str(SCHEMA_VERSION), "table": name})
    for name, columns in _COLUMNS.items()
}


FORMER_NAMES = {"noise": "failure"}  # of columns in tables of version 1


def table(name: str, rows: list[dict]) -> pa.Table:
    """`rows` as an arrow table; columns that a row leaves out are null, unknown ones are an error of whoever made the row."""
    if name not in TABLES:
        raise KeyError(
            f'table "{name}": no such table. Known: {", ".join(TABLES)}. New tables are added in bench/storage/schema.py.'
        )
    schema = TABLES[name]
    for row in rows:
        if unknown := row.keys() - set(schema.names):
            raise KeyError(
                f'table "{name}" has no column {", ".join(sorted(unknown))}. Known: {", ".join(schema.names)}. '
                "New columns are added in bench/storage/schema.py."
            )
    columns = [pa.array([_plain(row.get(field.name)) for row in rows], field.type) for field in schema]
    return pa.Table.from_arrays(columns, schema=schema)


def _plain(value):
    """A Python value for a scalar of numpy or jax."""
    return value.item() if hasattr(value, "item") else value
