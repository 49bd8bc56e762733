"""Made-up runs that decide every claim card one way, the other way and not at all."""

import numpy as np
import pandas as pd
import synthetic_predictability as predictability
import synthetic_tables as synthetic
import synthetic_trainings as trainings
from claims_made_up import fig2
from synthetic_forced import gtf_threshold

PHASES = (("forward", 1.0), ("gradient", 2.5))
REPETITIONS = np.arange(8)


def timed(laws: dict, lengths, dims=(3, 10), **values) -> dict:
    """A runtime run; `laws` has for each method the microseconds that a call takes at a length."""
    made = synthetic.Tables()
    for M in dims:
        for T in lengths:
            for method, law in laws.items():
                cell = made.cell("runtime", method, latent_dim=M, T=T, temp_bytes=64.0 * T, **values)
                for phase, factor in PHASES:
                    seconds = 1e-6 * factor * law(T) * made.noise(0.01, len(REPETITIONS))
                    made.add("runtime", cell, phase=phase, repetition=REPETITIONS, seconds=seconds, iterations=2)
    return made.frames()


def speed(deer, published, sequential=lambda T: 12.0 * T, lengths=(512, 4096, 131072), **options) -> dict:
    return timed({"sequential": sequential, "gtf-deer": deer, "gtf-deer-published": published}, lengths, **options)


def solvers(quasi=0.5, memory=0.5, elk="ok", lengths=(512, 4096, 32768)) -> dict:
    """Quasi-DEER takes `quasi` times the time and `memory` times the memory of DEER, which fails in the shortest case."""
    made = synthetic.Tables()
    for alpha, T in ((alpha, T) for alpha in (0.05, 0.5) for T in lengths):
        lost = T == lengths[0]
        for method, factor, space in (
            ("sequential", 4, 1),
            ("gtf-deer", 1, 1),
            ("gtf-quasi-deer", quasi, memory),
            ("gtf-elk", 2, 2),
        ):
            status = {"gtf-deer": "diverged", "gtf-elk": elk}.get(method, "ok") if lost else "ok"
            parameters = {"tolerance": 1e-6} if method != "sequential" else {}
            sizes = {"T": T, "alpha": alpha, "temp_bytes": 64.0 * T * space, "method_parameters": parameters}
            cell = made.cell("work_precision", method, status, **sizes)
            if status == "ok":
                for phase, share in PHASES:
                    seconds = 1e-3 * factor * share * made.noise(0.01, len(REPETITIONS))
                    made.add("runtime", cell, phase=phase, repetition=REPETITIONS, seconds=seconds, iterations=2)
    return made.frames()


def fig1b(strong=5, equal=2, saved=6, larger=0, expanding=True, status="ok", alphas=(0.0, 0.1, 0.2, 0.3, 1.0)) -> dict:
    """Updates at the strongest forcing, those of M = N by the published rule, and what a guess from the data saves."""
    made = synthetic.Tables()
    for M, alpha in ((M, alpha) for M in (3, 6) for alpha in alphas):
        for rule, guess in ((rule, guess) for rule in ("residual", "increment") for guess in ("pinv", "zero", "normal")):
            strongest = alpha == max(alphas)
            count = strong if strongest else 12
            count += 0 if guess == "pinv" else larger if M == 6 else 0 if strongest else saved
            count = equal if (M, rule, guess) == (3, "increment", "pinv") and strongest else count
            count = 100 if alpha == 0 and expanding else count
            ended = status if status != "ok" else "not_converged" if count == 100 else "ok"
            parameters = {"guess": guess, "max_iterations": 100, "rule": rule, "latent_dim": M, "alpha": alpha}
            cell = made.cell("convergence", "gtf-deer", ended, latent_dim=M, alpha=alpha, method_parameters=parameters)
            for sequence in range(6):
                residual = np.geomspace(1, 1e-2 if count == 100 else 1e-7, count + 1)
                made.add("newton", cell, sequence=sequence, update=np.arange(count + 1), residual=residual, step=residual)
            exponent = 0.3 if alpha == 0 else -0.5
            made.add("metrics", cell, metric="forced_lyapunov", value=exponent, higher_is_better=None, floor=np.nan)
    return made.frames()


def flat(T: float) -> float:
    """Microseconds of a call that grows slowly: 1400 at T = 131072."""
    return 300.0 + T / 120


RUNS = {  # by experiment: together they decide every card in every way
    "fig1a": [
        speed(flat, flat),
        speed(lambda T: 2000.0 * T, lambda T: 2000.0 * T, sequential=lambda T: 12.0 * T**1.3),
        speed(flat, flat, lengths=(64, 1024), dims=(3,)),
    ],
    "long": [
        speed(flat, lambda T: 100.0 + T / 500, dims=(16,), lengths=(131072, 1048576)),
        speed(flat, lambda T: 20.0 * T, dims=(16,), lengths=tuple(2**n for n in range(14, 21))),
        speed(flat, lambda T: 20.0 * T, dims=(16,), lengths=(131072, 1048576)),
    ],
    "fig1b": [
        fig1b(),
        fig1b(strong=40, equal=3, saved=-6, larger=6, expanding=False),
        fig1b(status="timeout"),
        fig1b(alphas=(0.1, 1.0)),
    ],
    "fig2": [fig2(10, status="diverged"), fig2(1), fig2(10, seeds=2)],
    "fig3a": [
        trainings.fig3a(gain=0.5, spread=0.05),
        trainings.fig3a(gain=-0.2, control=0.5, later=1.0, spread=0.05),
        trainings.fig3a(seeds=2),
    ],
    "fig3b": [
        trainings.fig3b(),
        trainings.fig3b(lssm=0.3, lssm_mar=0.3, rank_0=0.3),
        trainings.fig3b(lssm=0.9, rank_1=1.8, rank_2=1.8, lssm_mar=0.6, mamba_16=0.2, mamba_32=0.2, wide=0.01),
        trainings.fig3b(seeds=2),
    ],
    "gtf-threshold": [gtf_threshold(), gtf_threshold(zero=0.6, onset=0.55), gtf_threshold(seeds=2)],
    "threshold": [
        predictability.threshold(),
        predictability.threshold(sharp=0.0, power=0.5),
        predictability.threshold(gains=(0.5,), seeds=1),
    ],
    "walltime": [
        predictability.walltime(),
        predictability.walltime(speed=0.5, slow=2.0, earlier=False),
        predictability.walltime(gains=(0.5, 2.0), seeds=1),
    ],
    "langevin": [
        predictability.langevin(),
        predictability.langevin(power=1.2, most=300, own=0.01),
        predictability.langevin(seeds=1, T=1000),
    ],
    "observers": [
        predictability.observers(),
        predictability.observers(watching=40, flow=50, off=0.2),
        predictability.observers(T=3000, cap=100, without=("lorenz", "abc")),
    ],
    "solvers": [solvers(), solvers(quasi=2.0, memory=2.0, elk="diverged"), solvers(lengths=(512,), elk="timeout")],
}


def on(device: str, tables: dict) -> dict:
    """The tables as if all of it had been measured on this kind of device."""
    machine = {"environment": "here", "gpu": "NVIDIA H100" if device == "gpu" else None, "cpu": "AMD EPYC", "cores": 16}
    return tables | {"cells": tables["cells"].assign(device=device), "environments": pd.DataFrame([machine])}
