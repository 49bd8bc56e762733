"""A program that comes from the cache on disk keeps what it took to compile, and says where it came from."""

import json
import os
import subprocess
import sys

import jax.numpy as jnp
import pytest

from bench.measure import timing
from bench.running import worker

PROGRAM = """
import json, sys
import jax, jax.numpy as jnp
from bench.measure import timing
def function(x):
    return jax.lax.scan(lambda c, _: (jnp.sin(c @ c), None), x, length=10)[0]
found = timing.compile(function, jnp.ones((3, 3)))
print(json.dumps(found.costs))
"""


def compile_in_a_process(**surroundings):
    kept = {key: value for key, value in os.environ.items() if not key.startswith("JAX_")}
    done = subprocess.run([sys.executable, "-c", PROGRAM], env=kept | surroundings, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_second_process_has_the_time_of_the_first(tmp_path):
    surroundings = {"JAX_COMPILATION_CACHE_DIR": str(tmp_path), "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0"}
    first, second = compile_in_a_process(**surroundings), compile_in_a_process(**surroundings)
    assert (first["compile_cached"], second["compile_cached"]) == (False, True)
    assert first["compile_s"] == second["compile_s"] > 0 and first["temp_bytes"] == second["temp_bytes"]
    for record in (tmp_path / "compile_times").iterdir():
        record.unlink()
    assert compile_in_a_process(**surroundings)["compile_s"] is None, "nobody knows"


@pytest.mark.parametrize("device", [None, "cpu", "gpu", "cuda"])
def test_workers_keep_what_they_compile_for_whatever_device(tmp_path, monkeypatch, device):
    for key in [key for key in os.environ if key.startswith("JAX_")]:
        monkeypatch.delenv(key)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(os, "environ", dict(os.environ))  # what is set for a worker is not for the tests
    worker.set_flags(device)
    assert os.environ["JAX_COMPILATION_CACHE_DIR"].startswith(str(tmp_path))
    assert float(os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"]) < 1


def test_the_memory_of_a_program_is_scratch_arguments_and_results():
    x = jnp.ones((200, 200), jnp.float32)
    found = timing.compile(lambda x: jnp.sin(x @ x) @ x, x)
    assert found.program_bytes == found.temp_bytes + 2 * x.nbytes


def test_without_a_cache_nothing_is_kept(tmp_path):
    found = compile_in_a_process(HOME=str(tmp_path))
    assert found["compile_cached"] is False and found["compile_s"] > 0 and not list(tmp_path.iterdir())
