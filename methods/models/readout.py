"""Read-outs that models share."""

import jax


def perceptron(params, z):
    """x̂ = W_o φ(V z + b_h) + b_o, φ = ReLU, for z `(..., M)`; `params` has weights of these names."""
    return jax.nn.relu(z @ params.V.T + params.b_h) @ params.W_o.T + params.b_o
