"""Tables as a run leaves them, made up: for tests of what reads tables. Plausible shapes, no measurements."""

import json

import numpy as np
import pandas as pd

CELLS = """cell attempt experiment measure method method_parameters system system_parameters measure_parameters T batch
    latent_dim hidden_dim alpha dtype device seed status error_type error_message iterations forecast forecast_low
    forecast_high residual value_error gradient_error compile_s trace_s lower_s first_call_s peak_bytes temp_bytes
    program_bytes wall_s started_utc environment git_sha git_dirty isolation job foreign_cores"""
COLUMNS = {
    "cells": CELLS.split(),
    "runtime": ["cell", "attempt", "phase", "repetition", "seconds", "iterations"],
    "newton": ["cell", "attempt", "sequence", "update", "residual", "step"],
    "prefixes": ["cell", "attempt", "sequence", "length", "updates"],
    "training": ["cell", "attempt", "update", "loss", "iterations", "alpha", "gradient_norm", "seconds"],
    "metrics": ["cell", "attempt", "metric", "value", "unit", "higher_is_better", "floor", "noise", "reason"],
    "orbits": ["cell", "attempt", "step", "variable", "truth", "generated"],
    "environments": ["environment", "json"],
}
DEFAULTS = {
    **{"attempt": 1, "experiment": "synthetic", "environment": "here", "job": "one", "system": "lorenz63", "T": 128, "batch": 16},
    **{"latent_dim": 3, "hidden_dim": 50, "alpha": 0.5, "dtype": "float32", "device": "cpu", "seed": 0},
}
METRICS = {"dstsp_gmm": (0.6, 0.033), "power_spectrum_hellinger": (0.08, 0.014), "rmse": (0.2, np.nan)}


class Tables:
    """Collects rows; `frames()` gives the mapping that a loaded run is."""

    def __init__(self, seed: int = 0):
        self.random = np.random.default_rng(seed)
        self._rows = {name: [] for name in COLUMNS}

    def cell(self, measure: str, method: str, status: str = "ok", **values) -> str:
        cell = f"cell{len(self._rows['cells']):04d}"
        message = None if status == "ok" else f"reason of the {status}\nsecond line"
        row = {
            **DEFAULTS,
            "cell": cell,
            "measure": measure,
            "method": method,
            "status": status,
            "error_message": message,
            **values,
        }
        for column in ("method_parameters", "system_parameters", "measure_parameters"):
            row[column] = json.dumps(values.get(column, {}))
        self._rows["cells"].append(row)
        return cell

    def add(self, table: str, cell: str, **columns) -> None:
        """Rows of one cell: as many as the longest column; scalars repeat."""
        length = max(np.size(value) for value in columns.values())
        values = {name: list(value) if np.ndim(value) else [value] * length for name, value in columns.items()}
        values |= {"cell": [cell] * length, "attempt": [1] * length}
        self._rows[table] += [dict(zip(values, row, strict=True)) for row in zip(*values.values(), strict=True)]

    def noise(self, scale: float, size=None):
        """Factors about one."""
        return np.exp(scale * self.random.standard_normal(size))

    def frames(self) -> dict:
        return {name: pd.DataFrame(rows, columns=COLUMNS[name]) for name, rows in self._rows.items()}


def runtime(methods=("sequential", "gtf-deer"), dims=(3,), lengths=(128, 512), failures=None, repeats=7, **values) -> dict:
    """A runtime run; `failures` maps (method, M, T) to a status."""
    tables = Tables()
    for order, method in enumerate(methods):
        for M, T in ((M, T) for M in dims for T in lengths):
            status = (failures or {}).get((method, M, T), "ok")
            measured = {"value_error": 1e-6, "gradient_error": 3e-6, "iterations": min(order, 5), "temp_bytes": 64.0 * T * M * M}
            cell = tables.cell("runtime", method, status, latent_dim=M, T=T, **measured, **values)
            if status in ("ok", "wrong_answer"):
                parallel = 2e-4 * (1 + 0.4 * order) + 2e-9 * T * M**1.5 * (1 + order)
                typical = 1.5e-6 * T if method == "sequential" else parallel
                for phase, factor in (("forward", 1.0), ("gradient", 2.7)):
                    seconds = factor * typical * tables.noise(0.1, repeats)
                    tables.add("runtime", cell, phase=phase, repetition=np.arange(repeats), seconds=seconds, iterations=3)
    return tables.frames()


def convergence(
    dims=(3, 6), alphas=(0.0, 0.1, 1.0), guesses=("pinv", "zero", "normal"), sequences=20, cap=100, rules=("residual",)
) -> dict:
    """A convergence run of one method; with weak forcing the exponent is positive and some sequences reach the cap."""
    tables = Tables()
    for M, alpha in ((M, alpha) for M in dims for alpha in alphas):
        exponent = 0.35 + np.log(1 - 0.97 * alpha) * (3 / M) ** 0.5
        for (penalty, guess), rule in ((each, rule) for each in enumerate(guesses) for rule in rules):
            typical = (1.5 if guess == "pinv" and M == 3 else 5 + penalty) * np.exp(4 * max(exponent + 0.25, -0.3))
            updates = np.ceil(typical * tables.noise(0.25, sequences)).clip(1 if alpha < 1 else 0, cap).astype(int)
            status = "not_converged" if (updates == cap).any() else "ok"
            parameters = {"guess": guess, "max_iterations": cap, "rule": rule}
            sizes = {"T": 4096, "latent_dim": M, "alpha": alpha, "iterations": updates.max()}
            cell = tables.cell("convergence", "gtf-deer", status, method_parameters=parameters, **sizes)
            for sequence, count in enumerate(updates):
                residual = np.geomspace(1, 1e-7 if count < cap else 1e-2, count + 1)
                tables.add("newton", cell, sequence=sequence, update=np.arange(count + 1), residual=residual, step=residual)
            tables.add(
                "metrics", cell, metric="forced_lyapunov", value=exponent, unit="1/step", higher_is_better=None, floor=np.nan
            )
    return tables.frames()


