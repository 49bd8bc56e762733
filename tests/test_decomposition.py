"""Training decomposed in time: one window is plain training, consensus does what it says, and the published trial is met."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import methods
from methods.forcing import Forcing
from methods.models import ShallowPLRNN
from methods.training import exchange, loop, overlapping
from methods.training.decomposed import Decomposition

T = 40
SIZES = {"latent_dim": 4, "hidden_dim": 8, "updates": 4, "learning_rate": 1e-2}


@pytest.fixture(scope="module")
def series():
    return np.cumsum(np.random.default_rng(0).standard_normal((200, 2)), axis=0) / 5


def fit(name, series, seeds=(0,), **fields):
    return methods.get(name, **SIZES | fields).fit(series, T=T, batch=1, seeds=seeds, dtype=jnp.float64)


PENALTIES = {"mar_weight": 0.1, "readout_weight": 0.1, "singular_weight": 0.1, "slow_units": 2}


@pytest.mark.parametrize(
    "settings",
    [{}, PENALTIES, {"warmup": 7}, {"clip_norm": 1e-3}, {"forcing": "sparse", "interval": 3}],
    ids=lambda settings: next(iter(settings), "plain"),
)
def test_one_window_is_plain_training(series, settings):
    """No neighbour, nothing cut: the same parameters as after a step on the loss of the whole sequence."""
    whole = methods.get("sequential", **SIZES | {"updates": 1} | settings)
    trained = fit("schwarz-shared", series, windows=1, overlap=0, updates=1, **settings)
    optimiser, x = whole.training.optimiser(), jnp.asarray(series[: T + 1])
    free = jax.tree.map(lambda leaf: leaf[0], loop.begin(whole, 2, jnp.dtype("float64"), jnp.asarray([0])).weights)
    loss, gradient = jax.value_and_grad(lambda free: whole.loss(free.from_unconstrained(), x)[0])(free)
    steps, _ = optimiser.update(gradient, optimiser.init(free), free)
    np.testing.assert_allclose(trained.log.loss[0, 0] + whole.regularisation.penalty(free.from_unconstrained()), loss, rtol=1e-12)
    np.testing.assert_allclose(trained.log.gradient_norm[0, 0], optax.tree.norm(gradient), rtol=1e-10)
    assert not trained.log.skipped.any() and not trained.log.failures.any()
    for got, wanted in zip(
        jax.tree.leaves(trained.params), jax.tree.leaves(optax.apply_updates(free, steps).from_unconstrained()), strict=True
    ):
        np.testing.assert_allclose(got[0], wanted, rtol=1e-10, atol=1e-13)


SETTINGS = [
    {"mar_weight": 0.1},
    {"readout_weight": 0.1},
    {"singular_weight": 0.1},
    {"observation_noise": 0.1},
    {"warmup": 12},
    {"clip_norm": 1e-3},
    {"rate_warmup": 1},
    {"final_learning_rate": 5e-3},
    {"differentiate": "full"},
    {"alpha": 0.9},
    {"match_weight": 1.0},
]


@pytest.mark.parametrize(("name", "tried"), [("schwarz-shared", SETTINGS), ("schwarz-local", SETTINGS[:1])])
def test_every_setting_has_an_effect_or_is_refused(series, name, tried):
    cut = {"windows": 4, "overlap": 4, "local_steps": 2, "match_weight": 0.5, "updates": 2}
    plain = fit(name, series, **cut)
    for settings in tried:
        other = fit(name, series, **cut | settings)
        assert any((a != b).any() for a, b in zip(*map(jax.tree.leaves, (plain.params, other.params)), strict=True)), settings
    unused = {"curriculum": (10,), "on_failure": "accept", "alpha_from": "bound", "adjoint": "diagonal", "adjoint_window": 5}
    for key, value in unused.items():
        with pytest.raises(ValueError, match=key):
            methods.get(name, **{key: value})


def test_what_has_no_meaning_is_refused_of_parts_built_by_hand_too(series):
    with pytest.raises(ValueError, match="curriculum and on_failure have no meaning"):
        Decomposition(curriculum=(10,))
    by_hand = dataclasses.replace(methods.get("schwarz-shared", **SIZES), forcing=Forcing(alpha_from="bound"))
    with pytest.raises(ValueError, match='alpha_from = "bound": no meaning'):
        by_hand.fit(series, T=T + 4, batch=1)
    with pytest.raises(ValueError, match="warmup = 60: must be less than the T = 44"):
        methods.get("schwarz-shared", **SIZES, windows=4, overlap=4, warmup=60).fit(series, T=T + 4, batch=1)


@pytest.mark.parametrize("name", ["schwarz-shared", "schwarz-local"])
def test_a_step_that_is_not_finite_is_not_taken_and_counted(series, name):
    fitted = fit(name, series, windows=4, overlap=4, updates=6, local_steps=2, learning_rate=1e30)
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(fitted.params))
    assert fitted.log.skipped[0, -1] and fitted.log.failures[0, -1] > 0
    assert not fitted.log.skipped[0, 0] and not np.isfinite(fitted.log.loss[0, -1])


@pytest.mark.parametrize("interval", [3, 7])
def test_windows_are_forced_by_one_clock(series, interval):
    """Sparse forcing acts at multiples of its interval, wherever windows begin."""
    method = methods.get("schwarz-shared", **SIZES, windows=4, overlap=0, forcing="sparse", interval=interval)
    params, x = method.init(jax.random.key(0), 2, jnp.float64), jnp.asarray(series[: T + 1])
    data, states = overlapping.windows(method.training, x), method.solve(params, x).states
    starts = jnp.concatenate([method.problem(params, x)[0].z0[None], states[9:-1:10]])
    got = exchange._run(method.training, method, exchange.Carry(params.to_unconstrained(), starts, None), data, {})
    np.testing.assert_allclose(got.reshape(T, -1), states, atol=1e-12)


@pytest.mark.parametrize("name", ["schwarz-shared", "schwarz-gossip", "schwarz-mean", "schwarz-local"])
def test_seeds_train_together_and_the_log_has_a_row_per_step(series, name):
    settings = {"order": "red-black", "window_start": "learned", "parameter_weight": 0.1}
    settings |= {"windows": 4, "overlap": 4, "local_steps": 2}
    together, single = fit(name, series, (0, 1), **settings), fit(name, series, (1,), **settings)
    assert together.log.loss.shape == (2, 4) and np.isfinite(together.log.loss).all()
    for got, wanted in zip(jax.tree.leaves(together.params), jax.tree.leaves(single.params), strict=True):
        np.testing.assert_allclose(got[1], wanted[0], atol=1e-10)


def test_gossip_keeps_the_mean_and_brings_neighbours_together():
    values = jnp.asarray(np.random.default_rng(1).standard_normal((6, 3)))
    after = exchange._gossip(values)
    np.testing.assert_allclose(after.mean(0), values.mean(0), atol=1e-14)
    assert (jnp.abs(jnp.diff(after, axis=0)).sum(0) < jnp.abs(jnp.diff(values, axis=0)).sum(0)).all()


def test_windows_overlap_and_cover_every_step():
    x = jnp.arange(41.0)[:, None]
    data = overlapping.windows(Decomposition(windows=4, overlap=4), x)
    assert data.C == 9 and data.x.shape == (4, 14, 1)
    own = data.x[:, 5:, 0]
    np.testing.assert_array_equal(own.reshape(-1), np.arange(5, 41))
    np.testing.assert_array_equal(data.x[1:, :5], data.x[:-1, 9:])


@pytest.mark.parametrize(
    ("options", "message"),
    [({"T": 41, "batch": 1}, "T = 41: windows = 4 .* Take T = 40"), ({"T": 40, "batch": 2}, "batch = 2: a decomposed training")],
)
def test_what_cannot_be_cut_is_an_error_with_a_way_out(series, options, message):
    with pytest.raises(ValueError, match=message):
        methods.get("schwarz-shared", **SIZES, windows=4, overlap=4).fit(series, **options)


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class AsTheyAre:
    """Parameters whose coordinates of training are the arrays themselves, and whose B is fixed, as in the trial."""

    model: ShallowPLRNN

    def from_unconstrained(self):
        return dataclasses.replace(self.model, B=jax.lax.stop_gradient(self.model.B))


def lorenz(rows):
    """The trial's data: fourth-order Runge-Kutta from (1, 1, 1), 2000 steps dropped, 60 000 kept, standardised."""
    field = lambda u: jnp.stack([10 * (u[1] - u[0]), u[0] * (28 - u[2]) - u[1], u[0] * u[1] - 8 / 3 * u[2]])  # noqa: E731

    def step(u, _):
        h = 0.01
        k1 = field(u)
        k2 = field(u + h / 2 * k1)
        k3 = field(u + h / 2 * k2)
        k4 = field(u + h * k3)
        return u + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4), u

    orbit = jax.lax.scan(step, jnp.ones(3), length=62_000)[1][2000:]
    return ((orbit - orbit.mean(0)) / orbit.std(0))[rows]


