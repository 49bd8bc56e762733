"""The child process that answers cells: `python -m bench.running.worker ORDERS`, started by an executor.

What it is told and what it answers is in `bench.running.protocol`.

Whatever measures and libraries print goes to standard error, which the executor keeps as a log. When standard input ends, because
the executor has finished or died, the process ends at once: an orphan must not compute beside the timed cells of the next run.
"""

import dataclasses
import json
import math
import os
import queue
import secrets
import sys
import threading
import time
import traceback
from pathlib import Path

from bench.clock import Clock
from bench.errors import listening
from bench.measure.disturbance import Load
from bench.question.cell import Cell
from bench.running.protocol import Orders
from bench.storage.rows import Context, failure, rows


def main() -> None:
    """Answer jobs until standard input ends."""
    send = _private_output()
    jobs: queue.Queue = queue.Queue()
    threading.Thread(target=_listen, args=(jobs,), daemon=True).start()
    orders = Orders(**json.loads(sys.argv[1]))
    with listening() as notices:
        context = _prepare(orders)
    send({"ready": dataclasses.asdict(context), "notices": notices})
    while True:
        order = jobs.get()
        cells = [Cell.from_json(fields) for fields in order["cells"]]
        send({"done": True, "singly": answer(cells, context, Path(orders.out), send, left_s=order["left_s"])})


# Before the budget ends: enough to write down what is there.
MARGIN_S = 3.0


def answer(cells: list[Cell], context: Context, out: Path, send, left_s: float = math.inf) -> bool:
    """Measure one job and write an attempt for each of its cells as soon as it is there.

    left_s  after which the process will be ended, whatever it does
    An exception is the outcome of the active cell; the others are left for another try. Returns whether that must be one by
    one: running out of memory together says nothing about any one of them.
    """
    from bench.storage import store

    clock, load, job = Clock(cells[0].id), Load(), secrets.token_hex(8)
    waiting = {cell.id: cell for cell in cells}

    deadline = time.monotonic() + left_s - MARGIN_S

    def active(cell):
        if cell.id != clock.active:
            send({"active": cell.id})
        clock.turn(cell.id)
        return deadline - time.monotonic()

    def write(cell, outcome):
        wall_s = clock.spent_s(cell.id)
        started = clock.started.get(cell.id, clock.started[cells[0].id])
        store.write(out, cell.id, rows(cell, outcome, context, started=started, wall_s=wall_s, load=load, job=job))
        del waiting[cell.id]
        reason = outcome.columns.get("error_message") or ""
        send({"written": cell.id, "status": outcome.status, "wall_s": wall_s, "reason": reason})

    try:
        _precision(cells[0].dtype)
        for cell in cells:
            cell.made_from  # noqa: B018  (what it holds now, not when it is over)
        measure = cells[0].build_measure()
        scratch = {"scratch": out / "checkpoints"} if measure.resumes else {}
        for cell, outcome in measure.run(cells, active, **scratch):
            try:
                write(cell, outcome)
            except (KeyError, TypeError, ValueError) as error:  # rows that fit no table, not the active cell, are to blame
                traceback.print_exc()
                write(cell, _failure(error))
    except Exception as error:
        traceback.print_exc()
        outcome = _failure(error)
        if outcome.status == "out_of_memory" and len(cells) > 1:
            return True
        if clock.active in waiting:
            write(waiting[clock.active], outcome)
        return False
    for cell in list(waiting.values()):
        write(cell, failure("error", "MissingOutcome", f'measure "{cell.measure}" ended without an outcome for this cell.'))
    return False


def _failure(error: Exception):
    text = str(error.args[0] if isinstance(error, KeyError) and error.args else error)
    out_of_memory = isinstance(error, MemoryError) or "RESOURCE_EXHAUSTED" in text or "out of memory" in text.lower()
    return failure("out_of_memory" if out_of_memory else "error", type(error).__name__, text)


def _listen(jobs: queue.Queue) -> None:
    for line in sys.stdin:
        jobs.put(json.loads(line))
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


def _precision(dtype: str) -> None:
    """Let jax have 64 bits where the cell asks for them, and only there."""
    import jax

    jax.config.update("jax_enable_x64", dtype == "float64")


if __name__ == "__main__":
    main()
