"""Programs compiled for an H100 on a machine without one: the CUDA plugin of jax compiles for a device that is described to it.

It needs neither a driver nor a GPU. Nothing is tried out on a device on the way, so that products of matrices may run by other
kernels there; how many kernels are launched, in which loops, and the memory that a program takes are those of the device.
`tests/setup_cuda.sh` fetches the plugin, and the assembler that it calls, into a folder of their own: where they are installed
beside jax, every program would look for a GPU first.
"""

import contextlib
import functools
import importlib.util
import os
import sys
from pathlib import Path

PLUGIN = Path(__file__).resolve().parents[2] / ".cuda"

# The SXM card: compute capability 9.0 of CUDA's programming guide, and the data sheet.
LIMITS = {
    "threads_per_warp": 32,
    "threads_per_block_limit": 1024,
    "threads_per_core_limit": 2048,
    "core_count": 132,
    "fpus_per_core": 128,
    "registers_per_core_limit": 65536,
    "registers_per_block_limit": 65536,
    "shared_memory_per_core": 228 * 2**10,
    "shared_memory_per_block": 48 * 2**10,
    "shared_memory_per_block_optin": 227 * 2**10,
    "block_dim_limit_x": 2**31 - 1,
    "block_dim_limit_y": 2**16 - 1,
    "block_dim_limit_z": 2**16 - 1,
    "clock_rate_ghz": 1.98,
    "l2_cache_size": 50 * 2**20,
    "device_memory_size": 80 * 10**9,
    "memory_bandwidth": 3_350 * 10**9,
}
DEVICE = f"""
gpu_device_info {{ {" ".join(f"{name}: {value}" for name, value in LIMITS.items())} cuda_compute_capability {{ major: 9 }} }}
platform_name: "CUDA"
device_description_str: "NVIDIA H100 80GB HBM3"
dnn_version_info {{ major: 9 }}
runtime_version {{ major: 13 }}
"""


def available() -> bool:
    """Whether the plugin is there, in its own folder or beside jax."""
    beside = importlib.util.find_spec("jax_plugins")
    folders = [PLUGIN / "jax_plugins", *map(Path, beside.submodule_search_locations if beside else ())]
    return any((folder / name).is_dir() for folder in folders for name in ("xla_cuda13", "xla_cuda12"))


def prepare() -> None:
    """Let jax find the plugin; call it before jax is imported. A LookupError says what is missing."""
    if "jax" in sys.modules:
        raise RuntimeError("h100.prepare comes too late: jax is imported, and has looked for its plugins.")
    if not available():
        raise LookupError("no CUDA plugin of jax is installed. tests/setup_cuda.sh fetches it; no GPU is needed.")
    if PLUGIN.is_dir():
        sys.path.insert(0, str(PLUGIN))
    # Computing stays on the CPU, and the plugin is not to ask for a driver.
    os.environ |= {"JAX_PLATFORMS": "cpu", "JAX_SKIP_CUDA_CONSTRAINTS_CHECK": "1"}


@contextlib.contextmanager
def chosen_for_a_gpu():
    """What `methods` chooses by the kind of device is chosen here as on a GPU."""
    import jax

    real, jax.default_backend = jax.default_backend, lambda: "gpu"
    try:
        yield
    finally:
        jax.default_backend = real


def lowered(function, *arguments):
    """`function` for arguments of these shapes on the H100, to be compiled there; to be called within `chosen_for_a_gpu`."""
    import jax

    given = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=_there()), arguments)
    return jax.jit(function).trace(*given).lower(lowering_platforms=("cuda",))


def compiled(lowered):
    """The program. What happens inside a kernel is not optimised: which kernels there are is settled before."""
    return lowered.compile(compiler_options={"xla_backend_optimization_level": 0})


@functools.cache
def _there():
    """The described device, as the place of an argument."""
    import jax
    from jax.experimental import topologies

    found = topologies.get_topology_desc(platform="cuda", topology_name="h100", topology="1x1x1", target_config=DEVICE)
    mesh = jax.sharding.Mesh(found.devices[:1], ("x",))
    return jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec())