def weights():
    rng = np.random.default_rng(0)
    b, c = 50**-0.5, 3**-0.5
    A = 0.9 + 0.1 * rng.uniform(0, 1, 3)
    W1 = 0.3 * rng.uniform(-b, b, (3, 50))
    W2 = rng.uniform(-c, c, (50, 3))
    return ShallowPLRNN.from_arrays(A=A, W1=W1, W2=W2, h1=np.zeros(3), h2=rng.uniform(-1, 1, 50), B=np.eye(3))


LOCAL = {"match_weight": 1.0, "local_steps": 10}


@pytest.mark.parametrize(
    ("settings", "loss", "factor"),
    [
        ({"match_weight": 1.0}, 2.123e-4, 1.05),
        ({"sharing": "gossip", **LOCAL}, 7.6e-4, 2),
        ({"sharing": "local", "order": "red-black", **LOCAL}, 9.7e-3, 2),
    ],
    ids=["schwarz", "gossip", "red-black"],
)
def test_the_trial_of_decomposed_training(settings, loss, factor):
    """K = 8, C = 200, δ = 20, 1000 Adam steps on Lorenz-63: losses of the whole sequence from an independent implementation."""
    decomposition, x = Decomposition(windows=8, overlap=20, **settings), lorenz(slice(1000, 2621))
    optimiser = optax.adam(lambda i: 2e-3 * (0.05 + 0.95 * 0.5 * (1 + jnp.cos(jnp.pi * i / 1000))))
    method = methods.get("sequential", alpha=0.2, warmup=20)
    data = overlapping.windows(decomposition, x)

    @jax.jit
    def train(free):
        carry = exchange.first_carry(decomposition, method, free, data, optimiser)
        one = lambda carry, _: exchange.exchange_and_step(decomposition, method, carry, data, optimiser)  # noqa: E731
        carry, report = jax.lax.scan(one, carry, length=1000 // decomposition.local_steps)
        return exchange.merged(decomposition, carry), report

    free, report = train(AsTheyAre(weights()))
    got = method.loss(free.from_unconstrained(), x)[0]
    assert loss / factor <= got <= loss * factor
    if settings.get("sharing") == "local":
        assert report.local_loss[-1] < 0.05 * got  # the windows' own losses flatter
