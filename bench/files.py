"""Files and folders that are there completely or not at all, even after a power cut."""

import json
import os
import threading
from pathlib import Path


def sync(path: Path) -> None:
    """Wait until a file's contents, or a folder's list of names, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def replace(path: Path, write) -> None:
    """Put a new file in place of `path`: `write(temporary)` makes it, a rename publishes it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # of this thread alone: programs that are compiled at once may be one program, with one file for what is known of it
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}.tmp")
    try:
        write(temporary)
        sync(temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    sync(path.parent)


def replace_json(path: Path, content) -> None:
    """Put `content` as JSON in place of `path`."""
    replace(path, lambda temporary: temporary.write_text(json.dumps(content, indent=1, default=str), encoding="utf-8"))


def read_json(path: Path) -> dict | None:
    """The object in a JSON file; None if the file is not there (any more), torn, or something else."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    return content if isinstance(content, dict) else None
