"""What goes one state at a time belongs on the CPU, wherever the rest is computed."""

import jax

from methods.layout import cost


def run(function, *arguments):
    """`function(*arguments)` on the CPU, its results brought back to where the arguments are.

    A step of one state is a handful of products too small for a GPU, which spends ten times as long on starting them. Traced
    arguments stay where they are, and so does everything where jax has no CPU beside its GPU (`JAX_PLATFORMS=cuda`).
    """
    leaves = jax.tree.leaves(arguments)
    if cost.kind() == "cpu" or any(isinstance(leaf, jax.core.Tracer) for leaf in leaves):
        return function(*arguments)
    try:
        cpu = jax.local_devices(backend="cpu")[0]
    except RuntimeError:
        return function(*arguments)
    homes = [leaf.devices() for leaf in leaves if isinstance(leaf, jax.Array)]
    with jax.default_device(cpu):
        results = function(*jax.device_put(arguments, cpu))
    return jax.device_put(results, next(iter(homes[0])) if homes else None)
