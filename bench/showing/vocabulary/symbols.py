"""What settings and scores are called: plainly in a terminal, by symbol and unit in LaTeX and in figures."""

from typing import NamedTuple

SYMBOLS = {"latent_dim": "M", "hidden_dim": "L", "batch": "S", "gain": "g", "dim": "D"}  # plainly; all else goes by its own name
PLAIN = SYMBOLS | {"alpha": "α", "T": "T", "observed_dim": "N"}  # where a figure lists its sizes
MATH = {name: f"${symbol}$" for name, symbol in (SYMBOLS | {"T": "T", "alpha": r"\alpha", "observed_dim": "N"}).items()}


class Score(NamedTuple):
    """What a score is called: at the head of a column in a terminal, on an axis or in LaTeX with its unit, in a sentence."""

    head: str
    symbol: str
    words: str = ""


SCORES = {  # of a reconstruction, in the order of their columns and panels
    "dstsp_gmm": Score("D_stsp", r"$D_\mathrm{stsp}$ (nats)", "D_stsp"),
    "dstsp_bins": Score("D_stsp\n(bins)", r"$D_\mathrm{stsp}$, binned (nats)"),
    "power_spectrum_hellinger": Score("D_H", r"$D_\mathrm{H}$", "D_H"),
    "n_step_rmse": Score("RMSE", "$n$-step RMSE", "{steps}-step error"),
    "rmse": Score("orbit RMSE", "RMSE"),
    "lyapunov_max": Score("lambda_max", r"$\lambda_\mathrm{max}$"),
    # what a decomposed training says of itself, beside the loss of its parameters on the whole sequence
    "sequence_loss": Score("sequence\nloss", "loss, whole sequence", "loss on the whole sequence"),
    "local_loss": Score("local\nloss", "loss, own windows"),
    "interface_jump": Score("jump", "jump at interfaces", "jump between windows"),
    "parameter_spread": Score("spread", "spread of parameters"),
}
LATEX = {name: score.symbol for name, score in SCORES.items()} | {
    "lambda_f": r"$\lambda_f$ (per step)",
    "lyapunov": r"$\lambda$ (per step)",
    "lyapunov_per_time": r"$\lambda$ (per time)",
    "trajectory_error": "error of trajectory",
    "contraction": r"$\log\rho$ (per step)",
    "contraction_onset": r"$\alpha^*$",
    "iterations": "solver iterations",
    "value_error": "error of states",
    "gradient_error": "error of gradient",
    "temp": "scratch memory",
    "program": "memory of the program",
    "to_best": "to best",
}
BOUNDS = {"floor": "floor", "noise": "white noise"}  # what scores stand between: two true orbits, and noise
PHASES = {"forward": "forward", "gradient": "forward + backward", "update": "training update"}  # on the axes of figures
EXPONENT, EXPONENT_PER_TIME = r"exponent $\lambda$ (per step)", r"exponent $\lambda$ (per unit of time)"  # on the axes of figures
LENGTH = "sequence length $T$ (time steps)"


def symbol(setting: str) -> str:
    """What a setting is called in a terminal."""
    return SYMBOLS.get(setting, setting)


def metric_label(name: str) -> str:
    """What a score is called on the axis of a figure; one that nobody named here goes by its own name."""
    return SCORES[name].symbol if name in SCORES else name.replace("_", " ")
