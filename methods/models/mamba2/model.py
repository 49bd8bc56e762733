"""A Mamba-2 block between a linear lift of the data and the read-out of an LSSM.

    e_t = W_e x_{t-1} + b_e                                        [g | v | B | C | a] = W_in e_t
    [v | B | C] ← SiLU(causal depthwise convolution of the last w)
    Δ = softplus(a + a_0),  Λ = −exp(ℓ)                            one each per head
    S_t = exp(Δ_t Λ) S_{t-1} + Δ_t X_t ⊗ B_t                       X = v split in heads, S (p, n) per head
    y_t = S_t C_t + D X_t
    o_t = W_out RMSNorm(y_t ⊙ SiLU(g_t))                           x̂_t = W_o φ(V o_t + b_h) + b_o

The recurrence is linear in S, so it needs no iteration: `ssd` solves it by chunks of time. The block is the published one of
state-spaces/mamba, with one group. Dao and Gu 2024, arXiv:2405.21060; with this lift and read-out Hess et al. 2026,
arXiv:2605.12683, App. H.4.
"""

import dataclasses
from typing import Any, ClassVar, NamedTuple

import jax
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Float

from methods.layout import cost
from methods.models.mamba2 import ssd
from methods.models.model import Model, Shape
from methods.models.readout import perceptron
from methods.problem import Map, Problem
from references import Reference
from references.papers import DAO2024, HESS2026
from settings import Count

EPSILON = 1e-5  # of the RMS norm, as published


