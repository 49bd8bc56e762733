"""A program that comes from the cache on disk keeps what it took to compile, and says where it came from."""

import json
import os
import subprocess
import sys

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


def test_without_a_cache_nothing_is_kept(tmp_path):
    found = compile_in_a_process(HOME=str(tmp_path))
    assert found["compile_cached"] is False and found["compile_s"] > 0 and not list(tmp_path.iterdir())
