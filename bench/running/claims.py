"""Claims: which process runs which cell, so that two runners on one folder share the work instead of doing it twice.

    DIR/running/<cell>.json    host, pid and start time of the runner

A runner may die without giving its claims back, so a claim whose process is dead is worth nothing. From another host one cannot
see whether a process lives. Therefore runners touch their claims now and then, and a claim that nobody has touched for a while
counts as dead.
"""

import datetime
import json
import os
import time
from pathlib import Path

from bench import files
from bench.storage import owner

HEARTBEAT_S = 20.0
SILENT_S = 15 * HEARTBEAT_S


class Claims:
    """The claims of this process in one folder."""

    def __init__(self, folder: Path):
        self._folder = folder / "running"
        self._me = owner.me() | {"since_utc": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")}
        self._mine: set[Path] = set()
        self._touched = time.monotonic()

    def claim(self, cell: str) -> bool:
        """Claim a cell; False if a living process holds it."""
        path = self._folder / f"{cell}.json"
        self._folder.mkdir(parents=True, exist_ok=True)
        if path in self._mine:
            return True
        if not self._create(path):
            if held(path):
                return False
            # Two runners may both find the same dead claim. The worst that follows is a cell that is measured twice.
            files.replace_json(path, self._me)
        self._mine.add(path)
        return True

    def release(self, cell: str) -> None:
        """Give a claim back."""
        path = self._folder / f"{cell}.json"
        self._mine.discard(path)
        path.unlink(missing_ok=True)

    def release_all(self) -> None:
        for path in list(self._mine):
            self.release(path.stem)

    def beat(self) -> None:
        """Show other hosts that this process lives; call it often, it does little."""
        if time.monotonic() - self._touched > HEARTBEAT_S:
            self._touched = time.monotonic()
            for path in self._mine:
                if path.exists():
                    os.utime(path)

    def _create(self, path: Path) -> bool:
        """Publish a complete claim if there is none: a hard link fails where the name is taken."""
        temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        temporary.write_text(json.dumps(self._me), encoding="utf-8")
        try:
            os.link(temporary, path)
        except FileExistsError:
            return False
        finally:
            temporary.unlink()
        return True


def held(path: Path) -> bool:
    """Whether a living process holds this claim."""
    claim = _read(path)
    if claim is None:
        return False
    alive = owner.alive(claim)
    try:
        return time.time() - path.stat().st_mtime < SILENT_S if alive is None else alive
    except FileNotFoundError:  # given back in the meantime
        return False


def all_claims(folder: Path) -> dict[str, dict]:
    """`cell -> claim`, with `held` added, of everything claimed in a run's folder."""
    found = {}
    for path in sorted((folder / "running").glob("[!.]*.json")):
        claim = _read(path)
        if claim is not None:
            found[path.stem] = claim | {"held": held(path)}
    return found


def _read(path: Path) -> dict | None:
    """What a claim says; None if it is gone, or does not say who made it and so keeps nobody away."""
    claim = files.read_json(path)
    return claim if claim and claim.keys() >= {"host", "pid", "started", "since_utc"} else None
