"""What verdicts on recurrences share: which are predictable, when a solver deteriorates, how fast its updates grow with length.

An update is the least that is counted, so one more or less is no difference. A solve that was stopped at its cap counts as
infinitely many updates.
"""

import numpy as np
import pandas as pd

from bench.showing.frames.predictability import by_length
from bench.showing.verdicts import Verdict, decide
from bench.showing.vocabulary.numbers import number, tidy
from bench.showing.vocabulary.symbols import symbol

SOURCE = "arXiv:2508.16817"
NEWTON, QUASI, DESCENT = "deer", "quasi-deer", "merit-descent"
ERRORS = 2  # standard errors: an exponent that is nearer to 0 has no sign
CLEARLY = 0.05  # per step: predictable beyond doubt
MANY = 10.0  # times as many updates: an order of magnitude
SPAN = 100  # times as long: over how many lengths a growth is read off
SEEDS = 3  # fewest that decide


def of_longest(found: pd.DataFrame, method: str = NEWTON) -> pd.DataFrame:
    """The solves of a method on the longest sequences that it was asked for, those that left no answer aside."""
    own = found[(found["method"] == method) & found["updates"].notna()]
    return own[own["T"] == own["T"].max()]


def sides(own: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows whose exponent is below 0 and those whose is above, by more than its error; where that is unknown, by any."""
    error = ERRORS * own["lyapunov_error"].fillna(0.0)
    return own[own["lyapunov"] < -error], own[own["lyapunov"] > error]


def counted(updates: pd.Series) -> str:
    """`5 [3, 152] over 30 solves`."""
    if updates.empty:
        return "no solves"
    ends = f"[{number(updates.min())}, {number(updates.max())}]"
    return f"{number(updates.median())} {ends} over {len(updates)} solve{'s' if len(updates) > 1 else ''}"


def earlier(found: pd.DataFrame, figure: str) -> list[Verdict]:
    """Whether quasi-Newton and gradient descent deteriorate at smaller values of the varied setting than full Newton."""
    setting = next(iter(found.attrs["varied"]), None)
    lengths = found.groupby("method")["T"].unique()
    verdicts = []
    for method in (QUASI, DESCENT) if setting and NEWTON in lengths else ():
        shared = set(lengths[NEWTON]) & set(lengths.get(method, ()))
        if shared:
            alike = found[found["T"] == max(shared)]
            verdicts.append(_earlier(*(onsets(alike, each, setting) for each in (method, NEWTON)), method, setting, figure))
    return verdicts


def onsets(found: pd.DataFrame, method: str, setting: str) -> pd.Series:
    """For each seed the smallest value at which a method needs `MANY` times the updates it needs at the smallest one.

    Infinite where it never does; the smallest value itself where it fails already there.
    """
    own = of_longest(found, method)
    first = {}
    for seed, line in own.sort_values(setting).groupby("seed"):
        allowed = MANY * max(line["updates"].iloc[0], 1.0)
        late = line.loc[(line["updates"] > allowed) | np.isinf(line["updates"]), setting]
        first[seed] = float(late.iloc[0]) if len(late) else np.inf
    return pd.Series(first, dtype=float)


def _earlier(own: pd.Series, newton: pd.Series, method: str, setting: str, figure: str) -> Verdict:
    own, newton = own.align(newton, join="inner")
    sooner = own < newton
    holds = True if sooner.all() else False if not sooner.any() else None
    claim = f"{method} deteriorates at a smaller {'gain' if setting == 'gain' else setting} than {NEWTON}"
    ends = ", ".join(f"{name} {_range(values, setting)}" for name, values in ((method, own), (NEWTON, newton)))
    evidence = f"sooner for {sooner.sum()} of {len(sooner)} seeds; {MANY:g} times its fewest updates, or the cap: {ends}"
    return Verdict(claim, f"{SOURCE}, {figure}", decide(holds, len(sooner), SEEDS), evidence)


def _range(values: pd.Series, setting: str) -> str:
    """`from g = 1.2 on`, or with several seeds `from g = 1.2 to 1.4 on, for 1 seed never`."""
    known = values[np.isfinite(values)]
    if known.empty:
        return "never"
    ends = " to ".join(dict.fromkeys(tidy(float(value)) for value in (known.min(), known.max())))
    never = len(values) - len(known)
    return f"from {symbol(setting)} = {ends} on" + (f", for {never} seed{'s' if never > 1 else ''} never" if never else "")


def grown(tables, method: str = NEWTON) -> pd.DataFrame:
    """One row per solve: the updates of its longest prefix, and of one `SPAN` times shorter; `length` and `before` are theirs.

    Solves are those of one problem, so that sequences of several lengths do as well as prefixes of one.
    """
    found = by_length(tables | {"cells": tables["cells"][tables["cells"]["method"] == method]})
    own, rows = found[found["updates"].notna()], []
    keys = ["system", *found.attrs["varied"], "label", "seed"]
    for _, line in own.groupby(keys, dropna=False):
        line = line.sort_values(["length", "updates"]).drop_duplicates("length")
        last = line.iloc[-1]
        shorter = line[line["length"] * SPAN <= last["length"]]
        if len(shorter) and shorter["length"].iloc[-1] > 1:
            known = {name: last[name] for name in (*keys, "lyapunov", "length", "updates")}
            rows.append(known | {"before": shorter["length"].iloc[-1], "updates_before": shorter["updates"].iloc[-1]})
    return pd.DataFrame(rows, columns=[*keys, "lyapunov", "length", "updates", "before", "updates_before"])
