"""The child process that answers cells: `python -m bench.running.worker ORDERS`, started by an executor.

What it is told and what it answers is in `bench.running.protocol`.

Whatever measures and libraries print goes to standard error, which the executor keeps as a log. When standard input ends, because
the executor has finished or died, the process ends at once: an orphan must not compute beside the timed cells of the next run.
"""

import dataclasses
import json
import os
import queue
import sys
import threading
from pathlib import Path

from bench.errors import listening
from bench.question.cell import Cell
from bench.running.protocol import Orders
from bench.storage.rows import Context


def main() -> None:
    """Answer jobs until standard input ends."""
    send = _private_output()
    jobs: queue.Queue = queue.Queue()
    stop = threading.Event()
    threading.Thread(target=_listen, args=(jobs, stop), daemon=True).start()
    orders = Orders(**json.loads(sys.argv[1]))
    with listening() as notices:
        context = _prepare(orders)
    from bench.running.answering import answer  # only now: the environment is set before anything imports jax

    send({"ready": dataclasses.asdict(context), "notices": notices})
    while True:
        order = jobs.get()
        cells = [Cell.from_json(fields) for fields in order["cells"]]
        singly = answer(cells, context, Path(orders.out), send, left_s=order["left_s"], stopped=stop.is_set)
        send({"done": True, "singly": singly})


def _listen(jobs: queue.Queue, stop: threading.Event) -> None:
    for line in sys.stdin:
        order = json.loads(line)
        if "stop" in order:
            stop.set()
        else:
            jobs.put(order)
    os._exit(0)


def _private_output():
    """Keep the real standard output for messages, and send everything printed to standard error."""
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    for stream in (sys.stdout, sys.stderr):  # what a measure prints must not fail for want of a letter
        stream.reconfigure(encoding="utf-8", errors="replace")

    def send(message: dict) -> None:
        try:
            channel.write(json.dumps(message) + "\n")
            channel.flush()
        except BrokenPipeError:  # the executor is gone, and with it everyone who would want the rest
            os._exit(0)

    return send


# Seeds of one training are spread over the devices of jax. One for each core of a CPU, and no more than seeds are usual.
MOST_CPU_DEVICES = 10
# A loop over time that multiplies matrices with one state at a time becomes one kernel in place of several calls a step. Two CPU
# cores, one sequence: 1.1 to 1.6 times as fast step by step, 1.2 times by Newton; other loops stay as they are.
ONE_KERNEL = "--xla_backend_extra_options=xla_cpu_small_while_loop_byte_threshold=1000000000000"
CACHE_BYTES = 2 * 2**30  # of compiled programs; those used longest ago go
# The CPU stays at hand beside the GPU: reference orbits are integrated there.
PLATFORMS = {"gpu": "cuda,cpu", "cuda": "cuda,cpu"}


def _prepare(orders: Orders) -> Context:
    """Set jax up before anything imports it, find the plug-ins, and describe the machine."""
    from bench.measure import environment

    set_flags(orders.device)

    import jax

    if PLATFORMS.get(orders.device) and jax.default_backend() != "gpu":  # jax falls back on the CPU without a word
        sys.exit(f'device = "{orders.device}", but jax finds no GPU here. Install ".[cuda]" on a machine with one, or use cpu.')

    from bench.question import catalogue
    from bench.storage import store, tuned

    for path in orders.plugins:
        catalogue.add_plugin(path)
    for kind in catalogue.PACKAGES:  # imported now, so that no cell's clock runs meanwhile
        catalogue.plugins(kind).names()
    row = environment.row(environment.capture() | {"costs": tuned.in_force()})
    store.write_environment(Path(orders.out), row)
    return Context(**orders.context | {"device": jax.default_backend(), "environment": row["environment"]})


def set_flags(device: str | None) -> None:
    """Set what jax and XLA read from the environment of a worker; before jax is imported."""
    from bench.measure import environment

    os.environ["JAX_DEFAULT_MATMUL_PRECISION"] = "highest"
    if device:
        os.environ["JAX_PLATFORMS"] = PLATFORMS.get(device, device)
    os.environ.setdefault("XLA_FLAGS", ONE_KERNEL)
    os.environ.setdefault("JAX_NUM_CPU_DEVICES", str(min(environment.usable_cores(), MOST_CPU_DEVICES)))
    # Compiling is most of a first look. A program that comes from disk keeps what it took, see `bench.measure.compile_times`.
    # A folder that somebody else has named is kept by their rules: jax minds its size only if all who use it do.
    if "JAX_COMPILATION_CACHE_DIR" not in os.environ:
        os.environ["JAX_COMPILATION_CACHE_DIR"] = str(_user_cache() / environment.machine_kind())
        os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0.1"
        os.environ["JAX_COMPILATION_CACHE_MAX_SIZE"] = str(CACHE_BYTES)


def _user_cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "pitbench" / "programs"


if __name__ == "__main__":
    main()
