"""Two-level iterations on window starts: parareal, and MGRIT with F- or FCF-relaxation.

Time is cut into K windows of C steps; U_n is the state at time nC, U_0 = z_0, and Φ_n the C fine steps of window n. All windows
run side by side from the present U. Then a cheap coarse map 𝒢 (`methods.problem.coarse`), which stands in for Φ, carries the
corrections from window to window:

    U'_{n+1} = Φ_n(U_n) + 𝒢_n(U'_n) − 𝒢_n(U_n)            K steps of 𝒢, one after the other

is parareal (Lions, Maday, Turinici 2001; MGRIT's F-relaxation). FCF-relaxation first hands the ends on, U_{n+1} ← Φ_n(U_n), and
runs all windows once more (Falgout et al. 2014, doi 10.1137/130944230). With 𝒢 = 0 both are chunk Jacobi, as in `schwarz`.

A 𝒢 that expands can overflow on its way through K windows although the states stay finite. A correction is the difference of two
states, so one that is larger than the states themselves, or not a number, cannot be right: it is left out, and the next window
starts as in chunk Jacobi.

After i iterations U_0 … U_i are exact (FCF: U_0 … U_{2i}), whatever 𝒢, so K iterations (FCF: ⌈K/2⌉) always suffice. Fewer do
where 𝒢 is close to Φ, or where Φ forgets its start; where neither holds, going step by step is faster.
"""

import dataclasses
from typing import ClassVar, Literal

import jax
import jax.numpy as jnp
from jax import lax

from methods.adjoint import Adjoint
from methods.forcing import Forcing
from methods.layout import cost
from methods.problem.coarse import CoarseMap, change_of
from methods.solvers.windows.relaxation import Relaxation
from methods.solvers.windows.sweeps import At, Given
from references import Reference
from settings import Limit

LIONS2001 = Reference(  # parareal
    key="lions2001",
    kind="article",
    author=("Jacques-Louis Lions", "Yvon Maday", "Gabriel Turinici"),
    title="Résolution d'EDP par un schéma en temps “pararéel”",
    journal="Comptes Rendus de l'Académie des Sciences – Series I – Mathematics",
    volume="332",
    number="7",
    pages="661–668",
    year=2001,
)
FALGOUT2014 = Reference(  # MGRIT
    key="falgout2014",
    kind="article",
    author=("R. D. Falgout", "S. Friedhoff", "Tz. V. Kolev", "S. P. MacLachlan", "J. B. Schroder"),
    title="Parallel time integration with multigrid",
    journal="SIAM Journal on Scientific Computing",
    volume="36",
    number="6",
    pages="C635–C661",
    year=2014,
    doi="10.1137/130944230",
)


@dataclasses.dataclass(frozen=True)
class TwoLevel(Relaxation):
    """Windows whose starts a coarse map corrects, one window after the other. Depth C + K per iteration.

    An iteration with FCF-relaxation has two sweeps; where the number of steps per window is not set, its windows are half as
    long to make up for it. `iterations` counts corrections by the coarse map, `evaluations` counts fine sweeps.
    """

    uses_coarse: ClassVar[bool] = True

    coarse: CoarseMap = "blend"
    relaxation: Literal["F", "FCF"] = "F"
    trust: Limit = 1.0  # largest correction 𝒢(U') − 𝒢(U), in units of 1 + max |z|; infinity is the textbook iteration

    @property
    def references(self) -> tuple[Reference, ...]:
        """The paper of parareal, or that of MGRIT for FCF-relaxation."""
        return (LIONS2001,) if self.relaxation == "F" else (FALGOUT2014,)

    @property
    def sweeps_per_update(self) -> int:
        return self.relaxation.count("F")

    def restart(self, given: Given, at: At):
        change = change_of(self.coarse, given.problem.coarse, given.windows.C)
        if change is None:
            return at.handed_on, ()
        if self.sweeps_per_update == 1:
            return _correct(given, change, at, self.trust), ()
        ends_an_update = at.sweeps.max() % self.sweeps_per_update == 0
        return lax.cond(ends_an_update, lambda: _correct(given, change, at, self.trust), lambda: at.handed_on), ()


def _correct(given, change, at, trust):
    """U'_0 … U'_{K−1} from U and the ends of the windows, one window after the other.

    change  (new, old, x) ↦ 𝒢(new) − 𝒢(old), see `methods.problem.coarse.change_of`
    trust   largest correction that is made, in units of 1 + max |z|
    """
    windows, devices = given.windows, given.devices

    def window(new, before):
        old, end, x = before
        correction = change(new, old, x)
        # exactly 0 where nothing has changed: the rounding of the coarse map must not move starts that are exact
        kept = (jnp.abs(correction) <= trust * at.size).all(0) & (new != old).any(0)
        new = end + jnp.where(kept, correction, 0)
        return new, new

    firsts = jax.tree.map(lambda leaf: leaf[0], given.problem.inputs)
    starts, ends, firsts = jax.tree.map(lambda leaf: windows.one_by_one(devices.gather(leaf)), (at.starts, at.handed_on, firsts))
    inner = starts[:-1], ends[1:], jax.tree.map(lambda leaf: leaf[:-1], firsts)
    corrected = jnp.concatenate([starts[:1], lax.scan(window, starts[0], inner, unroll=cost.unroll())[1]])
    return devices.own(windows.side_by_side(corrected))


METHODS = {
    "gtf-parareal": dict(
        solver=TwoLevel(),
        forcing=Forcing("projected"),
        adjoint=Adjoint(adjoint_scan="windows"),
        summary="windows of time side by side, corrected one after the other by a coarse map (parareal)",
    ),
    "gtf-mgrit": dict(
        solver=TwoLevel(coarse="euler", relaxation="FCF"),
        forcing=Forcing("projected"),
        adjoint=Adjoint(adjoint_scan="windows"),
        summary="parareal whose updates go through the windows twice (MGRIT with FCF-relaxation)",
    ),
}
