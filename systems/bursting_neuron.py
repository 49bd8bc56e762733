"""A neuron that fires in bursts."""

import dataclasses
from typing import ClassVar

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from references import Reference
from references.papers import HESS2026
from settings import Natural, NonNegative, Positive, Real
from systems.checks import SPLITS
from systems.flow import Flow

# mS, mV, ms and µF per cm²; the published constants of the model as the group uses them.
CAPACITY = 6.0
LEAK, E_LEAK = 8.0, -80.0
SODIUM, E_SODIUM, V_M, K_M = 20.0, 60.0, -20.0, 15.0
POTASSIUM, E_POTASSIUM, V_N, K_N, TAU_N = 10.0, -90.0, -25.0, 5.0, 1.0
SLOW, V_H, K_H, TAU_H = 25.0, -15.0, 5.0, 200.0


DURSTEWITZ2009 = Reference(
    key="durstewitz2009",
    kind="article",
    author=("Daniel Durstewitz",),
    title="Implications of synaptic biophysics for recurrent network dynamics and active memory",
    journal="Neural Networks",
    volume="22",
    number="8",
    pages="1189–1200",
    year=2009,
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class BurstingNeuron(Flow):
    """Membrane potential V (mV), and slow and fast potassium gates h and n, driven by an NMDA current; time in ms.

        C V' = -g_L (V - E_L) - g_Na m∞(V) (V - E_Na) - (g_K n + g_M h) (V - E_K) - g_NMDA s∞(V) V
          n' = (n∞(V) - n) / τ_n          h' = (h∞(V) - h) / τ_h

    At g_NMDA = 10.2 bursts of 15 spikes, 4 ms apart, come every 148.1 ms; at 10.1 it spikes without pause. The orbit is periodic,
    so training and test orbits differ only in phase. The slow gate h, the memory from one burst to the next, is not observed
    unless asked for. Durstewitz 2009; arXiv:2605.12683, Sect. 5.3.
    """

    name: ClassVar[str] = "bursting-neuron"
    summary: ClassVar[str] = "a neuron that fires in bursts, whose slow variable is not observed"
    references: ClassVar[tuple[Reference, ...]] = (DURSTEWITZ2009, HESS2026)
    variables: ClassVar[tuple[str, ...]] = ("V", "n", "h")
    start: ClassVar[tuple[float, ...]] = (-24.4694, 0.0386, 0.0231)

    dt: Positive = 0.1
    transient: Natural = 5000
    observed: str = "V,n"
    noise: NonNegative = 0.05
    nmda: Real = 10.2  # g_NMDA

    def field(self, t: Float[Array, ""], y: Float[Array, "3"]) -> Float[Array, "3"]:
        V, n, h = y
        currents = (
            LEAK * (V - E_LEAK)
            + SODIUM * _gate(V, V_M, K_M) * (V - E_SODIUM)
            + (POTASSIUM * n + SLOW * h) * (V - E_POTASSIUM)
            + self.nmda * V / (1 + 0.33 * jnp.exp(-0.0625 * V))
        )
        return jnp.stack([-currents / CAPACITY, (_gate(V, V_N, K_N) - n) / TAU_N, (_gate(V, V_H, K_H) - h) / TAU_H])

    def initial_state(self, seed: int, split: str) -> Float[np.ndarray, "3"]:
        """`start`, with another potential: -60 mV for the test orbit of seed 0, one as between bursts for other seeds."""
        if seed == 0:
            potential = self.start[0] if split == "train" else -60.0
        else:
            potential = np.random.default_rng([seed, SPLITS.index(split)]).uniform(-70, -50)
        return np.array([potential, *self.start[1:]])


def _gate(V, half, slope):
    return 1 / (1 + jnp.exp((half - V) / slope))


SYSTEMS = {"bursting-neuron": BurstingNeuron}
