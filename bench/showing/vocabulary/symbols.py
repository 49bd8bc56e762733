"""What settings and scores are called: plainly in a terminal, by symbol and unit in LaTeX and in figures."""

SYMBOLS = {"latent_dim": "M", "hidden_dim": "L", "batch": "S"}  # plainly; all else goes by its own name
PLAIN = SYMBOLS | {"alpha": "α", "T": "T", "observed_dim": "N"}  # where a figure lists its sizes
MATH = {"latent_dim": "$M$", "hidden_dim": "$L$", "batch": "$S$", "T": "$T$", "alpha": r"$\alpha$", "observed_dim": "$N$"}
HEADS = {  # of the scores of a reconstruction, in their order in a terminal
    "dstsp_gmm": "D_stsp",
    "dstsp_bins": "D_stsp\n(bins)",
    "power_spectrum_hellinger": "D_H",
    "n_step_rmse": "RMSE",
    "rmse": "orbit RMSE",
    "lyapunov_max": "lambda_max",
    # what a decomposed training says of itself, beside the loss of its parameters on the whole sequence
    "sequence_loss": "sequence\nloss",
    "local_loss": "local\nloss",
    "interface_jump": "jump",
    "parameter_spread": "spread",
}
METRICS = {  # with the unit, in the order of their panels
    "dstsp_gmm": "$D_\\mathrm{stsp}$ (nats)",
    "dstsp_bins": "$D_\\mathrm{stsp}$, binned (nats)",
    "power_spectrum_hellinger": "$D_\\mathrm{H}$",
    "n_step_rmse": "$n$-step RMSE",
    "rmse": "RMSE",
    "sequence_loss": "loss, whole sequence",
    "local_loss": "loss, own windows",
    "interface_jump": "jump at interfaces",
    "parameter_spread": "spread of parameters",
}
LATEX = METRICS | {
    "lyapunov_max": r"$\lambda_\mathrm{max}$",
    "lambda_f": r"$\lambda_f$ (per step)",
    "iterations": "solver iterations",
    "value_error": "error of states",
    "gradient_error": "error of gradient",
    "temp": "scratch memory",
    "to_best": "to best",
}
REFERENCES = {"floor": "floor", "noise": "white noise"}  # what scores stand between: two true orbits, and noise
PHASES = {"forward": "forward", "gradient": "forward + backward", "update": "training update"}  # on the axes of figures
LENGTH = "sequence length $T$ (time steps)"


def symbol(setting: str) -> str:
    """What a setting is called in a terminal."""
    return SYMBOLS.get(setting, setting)


def metric_label(name: str) -> str:
    """What a score is called on the axis of a figure; one that nobody named here goes by its own name."""
    return METRICS.get(name, name.replace("_", " "))