def reconstruction(methods=("sequential", "gtf-deer"), seeds=3, failures=None, diverging=(), updates=400) -> dict:
    """A training run; `failures` maps (method, seed) to a status, and seed 0 of `diverging` methods scores infinity."""
    tables = Tables()
    for (order, method), seed in (((order, method), seed) for order, method in enumerate(methods) for seed in range(seeds)):
        status = (failures or {}).get((method, seed), "ok")
        cell = tables.cell("reconstruction", method, status, seed=seed, job=method, T=200, latent_dim=10)
        at = np.arange(0, updates + 1, 20)
        if status in ("ok", "diverged"):
            loss = (1 + 0.2 * order) * (0.02 + np.exp(-at / 120)) * tables.noise(0.1, len(at))
            loss[len(at) // 2 if status == "diverged" else len(at) :] = np.nan
            solver = np.nan if method == "sequential" else 4 + 9 * order * np.exp(-at / 200) + tables.random.random(len(at))
            logged = {"update": at, "loss": loss, "iterations": solver, "seconds": at * 0.004}
            tables.add("training", cell, alpha=0.5, gradient_norm=1.0, **logged)
        if status == "ok":
            seconds = 0.006 / (1 + 0.4 * order) * tables.noise(0.15, 20)
            tables.add("runtime", cell, phase="update", repetition=np.arange(20), seconds=seconds, iterations=4)
            for metric, (typical, floor) in METRICS.items():
                value = np.inf if method in diverging and seed == 0 else typical * tables.noise(0.5)
                tables.add("metrics", cell, metric=metric, value=value, unit="", higher_is_better=False, floor=floor)
    return tables.frames()


def recurrence(
    tables, method, updates, *, exponent=-0.5, cap=1000, error=1e-9, seconds=1e-3, prefixes=None, merit=1e-12, **values
):
    """A cell of the measure `predictability`; more `updates` than the `cap` were not made. prefixes: {length: updates}."""
    solver = {} if updates is None else {"rule": "merit", "tolerance": 1e-10, "max_iterations": cap}
    solved = updates is None or updates <= cap
    sizes = {"T": 1000, "system": "mean-field", "alpha": np.nan} | values
    parameters = {"method_parameters": solver, "iterations": min(updates or 0, cap), "value_error": error}
    cell = tables.cell("predictability", method, **({"status": "ok" if solved else "not_converged"} | parameters | sizes))
    if sizes.get("status", "ok") not in ("ok", "not_converged"):
        return
    found = {"lyapunov": exponent, "lyapunov_per_time": exponent / 0.01, "lyapunov_error": 1e-4}
    for metric, value in (found | {"merit": merit, "trajectory_error": error}).items():
        tables.add("metrics", cell, metric=metric, value=value, unit="", higher_is_better=None)
    if solved:
        calls = seconds * tables.noise(0.02, 5)
        tables.add("runtime", cell, phase="forward", repetition=np.arange(5), seconds=calls, iterations=updates)
    if prefixes:
        counts = [count if count <= cap else None for count in prefixes.values()]
        tables.add("prefixes", cell, sequence=0, length=list(prefixes), updates=counts)


def predictability(methods=("sequential", "gtf-deer", "quasi-deer"), gains=(0.5, 1.0, 2.0), seeds=2, failures=None) -> dict:
    """Solves of mean-field networks; `failures` maps (method, gain, seed) to a status."""
    tables = Tables()
    for gain, seed in ((gain, seed) for gain in gains for seed in range(seeds)):
        for method in methods:
            updates = None if method == "sequential" else int({"gtf-deer": 3}.get(method, 8) * gain**8) + 3
            status = (failures or {}).get((method, gain, seed))
            more = {"status": status} if status else {}
            prefixes = None if updates is None else {1: 1, 10: 3, 500: updates}
            problem = {"system_parameters": {"gain": gain, "dim": 100}, "exponent": 0.6 * np.log(gain / 1.1)}
            recurrence(tables, method, updates, seed=seed, prefixes=prefixes, error=1e-9 * gain**30, **problem, **more)
    return tables.frames()


SIX = ("sequential", "deer", "quasi-deer", "gtf-deer", "gtf-quasi-deer", "gtf-schwarz")
RUNS = {
    "runtime": runtime(SIX, (3, 50), (128, 512), {("gtf-deer", 50, 512): "timeout", ("deer", 3, 128): "wrong_answer"}),
    "convergence": convergence(),
    "reconstruction": reconstruction(SIX, 3, {("deer", 0): "diverged", ("deer", 1): "timeout"}, ("quasi-deer",)),
    "predictability": predictability(failures={("gtf-deer", 1.0, 0): "timeout"}),
    "all failed": runtime(SIX, failures={(method, 3, T): "error" for method in SIX for T in (128, 512)}),
    "all crashed": reconstruction(SIX, 1, {(method, 0): "crashed" for method in SIX}),
}
