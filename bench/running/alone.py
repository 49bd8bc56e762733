"""One job at a time on this machine: a run locks it for each of its jobs, so that nothing of ours runs beside a timed cell.

There is a lock for each core. Two runs that are pinned to different cores (by taskset or a scheduler) do not disturb each other,
and do not wait for each other; all others do.
"""

import contextlib
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import filelock
import psutil

from bench.errors import say

POLL_S = 0.2
FOLDER = "PITBENCH_LOCKS"  # the environment variable that names another folder for the locks


class Alone:
    """The locks of the cores that this process and its workers may use."""

    def __init__(self):
        folder = _folder()
        self._locks = [filelock.FileLock(folder / f"core-{core}.lock", mode=0o666) for core in _cores()]

    def take(self, may_wait: Callable[[], bool]) -> bool:
        """Wait for the machine, asking `may_wait` a few times a second; False if it says that it is enough."""
        for lock in self._locks:  # in the same order everywhere: two that wait for each other cannot be
            while True:
                try:
                    lock.acquire(timeout=0)
                    break
                except filelock.Timeout:
                    if not may_wait():
                        self.give()
                        return False
                    time.sleep(POLL_S)
                except OSError as error:
                    place = Path(lock.lock_file).parent
                    say(f"{place}: {error.strerror}. Going on without locks there: another run may disturb timed cells.")
                    break
        return True

    def give(self) -> None:
        """Let others go on."""
        for lock in self._locks:
            lock.release()


@contextlib.contextmanager
def undisturbed() -> Iterator[Callable[[str], None]]:
    """The machine for a measurement that is no run, once it is free; gives a function that says what is being done."""
    machine, said = Alone(), []

    def say_now(text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    def wait() -> bool:
        if not said:
            said.append(True)
            say_now("waiting until the run on this machine has finished its job")
        return True

    machine.take(wait)
    try:
        yield say_now
    finally:
        machine.give()


def _cores() -> list[int]:
    process = psutil.Process()
    return sorted(process.cpu_affinity()) if hasattr(process, "cpu_affinity") else list(range(psutil.cpu_count()))


def _folder() -> Path:
    """Where all users of this machine find the locks, whatever their TMPDIR."""
    if FOLDER in os.environ:
        folder = Path(os.environ[FOLDER])
    else:
        folder = Path("/tmp" if os.path.isdir("/tmp") else tempfile.gettempdir()) / "pitbench-locks"
    try:
        folder.mkdir(parents=True)
        folder.chmod(0o777)  # not sticky: the kernel may keep users from opening each other's files in a sticky folder
    except OSError:
        pass  # it is there already; if it cannot be, the locks say so
    return folder