class BlockState(NamedTuple):
    """The state of a block that runs step by step."""

    S: Any  # (..., H, p, n)
    window: Any  # (..., w - 1, r) the last rows that it read, for its convolution
    o: Any  # (..., d) its last output


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class Mamba2(Model):
    """Parameters of a Mamba-2 model; d_i = H p.

    There are (N+1)d + d(2d_i + 2n + H) + (d_i + 2n)(w+1) + 3H + d_i + d_i d + dL + L + LN + N of them.
    """

    forcings: ClassVar = ("input",)

    W_e: Any  # (d, N)
    b_e: Any  # (d,)
    W_in: Any  # (2 d_i + 2 n + H, d)
    kernel: Any  # (d_i + 2 n, w) of the convolution; its last column acts on the present row
    kernel_bias: Any  # (d_i + 2 n,)
    a_0: Any  # (H,)
    log_decay: Any  # (H,) ℓ
    D: Any  # (H,)
    scale: Any  # (d_i,) of the norm
    W_out: Any  # (d, d_i)
    V: Any  # (L, d)
    b_h: Any  # (L,)
    W_o: Any  # (N, L)
    b_o: Any  # (N,)

    @property
    def observed_dim(self) -> int:
        return self.W_e.shape[-1]

    @property
    def latent_dim(self) -> int:
        return self.W_e.shape[-2]

    @property
    def heads(self) -> int:
        return self.a_0.shape[-1]

    @property
    def inner_dim(self) -> int:
        """d_i."""
        return self.W_out.shape[-1]

    @property
    def state_dim(self) -> int:
        """n."""
        return (self.kernel.shape[-2] - self.inner_dim) // 2

    def pose(self, forcing, x, *, alpha=None, parts=False, key=None, progress=None):
        """A problem that only `solvers.ssd` can solve: its states are the outputs o_t `(T, ..., d)` of the block."""
        outputs = jnp.zeros((x.shape[0] - 1, *x.shape[1:-1], self.latent_dim), x.dtype)
        return Problem(Block(self), outputs[0], x[:-1]), outputs

    def first_state(self, x: Float[Array, "... N"]) -> BlockState:
        """The state before any data have been read, for data shaped like x."""
        batch, p = x.shape[:-1], self.inner_dim // self.heads
        S = jnp.zeros((*batch, self.heads, p, self.state_dim), x.dtype)
        window = jnp.zeros((*batch, self.kernel.shape[-1] - 1, self._rows(x).shape[-1]), x.dtype)
        return BlockState(S, window, jnp.zeros((*batch, self.latent_dim), x.dtype))

    def step(self, state: BlockState, x: Float[Array, "... N"]) -> BlockState:
        """One step of the recurrence."""
        window = jnp.concatenate([state.window, self._rows(x)[..., None, :]], axis=-2)
        gate, X, dt, rate, B, C = self._mixer()(window.reshape(*window.shape[:-2], -1))
        S = jnp.exp(dt * rate)[..., None, None] * state.S + (dt[..., None] * X)[..., None] * B[..., None, None, :]
        y = jnp.einsum("...hpn,...n->...hp", S, C)
        return BlockState(S, window[..., 1:, :], self._out(y, X, gate))

    def run(
        self, x: Float[Array, "T ... N"], chunk: int = 0, state: BlockState | None = None
    ) -> tuple[Float[Array, "T ... d"], BlockState]:
        """All T steps at once: the outputs, and the state at the end.

        x      (T, ..., N)
        chunk  steps per chunk; 0: what suits the device
        state  before the first step; None: that before any data
        """
        state = self.first_state(x[0]) if state is None else state
        T, w = x.shape[0], self.kernel.shape[-1]
        past = jnp.concatenate([jnp.moveaxis(state.window, -2, 0), self._rows(x)])
        taps = jnp.concatenate([past[i : i + T] for i in range(w)], axis=-1)
        mixed = self._mixer()

        def some(S, taps):
            gate, X, dt, rate, B, C = mixed(taps)
            y, S = ssd.scan(X, dt, rate, B, C, S)
            return S, self._out(y, X, gate)

        S, o = ssd.by_pieces(some, state.S, ssd.cut(taps, min(chunk, T) or cost.size(cost.here().ssd_chunk, T)))
        o = ssd.join(o, T)
        return o, BlockState(S, jnp.moveaxis(past[T:], 0, -2), o[-1])

    def readout(self, o: Float[Array, "... d"]) -> Float[Array, "... N"]:
        return perceptron(self, o)

    def visible(self, state: BlockState):
        return state.o

    def warmed_up(self, forcing, x, alpha=None):
        return self.run(x)[1]

    def free(self):
        return lambda state: self.step(state, self.readout(state.o))

    def lift(self) -> tuple:
        """The matrices that make g `(r, d_i)`, [v | B | C] `(r, d_i + 2 n)` and a `(r, H)` of the rows that the block reads.

        Lift and projection are linear: where the data have fewer variables than the block has inputs, one matrix does both.
        """
        if self.observed_dim < self.latent_dim:
            whole = jnp.concatenate([self.W_e.T, self.b_e[None]]) @ self.W_in.T
        else:
            whole = jnp.concatenate([self.W_in.T, jnp.zeros_like(self.W_in, shape=(1, self.W_in.shape[0]))])
        return tuple(jnp.split(whole, (self.inner_dim, self.inner_dim + self.kernel.shape[-2]), axis=-1))

    def _rows(self, x):
        """The rows that the block reads `(..., r)`, for data x.

        A 1 is appended: it carries the bias of the lift, and tells a row of data from the zeros that stand for no data.
        """
        rows = x if self.observed_dim < self.latent_dim else x @ self.W_e.T + self.b_e
        return jnp.concatenate([rows, jnp.ones_like(rows[..., :1])], axis=-1)

    def _mixer(self):
        """A function of the last w rows `(..., w r)` to gate, X `(..., H, p)`, Δ `(..., H)`, Λ `(H,)`, B and C `(..., n)`.

        Lift, projection and convolution are linear, one after the other, so they become one matrix product.
        """
        of_gate, of_channels, of_a = self.lift()
        mixing = (self.kernel.T[:, None] * of_channels).reshape(-1, of_channels.shape[-1])
        ends = self.inner_dim, self.inner_dim + self.state_dim
        parts = list(zip(jnp.split(mixing, ends, axis=-1), jnp.split(self.kernel_bias, ends), strict=True))
        rate = -jnp.exp(self.log_decay)

        def mixed(taps):
            X, B, C = (jax.nn.silu(taps @ weights + bias) for weights, bias in parts)
            now = taps[..., -len(of_gate) :]
            gate, a = now @ of_gate, now @ of_a
            dt = taps[..., -1:] * jax.nn.softplus(a + self.a_0)  # Δ = 0 where nothing is read
            return gate, X.reshape(*X.shape[:-1], self.heads, -1), dt, rate, B, C

        return mixed

    def _out(self, y, X, gate):
        y = (y + self.D[:, None] * X).reshape(gate.shape) * jax.nn.silu(gate)
        return (y * jax.lax.rsqrt(jnp.mean(y**2, -1, keepdims=True) + EPSILON) * self.scale) @ self.W_out.T


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class Block(Map):
    """A block as part of a problem. It carries S from step to step, not its output, and so is no map of outputs to outputs."""

    own_solver: ClassVar[str] = "mamba2"

    params: Mamba2

    def __call__(self, z, u):
        raise TypeError(f"a Mamba-2 block is no map z ↦ F(z, u) of its outputs; use the solver of method {self.own_solver}.")


