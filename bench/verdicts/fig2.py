"""Full against diagonal Jacobians: how much worse is quasi-DEER training, and is it the solver or the adjoint?"""

import numpy as np
import pandas as pd

from bench.tables.grouping import parameter
from bench.tables.reconstruction import final_losses, scores, solving
from bench.verdicts import Verdict, decide

SOURCE = "arXiv:2605.12683, Fig. 2"
SEEDS = 5
FULL, PUBLISHED, EXACT = "full Jacobians", "diagonal Jacobians and adjoint", "diagonal Jacobians, exact adjoint"
NOT_CONVERGED = 3.0  # a loss that is this many times that of full Jacobians has not converged


def judge(tables) -> list[Verdict]:
    runs = _runs(tables)
    verdicts = []
    for observed, own in runs.groupby("observed", sort=False):
        arms = {arm: rows for arm, rows in own.groupby("arm")}
        if FULL in arms and PUBLISHED in arms:
            verdicts += _published(observed, arms[FULL], arms[PUBLISHED])
        if EXACT in arms and PUBLISHED in arms:
            verdicts += _adjoint(observed, arms[EXACT], arms[PUBLISHED])
    return verdicts


def _runs(tables) -> pd.DataFrame:
    """One row per run that was scored or diverged: arm, what is observed, updates of the solver, final loss, D_stsp, status."""
    cells = tables["cells"]
    diagonal, published = cells["method"] == "gtf-quasi-deer", parameter(cells, "adjoint") == "diagonal"
    arm = np.where(diagonal, np.where(published, PUBLISHED, EXACT), FULL)
    observed = parameter(cells, "observed").map(lambda name: f"observed {name}" if name else "fully observed")
    updates = solving(tables["training"]).groupby("cell")["iterations"].mean()
    found = scores(tables)
    divergence = found[found["metric"] == "dstsp_gmm"].set_index("cell")["value"]
    runs = cells[["cell", "status", "seed"]].assign(arm=arm, observed=observed)
    for name, values in {"updates": updates, "loss": final_losses(tables), "divergence": divergence}.items():
        runs[name] = runs["cell"].map(values).astype(float)
    return runs[runs["divergence"].notna() | runs["status"].eq("diverged")]


def _published(observed: str, full, other) -> list[Verdict]:
    seeds = min(len(full), len(other))

    def verdict(claim, holds, evidence):
        return Verdict(f"{observed}: {claim}", SOURCE, decide(holds, seeds, SEEDS), f"{evidence}; {seeds} seeds each")

    parts = [
        verdict(
            "with diagonal Jacobians an update needs more solver iterations",
            _above(other["updates"], full["updates"]),
            f"{_median(other['updates'])} against {_median(full['updates'])} iterations",
        ),
        verdict(
            "quasi-DEER training ends at a worse D_stsp",
            _above(other["divergence"], full["divergence"]),
            f"{_median(other['divergence'])} against {_median(full['divergence'])}",
        ),
        verdict(
            "some quasi-DEER runs diverge",
            other["status"].eq("diverged").any(),
            f"{other['status'].eq('diverged').sum()} runs diverged, with full Jacobians {full['status'].eq('diverged').sum()}",
        ),
    ]
    if observed != "fully observed":
        parts.insert(
            1,
            verdict(
                "the loss of quasi-DEER training does not converge",
                _above(other["loss"], NOT_CONVERGED * full["loss"]),
                f"final loss {_median(other['loss'])} against {_median(full['loss'])}, counted as not converged above "
                f"{NOT_CONVERGED:g} times",
            ),
        )
    return parts


def _adjoint(observed: str, exact, published) -> list[Verdict]:
    better = _above(published["divergence"], exact["divergence"])
    evidence = (
        f"D_stsp {_median(exact['divergence'])} against {_median(published['divergence'])}, final loss {_median(exact['loss'])} "
        f"against {_median(published['loss'])}, diverged {exact['status'].eq('diverged').sum()} against "
        f"{published['status'].eq('diverged').sum()} of {min(len(exact), len(published))} seeds"
    )
    claim = f"{observed}: the exact adjoint under the same diagonal solver repairs the training"
    return [Verdict(claim, "a question of ours", decide(better, min(len(exact), len(published)), SEEDS), evidence)]


def _above(first, second) -> bool | None:
    """Whether the median of `first` is above that of `second`; None where one of them has no values."""
    medians = first.median(), second.median()
    return None if np.isnan(medians).any() else bool(medians[0] > medians[1])


def _median(values) -> str:
    return f"{values.median():.3g} [{values.min():.3g}, {values.max():.3g}]"
