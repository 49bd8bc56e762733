"""The Levenberg–Marquardt step of a recurrence as a Kalman smoother: `(𝒥ᵀ𝒥 + λ I) Δ = −𝒥ᵀ r` for all t at once.

As it stands, this is one system of T M equations. A Kalman smoother solves it by one pass forwards and one backwards, each of
which can be a parallel scan. For 𝒥 = ∂r/∂z has I on its diagonal and −J_t below, so that Δ is the posterior mean of a linear
model with unit noise, in which an observation says of every Δ_t that it is 0, with variance 1/λ (Gonzalez et al. 2024,
arXiv:2407.19115):

    Δ_t = J_t Δ_{t−1} − r_t + 𝒩(0, I),      Δ_0 = 0

Computed with is S_t, λ times the filtered covariance of Δ_t. It lies between 0 and I, and nothing is ever divided by λ: at λ = 0
the filter is Newton, m_t = J_t m_{t−1} − r_t, and S vanishes. The filter, with P_t the predicted covariance and m_t the mean, and
the smoother in the form that inverts no covariance (Bierman 1973):

    P_t = J_t S_{t−1} J_tᵀ + λ I      S_t = (I + P_t)⁻¹ P_t      m_t = (I + P_t)⁻¹ (J_t m_{t−1} − r_t)
    q_t = J_{t+1}ᵀ w_{t+1}            Δ_t = m_t + S_t q_t         w_t = q_t − Δ_t,      w_{T+1} = 0

J is full `(T, ..., M, M)` or diagonal `(T, ..., M)`, and S like it; r, m, Δ `(T, ..., M)`; λ one number per sequence `(...)`.
Work O(T M³), memory O(T M²); diagonal both O(T M). Depth T, or O(log T) by associative scans.
"""

from typing import Literal, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from methods.layout import cost
from methods.linear import recurrence

Scan = Literal["auto", "associative", "sequential"]


def choose(scan: Scan) -> Scan:
    """The scan that `auto` stands for on the device at hand; any other choice is kept."""
    if scan != "auto":
        return scan
    return "associative" if cost.here().scans else "sequential"


class Filtered(NamedTuple):
    """What the filter says of every Δ_t from the observations up to t: m_t and S_t."""

    mean: Float[Array, "T ... M"]
    covariance: Float[Array, "T ... M M"] | Float[Array, "T ... M"]  # times λ


def filtered(J, r: Float[Array, "T ... M"], damping: Float[Array, "..."], scan: Scan = "auto") -> Filtered:
    """The pass forwards: m_t and S_t for all t. J_1 has no effect, as z_0 is exact.

    J        (T, ..., M, M), or its diagonals (T, ..., M)
    r        (T, ..., M)
    damping  (...), λ of each sequence
    """
    matrix = _Diagonal if J.ndim == r.ndim else _Full
    if choose(scan) == "associative":
        return _by_stretches(matrix, J, r, damping)

    def step(before, element):
        J, r = element
        P = matrix.congruent(J, before.covariance) + matrix.spread(damping) * matrix.identity(r)
        after = Filtered(*matrix.seen(P, matrix.apply(J, before.mean) - r))
        return after, after

    return lax.scan(step, Filtered(jnp.zeros_like(r[0]), jnp.zeros_like(J[0])), (J, r))[1]


def smoothed(J, given: Filtered, scan: Scan = "auto") -> Float[Array, "T ... M"]:
    """The pass backwards: Δ `(T, ..., M)`, from what the pass forwards has `given`."""
    matrix = _Diagonal if J.ndim == given.mean.ndim else _Full
    back = matrix.transpose(jnp.concatenate([J[1:], jnp.zeros_like(J[:1])]))  # J_{t+1}ᵀ
    if choose(scan) == "associative":
        G = back - matrix.product(given.covariance, back)
        w = recurrence.solve(G, -given.mean, scan="associative", reverse=True)
        q = matrix.apply(back, jnp.concatenate([w[1:], jnp.zeros_like(w[:1])]))
        return given.mean + matrix.apply(given.covariance, q)

    def step(w, element):
        back, filtered = element
        q = matrix.apply(back, w)
        delta = filtered.mean + matrix.apply(filtered.covariance, q)
        return q - delta, delta

    return lax.scan(step, jnp.zeros_like(given.mean[0]), (back, given), reverse=True)[1]