@dataclasses.dataclass(frozen=True)
class Mamba2Shape(Shape):
    """Sizes of a Mamba-2 model, and its first weights, as in the public implementation.

    Linear layers U(±1/√fan_in); ℓ = log U(1, 16); softplus(a_0) log-uniform in [1e-3, 0.1]; D = 1. With d = 16 or 32, n = 64,
    L = 128 and N = 5 there are 7 409 or 16 605 parameters, which fit the names "Mamba-2-7k" and "-17k" of arXiv:2605.12683, as
    other choices would.
    """

    forcings: ClassVar = Mamba2.forcings
    references: ClassVar[tuple[Reference, ...]] = (DAO2024, HESS2026)
    summary: ClassVar[str] = "Mamba-2 block, a linear recurrence whose decay depends on the data, with the read-out of the LSSM"

    latent_dim: Count = 16  # d
    hidden_dim: Count = 128  # L
    state_dim: Count = 64  # n
    head_dim: Count = 8  # p
    conv_width: Count = 4  # w

    def __post_init__(self):
        if 2 * self.latent_dim % self.head_dim:
            d_i = 2 * self.latent_dim
            raise ValueError(f"head_dim = {self.head_dim} does not divide 2 latent_dim = {d_i}. Take one that does.")

    def init(self, key, observed_dim: int, dtype=jnp.float32) -> Mamba2:
        d, L, n, N, w = self.latent_dim, self.hidden_dim, self.state_dim, observed_dim, self.conv_width
        d_i, p = 2 * d, self.head_dim
        H, channels = d_i // p, d_i + 2 * n
        keys = iter(jr.split(key, 12))

        def uniform(fan_in, *shape):
            bound = fan_in**-0.5
            return jr.uniform(next(keys), shape, dtype, -bound, bound)

        first_step = jnp.exp(jr.uniform(next(keys), (H,), dtype, jnp.log(1e-3), jnp.log(0.1)))
        return Mamba2(
            W_e=uniform(N, d, N),
            b_e=uniform(N, d),
            W_in=uniform(d, 2 * d_i + 2 * n + H, d),
            kernel=uniform(w, channels, w),
            kernel_bias=uniform(w, channels),
            a_0=first_step + jnp.log(-jnp.expm1(-first_step)),
            log_decay=jnp.log(jr.uniform(next(keys), (H,), dtype, 1, 16)),
            D=jnp.ones(H, dtype),
            scale=jnp.ones(d_i, dtype),
            W_out=uniform(d_i, d, d_i),
            V=uniform(d, L, d),
            b_h=uniform(d, L),
            W_o=uniform(L, N, L),
            b_o=uniform(L, N),
        )


MODELS = {"mamba2": Mamba2Shape()}
