"""Who a process is, in a way that another process can check later."""

import os
import platform

import psutil


def me() -> dict:
    """This process, for others to find: host, pid and the start time that tells it from a later process with the same pid."""
    return {"host": platform.node(), "pid": os.getpid(), "started": psutil.Process().create_time()}


def alive(owner: dict) -> bool | None:
    """Whether the process still runs; None where that cannot be seen from this host."""
    if owner["host"] != platform.node():
        return None
    try:
        # psutil rounds the start time differently on some systems: a second apart is still the same process
        return abs(psutil.Process(owner["pid"]).create_time() - owner["started"]) < 1
    except psutil.NoSuchProcess:
        return False
