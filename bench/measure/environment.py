"""The machine, the versions and the flags behind a number."""

import hashlib
import importlib.metadata
import json
import os
import platform
import subprocess
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = (
    *("jax", "jaxlib", "jax-cuda12-plugin", "jax-cuda13-plugin", "jax-cuda13-pjrt"),
    *("numpy", "optax", "scipy", "torch", "triton", "mamba-ssm"),
)
FLAGS = ("JAX_", "XLA_", "CUDA_VISIBLE", "OMP_", "MKL_", "MAMBA_", "TRITON_")
UNRECORDED = ("JAX_COMPILATION_CACHE_DIR",)  # says who runs, not what
_GIT_POINTERS = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY", "GIT_NAMESPACE")
VOLATILE = ("slurm", "gpu_clocks_mhz")  # differ between two runs on the same machine


def capture() -> dict:
    """Everything that may explain a difference between two runs. Imports neither jax nor torch."""
    return {
        "hostname": platform.node(),
        "platform": platform.platform(),
        "cpu": _cpu(),
        "cores": psutil.cpu_count(logical=False),
        "threads": psutil.cpu_count(),
        "usable_cores": usable_cores(),
        "memory_bytes": psutil.virtual_memory().total,
        "python": platform.python_version(),
        "versions": {name: version for name in PACKAGES if (version := _version(name))},
        "flags": {key: value for key, value in sorted(os.environ.items()) if key.startswith(FLAGS) and key not in UNRECORDED},
        **_gpus(),
        "slurm": {key: value for key, value in sorted(os.environ.items()) if key.startswith("SLURM_JOB")},
    }


def usable_cores() -> int:
    return len(psutil.Process().cpu_affinity()) if hasattr(psutil.Process, "cpu_affinity") else psutil.cpu_count()


def row(captured: dict) -> dict:
    """`captured` as a row of `environments`; the id is a hash of what stays the same from run to run."""
    lasting = json.dumps({key: value for key, value in captured.items() if key not in VOLATILE}, sort_keys=True)
    columns = ("hostname", "platform", "cpu", "cores", "memory_bytes", "python")
    return {
        "environment": hashlib.sha256(lasting.encode()).hexdigest()[:16],
        **{key: captured[key] for key in columns},
        **{key: captured["versions"].get(key) for key in ("jax", "jaxlib", "numpy", "torch")},
        "gpu": ", ".join(captured["gpus"]) or None,
        "gpu_driver": captured["gpu_driver"],
        "matmul_precision": captured["flags"].get("JAX_DEFAULT_MATMUL_PRECISION"),
        "slurm_job": captured["slurm"].get("SLURM_JOB_ID"),
        "json": json.dumps(captured, sort_keys=True),
    }


def git_state() -> dict:
    """The commit of this checkout and whether files differ from it.

    Where the source is no checkout of its own, a copy inside somebody else's repository included, PITBENCH_GIT_SHA stands in for
    the commit; without it there are nulls.
    """
    # a hook or a script that works on another repository points git there by these
    surroundings = {key: value for key, value in os.environ.items() if key not in _GIT_POINTERS}

    def git(*arguments) -> str:
        command = ["git", "-C", ROOT, *arguments]
        options = {"capture_output": True, "encoding": "utf-8", "check": True, "timeout": 10, "env": surroundings}
        return subprocess.run(command, **options).stdout.strip()

    try:
        if Path(git("rev-parse", "--show-toplevel")).samefile(ROOT):
            return {"git_sha": git("rev-parse", "HEAD"), "git_dirty": bool(git("status", "--porcelain", "--untracked-files=no"))}
    except (OSError, subprocess.SubprocessError):
        pass
    return {"git_sha": os.environ.get("PITBENCH_GIT_SHA", "").strip() or None, "git_dirty": None}


def machine_kind() -> str:
    """8 hexadecimal digits of CPU model and instruction sets: machines that share them can run each other's compiled programs."""
    return hashlib.sha256(f"{platform.machine()} {_cpu()} {_cpuinfo('flags')}".encode()).hexdigest()[:8]


def _cpu() -> str:
    return _cpuinfo("model name") or platform.processor()


def _cpuinfo(key: str) -> str:
    """What Linux says about the first CPU; nothing elsewhere."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(key)), "")


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def gpus() -> list[str]:
    """Names of the NVIDIA GPUs that the driver knows of; none without pynvml."""
    return _gpus()["gpus"]


def _gpus() -> dict:
    """Names, driver and clocks (MHz: current and maximal) of NVIDIA GPUs; empty without them or without pynvml."""
    found = {"gpus": [], "gpu_driver": None, "gpu_clocks_mhz": []}
    try:
        import pynvml

        pynvml.nvmlInit()
    except Exception:  # not installed, no driver, no library: each of them means that there is no GPU to describe
        return found
    try:
        found["gpu_driver"] = pynvml.nvmlSystemGetDriverVersion()
        for i in range(pynvml.nvmlDeviceGetCount()):
            gpu = pynvml.nvmlDeviceGetHandleByIndex(i)
            found["gpus"].append(pynvml.nvmlDeviceGetName(gpu))
            clocks = (pynvml.nvmlDeviceGetClockInfo, pynvml.nvmlDeviceGetMaxClockInfo)
            found["gpu_clocks_mhz"].append([clock(gpu, pynvml.NVML_CLOCK_SM) for clock in clocks])
    except pynvml.NVMLError as error:
        found["gpu_driver"] = f"{found['gpu_driver']} ({error})"
    finally:
        pynvml.nvmlShutdown()
    return found
