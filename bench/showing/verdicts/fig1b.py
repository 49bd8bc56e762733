"""Newton updates against forcing strength: how few are enough, and what is a first guess from the data worth?

The cells count updates sequence by sequence. Guesses are compared where all sequences converge, strength by strength, on the same
model and data; one helps where its median is lower by more than one update, as the count of a rule is no finer than that.
"""

import numpy as np

from bench.measure.outcome import ANSWERS
from bench.showing.frames.cells import of_measure, parameter
from bench.showing.frames.newton import SOLVER_SETTINGS, counts, exponents
from bench.showing.verdicts import Verdict, decide

SOURCE, CONTROL = "arXiv:2605.12683, Fig. 1B", "a control of ours"
OBSERVED = 3  # N: all variables of Lorenz-63
DATA, OTHERS = "pinv", ("zero", "normal")  # first guesses
FEW = 10
PUBLISHED_RULE, PUBLISHED_COUNT = "increment", 2
SEQUENCES = 5  # fewest that decide
STRENGTHS = 3


def judge(tables) -> list[Verdict]:
    tables = of_measure(tables, "convergence")
    cells = tables["cells"]
    cells = cells.assign(
        answered=cells["status"].isin(ANSWERS),
        exponent=cells["cell"].map(exponents(tables)),
        **{name: parameter(cells, name) for name in SOLVER_SETTINGS},
        # of a cell that crashed only the question is known
        **{name: parameter(cells, name).astype(float) for name in ("latent_dim", "alpha")},
    )
    known = cells[["cell", "latent_dim", "alpha", "exponent", "answered", *SOLVER_SETTINGS]]
    found = counts(tables)[["cell", "updates", "failed"]].merge(known, on="cell")
    found["updates"] = found["updates"].where(~found["failed"], np.inf)
    equal, larger = found[found["latent_dim"] <= OBSERVED], found[found["latent_dim"] > OBSERVED]
    verdicts = [_few(found), _published_count(equal), _guess(equal, True), _guess(larger, False), _expanding(found)]
    return [verdict for verdict in verdicts if verdict]


def _few(found) -> Verdict:
    strongest = found[found["alpha"] == found["alpha"].max()]
    solved = found.groupby("alpha")["updates"].max() < np.inf
    from_here = solved[::-1].cummin()[::-1]
    since = f"all sequences converge from alpha = {from_here.idxmax():g} on" if from_here.any() else "some always fail"
    claim = f"under strong forcing Newton needs few updates, at most {FEW}, whatever M and the first guess"
    evidence = f"{_counted(strongest)} at alpha = {strongest['alpha'].iloc[0]:g}; {since}"
    return Verdict(claim, SOURCE, _decided(bool((strongest["updates"] <= FEW).all()), strongest, SEQUENCES), evidence)


def _published_count(found) -> Verdict | None:
    own = found[(found["rule"] == PUBLISHED_RULE) & (found["guess"] == DATA)]
    if own.empty:
        return None
    strongest = own[own["alpha"] == own["alpha"].max()]
    medians = own.groupby("alpha")["updates"].median()
    listed = ", ".join(f"{count:g} at {alpha:g}" for alpha, count in medians[::-1].items() if np.isfinite(count))
    claim = f"where M = N strong forcing makes it {PUBLISHED_COUNT} updates, counted by the rule `{PUBLISHED_RULE}`"
    holds = bool((strongest["updates"] == PUBLISHED_COUNT).all())
    return Verdict(claim, SOURCE, _decided(holds, strongest, SEQUENCES), f"medians by alpha: {listed}")


def _guess(found, helps: bool) -> Verdict | None:
    """Whether a first guess from the data saves updates, as claimed for M = N, or does not, as claimed for M > N.

    Under strong forcing so few are needed that there is nothing to save: that it helps is decided at the weakest strength.
    """
    keys = ["latent_dim", "rule", "alpha"]
    solved = found[found.groupby(keys)["updates"].transform("max") < np.inf]
    if not {DATA, *OTHERS} <= set(solved["guess"]):
        return None
    medians = solved.pivot_table(index=keys, columns="guess", values="updates", aggfunc="median").dropna()
    saved = (medians[list(OTHERS)].min(axis=1) - medians[DATA]).groupby("alpha").median()
    fewer = saved > 1
    claim = f"where M {'=' if helps else '>'} N a first guess from the data saves {'updates' if helps else 'none'}"
    holds = bool(fewer.iloc[0]) if helps else True if not fewer.any() else False if fewer.all() else None
    listed = ", ".join(f"{count:g} at {alpha:g}" for alpha, count in saved.items())
    return Verdict(
        claim, SOURCE, _decided(holds if len(saved) >= STRENGTHS else None, found), f"updates saved by alpha: {listed}"
    )


def _expanding(found) -> Verdict | None:
    own, others = found[found["exponent"] > 0], found[~(found["exponent"] > 0)]
    if own.empty:
        return None
    claim = "where the forced map expands, its Lyapunov exponent above 0, Newton does not converge"
    failed = f"{own['failed'].sum()} of {len(own)} sequences failed, elsewhere {others['failed'].sum()} of {len(others)}"
    holds = True if own["failed"].all() else False if own["failed"].mean() < 0.5 else None
    return Verdict(claim, CONTROL, _decided(holds, own, SEQUENCES), failed)


def _decided(holds: bool | None, own, enough: int = 1) -> str:
    """Undecided, too, while cells have left no answer: the next may turn it round."""
    return decide(holds if own["answered"].all() else None, len(own), enough)


def _counted(own) -> str:
    return f"{own['updates'].median():g} [{own['updates'].min():g}, {own['updates'].max():g}] over {len(own)} sequences"
