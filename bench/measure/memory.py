"""Peak memory of this process, on its device where the device counts it."""

import resource
import sys


def peak_bytes() -> int:
    """The most memory this process has held so far. It is one cell's own only where the cell had the process for itself."""
    import jax

    stats = jax.local_devices()[0].memory_stats()
    if stats and "peak_bytes_in_use" in stats:
        return stats["peak_bytes_in_use"] + _torch_bytes()
    unit = 1 if sys.platform == "darwin" else 1024  # getrusage counts kilobytes, but bytes on macOS
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _torch_bytes() -> int:
    """The peak of torch on the GPU, which it shares with jax but counts by itself."""
    torch = sys.modules.get("torch")
    return torch.cuda.max_memory_allocated() if torch and torch.cuda.is_initialized() else 0
