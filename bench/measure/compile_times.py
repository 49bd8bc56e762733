"""What compiling a program took when it was compiled: a program that comes from the cache on disk keeps its true cost.

jax keeps compiled programs between runs, so that a second run compiles nothing and would report that compiling is free. What jax
keeps of their times are whole seconds. So the exact time lies beside each program, in a file named by the program's text and what
it was compiled with.
"""

import hashlib
import os
import threading
from pathlib import Path

import jax

from bench import files

_seen = threading.local()  # compilations run in several threads, each hears of its own


def _listen(event: str, **_) -> None:
    if event == "/jax/compilation_cache/cache_hits":
        _seen.hit = True


jax.monitoring.register_event_listener(_listen)


def compiled(lowered, seconds_of):
    """The compiled program, the seconds that compiling it took, and whether it came from the cache.

    Of a program from the cache the seconds are those that it took when it was compiled.

    seconds_of  calls a function, and gives its result with the seconds that it took
    """
    _seen.hit = False
    program, seconds = seconds_of(lowered.compile)
    record = _record(lowered)
    if not _seen.hit:
        if record is not None:
            record.parent.mkdir(parents=True, exist_ok=True)
            files.replace_json(record, {"compile_s": seconds})
        return program, seconds, False
    known = files.read_json(record) if record is not None else None
    return program, known and known.get("compile_s"), True


def _record(lowered) -> Path | None:
    """Where the time of a program is kept; None where no cache is in use."""
    folder = jax.config.jax_compilation_cache_dir
    if not folder or not jax.config.jax_enable_compilation_cache:
        return None
    made_with = jax.__version__, jax.devices()[0].device_kind, os.environ.get("XLA_FLAGS", ""), lowered.as_text()
    return Path(folder) / "compile_times" / f"{hashlib.sha256(repr(made_with).encode()).hexdigest()[:32]}.json"
