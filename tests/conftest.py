"""Shared by all tests: double precision, a compilation cache that survives the run, and where the reference cases lie."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Compiling dominates small tests: one cache on disk serves every pytest worker, every child process and the next run.
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(ROOT / ".jax_cache"))
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0.2")
os.environ.setdefault("MPLBACKEND", "agg")

import jax  # noqa: E402  (the cache directory is read when jax is imported)
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


def _beside_the_checkout(name: str) -> Path:
    path = ROOT.parent / "shared" / name
    if not path.is_dir():
        pytest.skip(f"no {name} cases beside this checkout (looked for ../shared/{name})")
    return path
