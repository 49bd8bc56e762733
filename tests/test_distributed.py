"""Processes that share the work through `jax.distributed` find what one process finds, called the same way in each."""

import json
import re
import socket

import numpy as np
import pytest
from processes import ROOT, end, run, start

EVALUATE = """
import json, sys
import jax, numpy as np
names = json.loads(sys.argv[1])
if len(sys.argv) > 2:
    jax.distributed.initialize(f"localhost:{sys.argv[2]}", num_processes=2, process_id=int(sys.argv[3]))
jax.config.update("jax_enable_x64", True)
import methods
from jax.experimental.multihost_utils import process_allgather

assert jax.process_count() == len(sys.argv[2:]) or jax.process_count() == len(jax.devices()) == 1
x = np.random.default_rng(0).standard_normal((2, 42, 3))
for name in names:
    method = methods.get(name, latent_dim=4, hidden_dim=5, devices=len(jax.devices()))
    params = method.init(jax.random.key(0), 3, "float64")
    (value, aux), gradient = jax.value_and_grad(method.loss, has_aux=True)(params, x)
    states = method.solve(params, x).states
    if jax.process_count() > 1:
        states = process_allgather(states, tiled=True)
    found = [value, aux.code, states, *jax.tree.leaves(gradient)]
    print(json.dumps([np.asarray(leaf).tolist() for leaf in found]))
"""
TRAIN = """
import json, sys
import jax, numpy as np
if len(sys.argv) > 1:
    jax.distributed.initialize(f"localhost:{sys.argv[1]}", num_processes=2, process_id=int(sys.argv[2]))
jax.config.update("jax_enable_x64", True)
import methods
series = np.random.default_rng(0).standard_normal((200, 2))
method = methods.get("gtf-deer", latent_dim=3, hidden_dim=4, updates=2, alpha=0.5)
for spread, seeds in (({"devices": len(jax.devices())}, (0,)), ({}, (0, 1))):
    fit = method.configure(**spread).fit(series, T=20, batch=2, seeds=seeds, dtype="float64")
    print(json.dumps([np.asarray(fit.log.loss).tolist(), np.asarray(fit.params.A).tolist()]))
"""
WRONG = """
import sys
import jax
jax.distributed.initialize(f"localhost:{sys.argv[1]}", num_processes=2, process_id=int(sys.argv[2]))
import methods
import numpy as np
for count in (3, 5):
    method = methods.get("gtf-deer", devices=count)
    try:
        method.loss(method.init(jax.random.key(0), 2), np.zeros((9, 2)))
    except ValueError as error:
        print(error)
"""


def in_two(program, *arguments, devices=1):
    """What two processes print, that know each other."""
    port = free_port()
    return printed(start(program, *arguments, port, i, devices=devices) for i in range(2))


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("localhost", 0))
        return free.getsockname()[1]


def printed(processes):
    """The lines of each process, without those of gloo."""
    return [[line for line in end(each).splitlines() if not line.startswith("[Gloo]")] for each in list(processes)]


def test_the_script_of_the_page_runs_as_it_stands():
    (script,) = re.findall(r"```python\n(# script\.py.*?)```", (ROOT / "methods" / "README.md").read_text(), re.DOTALL)
    asked = {"COORDINATOR": f"localhost:{free_port()}", "PROCESSES": "2"}
    (first,), (second,) = printed(start(script, devices=1, **asked, PROCESS=str(i)) for i in range(2))
    assert first == second and first.endswith("on 2 devices")


def test_two_processes_find_the_gradient_of_one():
    names = json.dumps(["gtf-schwarz", "gtf-deer", "lssm"])
    wanted = run(EVALUATE, names, devices=1).splitlines()
    for lines in in_two(EVALUATE, names):
        same(lines, wanted)


def test_two_processes_train_as_one_does():
    """Time spread over them, and seeds."""
    wanted = run(TRAIN, devices=1).splitlines()
    for lines in in_two(TRAIN):
        same(lines, wanted)


def same(lines, wanted):
    assert len(lines) == len(wanted)
    for line, right in zip(lines, wanted, strict=True):
        for a, b in zip(json.loads(line), json.loads(right), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("process", [0, 1])
def test_devices_that_do_not_fit_the_processes_are_an_error_that_says_so(process):
    uneven, too_many = in_two(WRONG, devices=2)[process]
    assert "devices = 3, but 2 processes" in uneven and "one of: 2, 4" in uneven
    assert "devices = 5, but jax sees 4 in 2 processes" in too_many and "JAX_NUM_CPU_DEVICES=3" in too_many
