"""Full against diagonal Jacobians: how much worse is quasi-DEER training, and is it the solver or the adjoint?

Arms are compared as `verdicts.ranks` says. A run has not converged where its last loss is more than NOT_CONVERGED times the
median of those with full Jacobians; that most have not is tried by a sign test. Some diverge where at least one does and none
with full Jacobians. The exact adjoint repairs the training where it is better than the diagonal one, as good as full Jacobians.
"""

import numpy as np
import pandas as pd

from bench.showing.frames.cells import parameter
from bench.showing.frames.scores import final_losses, scores, solving
from bench.showing.verdicts import Verdict, decide
from bench.showing.verdicts.ranks import above, as_good, compared, counted, described, mostly, worse

SOURCE, OURS = "arXiv:2605.12683, Fig. 2", "a question of ours"
SEEDS = 5
FULL, PUBLISHED, EXACT = "full Jacobians", "diagonal Jacobians and adjoint", "diagonal Jacobians, exact adjoint"
NOT_CONVERGED = 3.0


def judge(tables) -> list[Verdict]:
    runs = _runs(tables)
    verdicts = []
    for observed, own in runs.groupby("observed", sort=False):
        arms = {arm: rows for arm, rows in own.groupby("arm")}
        if FULL in arms and PUBLISHED in arms:
            verdicts += _published(observed, arms[FULL], arms[PUBLISHED])
        if {FULL, EXACT, PUBLISHED} <= arms.keys():
            verdicts.append(_adjoint(observed, arms[FULL], arms[EXACT], arms[PUBLISHED]))
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
    def verdict(claim, holds, evidence):
        return Verdict(f"{observed}: {claim}", SOURCE, decide(holds, _seeds(full, other), SEEDS), evidence)

    lost, lost_full = (int(arm["status"].eq("diverged").sum()) for arm in (other, full))
    parts = [
        verdict(
            "with diagonal Jacobians an update needs more solver iterations",
            worse(other["updates"], full["updates"]),
            f"iterations {compared(other['updates'], full['updates'])}",
        ),
        verdict(
            "quasi-DEER training ends at a worse D_stsp",
            worse(other["divergence"], full["divergence"]),
            f"D_stsp {compared(other['divergence'], full['divergence'])}",
        ),
        verdict(
            "some quasi-DEER runs diverge",
            None if lost_full else lost > 0,
            f"{lost} of {len(other)} runs diverged, with full Jacobians {lost_full} of {len(full)}",
        ),
    ]
    return parts if observed == "fully observed" else [*parts[:1], _loss(full, other, verdict), *parts[1:]]


def _loss(full, other, verdict) -> Verdict:
    behind = other["loss"].dropna() > NOT_CONVERGED * full["loss"].median()
    return verdict(
        "the loss of quasi-DEER training does not converge",
        mostly(behind),
        f"{counted(behind)} end above {NOT_CONVERGED:g} times the median loss of full Jacobians, "
        f"{described(other['loss'])} against {described(full['loss'])}",
    )


def _adjoint(observed: str, full, exact, published) -> Verdict:
    repaired = as_good(exact["divergence"], full["divergence"])
    holds = None
    if repaired and above(published["divergence"], exact["divergence"]):
        holds = True
    elif repaired is False or as_good(published["divergence"], exact["divergence"]):
        holds = False
    evidence = (
        f"D_stsp {compared(exact['divergence'], published['divergence'])}, with full Jacobians {described(full['divergence'])}; "
        f"final loss {described(exact['loss'])} against {described(published['loss'])}"
    )
    claim = f"{observed}: the exact adjoint under the same diagonal solver repairs the training"
    return Verdict(claim, OURS, decide(holds, _seeds(full, exact, published), SEEDS), evidence)


def _seeds(*arms) -> int:
    return min(arm["seed"].nunique() for arm in arms)
