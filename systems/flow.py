"""Systems given by an ordinary differential equation: a subclass adds its parameters and `field`."""

import dataclasses
import functools
from typing import ClassVar, Literal

import numpy as np
from jaxtyping import Array, Float

from settings import Natural, NonNegative, Positive
from systems.checks import SPLITS, check_choice, check_seed, check_size, column_indices
from systems.integrate import integrate
from systems.trajectory import Standardisation, Trajectory, add_noise

REFERENCE = 100_000  # rows from which mean and standard deviation are taken: the length of the published series
AT_REST = 1e-6  # relative to max(1, |y|); smaller changes are the integrator's error


@dataclasses.dataclass(frozen=True, kw_only=True)
class Flow:
    """Trajectories of `y' = field(t, y)` sampled every `dt`, standardised, noisy if asked, and observed in part if asked.

    Every seed and split is an orbit of its own: it has its own start, and its first `transient` steps are dropped.
    """

    name: ClassVar[str]
    variables: ClassVar[tuple[str, ...]]  # a property where their number is a setting
    start: ClassVar[tuple[float, ...]]

    dt: Positive  # time between rows
    transient: Natural  # steps dropped before row 0
    observed: str = ""  # the observed variables, "xz" or "x,z"; "" or "all": every one
    noise: NonNegative = 0.0  # std of the observation noise on the training orbit, in units of the standardised values
    standardise: Literal["train", "each", "none"] = "train"  # statistics of the training orbit, of "each" orbit's own, or "none"

    def __post_init__(self):
        self.columns()

    @property
    def observed_dim(self) -> int:
        """N, the number of observed variables."""
        return len(self.columns())

    def field(self, t: Float[Array, ""], y: Float[Array, "dim"]) -> Float[Array, "dim"]:
        """The time derivative of `y` at time `t`, traceable by JAX."""
        raise TypeError(f"{type(self).__name__} must define field(t, y).")

    def initial_state(self, seed: int, split: str) -> Float[np.ndarray, "dim"]:
        """`start` for the training orbit of seed 0; `start` plus N(0, 1) in every variable for the others."""
        if (seed, split) == (0, "train"):
            return np.array(self.start, dtype=np.float64)
        return self.start + np.random.default_rng([seed, SPLITS.index(split)]).standard_normal(len(self.start))

    def initial_time(self, seed: int, split: str) -> float:
        """t at `initial_state`, for a field that depends on it."""
        return 0.0

    def columns(self) -> list[int]:
        """Indices of the observed variables."""
        if self.observed in ("", "all"):
            return list(range(len(self.variables)))
        whole = "," in self.observed or self.observed in self.variables
        wanted = [name.strip() for name in self.observed.split(",")] if whole else list(self.observed)
        return column_indices(wanted, self.variables, label=f'system "{self.name}"', key="observed")

    def sample(self, T: int, seed: int = 0, split: str = "train") -> Trajectory:
        """The first `T` rows of the orbit of this seed and split; a longer sample starts with the shorter one.

        Mean and standard deviation are those of the first 10⁵ noise-free rows of the training orbit of this seed, whatever `T`,
        so that training and test samples of any length are standardised alike. Noise is added to the training orbit only, after
        standardising; the observed variables are selected last. Raises `ValueError` for an unknown split, T < 1 or a constant
        variable.
        """
        label = f'system "{self.name}"'
        check_choice(split, SPLITS, label=label, key="split")
        check_size(T, label=label)
        check_seed(seed, label=label)
        standardisation = self._standardisation(seed, split)
        values = standardisation.apply(self._clean(T, seed, split))
        if split == "train":
            values = add_noise(values, self.noise, seed)
        seen = self.columns()
        return Trajectory(values[:, seen], self.dt, Standardisation(standardisation.mean[seen], standardisation.std[seen]))

    def _standardisation(self, seed: int, split: str) -> Standardisation:
        if self.standardise == "none":
            return Standardisation.identity(len(self.variables))
        source = split if self.standardise == "each" else "train"
        orbit = self._clean(REFERENCE, seed, source)
        return Standardisation.of(orbit, self.variables, label=f'system "{self.name}"', resolution=AT_REST, least=1.0)

    def _clean(self, T: int, seed: int, split: str) -> Float[np.ndarray, "T dim"]:
        dynamics = dataclasses.replace(self, observed="", noise=0.0, standardise="train")  # only what the orbit depends on
        whole = -(-T // REFERENCE) * REFERENCE  # rounded up, so that samples of different lengths share one orbit
        return _orbit(dynamics, seed, split, whole)[:T]


@functools.lru_cache(maxsize=4)  # train and test orbits of two systems
def _orbit(flow: Flow, seed: int, split: str, length: int) -> Float[np.ndarray, "length dim"]:
    start, t0 = flow.initial_state(seed, split), flow.initial_time(seed, split)
    orbit = integrate(flow, start, flow.transient + length, t0=t0)[flow.transient :]
    orbit.flags.writeable = False
    return orbit
