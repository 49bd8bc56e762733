"""Shared by all tests: double precision, a compilation cache that survives the run, and where the reference cases lie."""

import gc
import itertools
import os
import tempfile
from pathlib import Path

from compiling import FAST

ROOT = Path(__file__).resolve().parent.parent
# Compiling dominates small tests: one cache on disk serves every pytest worker, every child process and the next run.
# What compiles at once is kept too: most of the programs are small ones that other tests have as well.
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(ROOT / ".jax_cache"))
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
os.environ.setdefault("XLA_FLAGS", FAST)
os.environ.setdefault("MPLBACKEND", "agg")
# Runs in tests wait for no other run on this machine; each test process has locks of its own.
os.environ["PITBENCH_LOCKS"] = tempfile.mkdtemp(prefix="pitbench-locks-")

# Numbers that `pitbench tune` has stored for whoever runs the tests are not theirs.
os.environ["PITBENCH_TUNED"] = "off"

# Tracing makes small objects by the million: searched for garbage as often as Python does by itself, they cost a
# twentieth of the time.
gc.set_threshold(20_000, 20, 20)

import jax  # noqa: E402  (the cache directory is read when jax is imported)
import jax.numpy as jnp  # noqa: E402
import pytest  # noqa: E402

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_default_matmul_precision", "highest")


@pytest.fixture(scope="session")
def reference() -> Path:
    """The folder of float64 cases from an independent implementation; tests that need it skip where it is absent."""
    return _beside_the_checkout("reference")


@pytest.fixture(scope="session")
def published_series() -> Path:
    """The folder of published time series."""
    return _beside_the_checkout("data")


# Every compiled program holds some twenty memory maps of its process, of which Linux grants 65530 before XLA crashes.
TESTS_BETWEEN_CLEARINGS = 100
_tests = itertools.count(1)


@pytest.fixture(autouse=True)
def few_programs_at_a_time():
    """Lets compiled programs go from time to time; those that took long to compile come back from the cache on disk."""
    yield
    if next(_tests) % TESTS_BETWEEN_CLEARINGS == 0:
        jax.clear_caches()


@pytest.fixture
def contracting():
    """A shPLRNN drawn from `rng`, M = 4 of which N = 2 are read out, small enough to contract under forcing."""
    from methods.models import ShallowPLRNN

    def draw(rng, M=4, L=12):
        return ShallowPLRNN.from_arrays(
            A=rng.uniform(-0.5, 0.5, M),
            W1=rng.uniform(-0.15, 0.15, (M, L)),
            W2=rng.uniform(-0.4, 0.4, (L, M)),
            h1=rng.uniform(-0.5, 0.5, M),
            h2=rng.uniform(-1, 1, L),
            B=jnp.eye(2, M),
        )

    return draw


def _beside_the_checkout(name: str) -> Path:
    path = ROOT.parent / "shared" / name
    if not path.is_dir():
        pytest.skip(f"no {name} cases beside this checkout (looked for ../shared/{name})")
    return path