class _Stretch(NamedTuple):
    """What a stretch of time says of Δ at its start and its end; two neighbouring ones can be joined to one.

    Δ_end given Δ_start is 𝒩(A Δ_start + b, C/λ), and the observations inside give Δ_start a likelihood with information vector λη
    and matrix λΓ. Särkkä & García-Fernández 2021, arXiv:1905.13002.
    """

    A: Array
    b: Array
    C: Array
    eta: Array
    Gamma: Array


def _by_stretches(matrix, J, r, damping) -> Filtered:
    """The pass forwards as an associative scan, from stretches of one step to those that reach from 1 to t."""
    J = J.at[0].set(0)
    left = 1 / (1 + damping)  # the share of a prediction that is left once its observation counts
    b = -r * left[..., None]
    back = matrix.transpose(J)
    A = J * matrix.spread(left)
    C = jnp.broadcast_to(matrix.spread(damping * left) * matrix.identity(r), J.shape)
    steps = _Stretch(A, b, C, eta=-matrix.apply(back, b), Gamma=matrix.product(back, A))

    def join(first: _Stretch, then: _Stretch) -> _Stretch:
        # X = (I + C Γ)⁻¹ and (I + Γ C)⁻¹ are each other's transposes, so one solve is enough: for X A, X C and X (b + C η).
        A, C, b = matrix.shrunk(first.C, then.Gamma, first.A, first.b + matrix.apply(first.C, then.eta))
        return _Stretch(
            A=matrix.product(then.A, A),
            b=matrix.apply(then.A, b) + then.b,
            C=matrix.congruent(then.A, C) + then.C,
            eta=matrix.apply(matrix.transpose(A), then.eta - matrix.apply(then.Gamma, first.b)) + first.eta,
            Gamma=matrix.symmetric(matrix.product(matrix.product(matrix.transpose(A), then.Gamma), first.A)) + first.Gamma,
        )

    stretches = lax.associative_scan(join, steps)
    return Filtered(stretches.b, stretches.C)


class _Full:
    """The operations of filter and smoother on M×M matrices."""

    transpose = staticmethod(lambda A: A.swapaxes(-1, -2))
    product = staticmethod(jnp.matmul)
    apply = staticmethod(lambda A, v: (A @ v[..., None])[..., 0])
    symmetric = staticmethod(lambda A: (A + A.swapaxes(-1, -2)) / 2)
    congruent = staticmethod(lambda A, S: _Full.symmetric(A @ S @ A.swapaxes(-1, -2)))  # A S Aᵀ

    spread = staticmethod(lambda scale: scale[..., None, None])  # one number per sequence, to scale matrices with
    identity = staticmethod(lambda v: jnp.eye(v.shape[-1], dtype=v.dtype))

    @staticmethod
    def seen(P, a):
        """(I + P)⁻¹ a and (I + P)⁻¹ P: what an observation makes of the predicted mean a and covariance P.

        The second keeps its relative precision where P is small, as it is not computed as a difference from I.
        """
        M = a.shape[-1]
        if M > cost.here().kalman_small:
            factor = jnp.linalg.cholesky(P + jnp.eye(M, dtype=P.dtype))
            solved = jax.scipy.linalg.cho_solve((factor, True), jnp.concatenate([P, a[..., None]], axis=-1))
            return solved[..., -1], _Full.symmetric(solved[..., :-1])
        for component in range(M):
            column = P[..., component]
            gain = column / (1 + column[..., component, None])
            P, a = P - gain[..., :, None] * column[..., None, :], a - gain * a[..., component, None]
        return a, P

    @staticmethod
    def shrunk(C, Gamma, A, v):
        """X A, X C and X v with X = (I + C Γ)⁻¹."""
        M = v.shape[-1]
        right = jnp.concatenate([A, C, v[..., None]], axis=-1)
        solved = jnp.linalg.solve(jnp.eye(M, dtype=v.dtype) + C @ Gamma, right)
        return solved[..., :M], solved[..., M:-1], solved[..., -1]


class _Diagonal:
    """The operations of filter and smoother on diagonals (M,)."""

    transpose = symmetric = staticmethod(lambda A: A)
    product = apply = staticmethod(jnp.multiply)
    congruent = staticmethod(lambda A, S: A * S * A)

    spread = staticmethod(lambda scale: scale[..., None])
    identity = staticmethod(lambda v: jnp.ones(v.shape[-1], v.dtype))

    @staticmethod
    def seen(P, a):
        return a / (1 + P), P / (1 + P)

    @staticmethod
    def shrunk(C, Gamma, A, v):
        X = 1 / (1 + C * Gamma)
        return X * A, X * C, X * v
