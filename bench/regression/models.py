"""Time and scratch memory of training the models that are linear in their state; they have weights of their own."""

from functools import lru_cache

from . import problems
from .problems import LINEAR, WIDE


@lru_cache
def _program(name: str):
    """The compiled loss with its gradient and the arguments, called once. Kept, since asv runs `setup` before every sample."""
    import jax

    from bench.measure import timing

    method = problems.method(name).configure(latent_dim=WIDE.M, hidden_dim=WIDE.L)
    _, x = problems.model_and_data(WIDE)
    arguments = method.init(jax.random.key(0), WIDE.N), x
    program = timing.compile(jax.value_and_grad(method.loss, has_aux=True), *arguments)
    timing.timed(program.call, *arguments)
    return program, arguments


class Linear:
    """The loss and its gradient of a batch of sequences."""

    version = problems.VERSION
    params, param_names = [LINEAR], ["method"]

    def setup(self, name):
        _program(name)

    def time_gradient(self, name):
        from bench.measure import timing

        program, arguments = _program(name)
        timing.timed(program.call, *arguments)

    def track_temp_bytes(self, name):
        return _program(name)[0].temp_bytes

    track_temp_bytes.unit = "bytes"
