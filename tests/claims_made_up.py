"""Made-up runs of the experiments on claims, and what becomes of those claims."""

import numpy as np
import synthetic_tables as synthetic

from bench.showing import verdicts


def lorenz63(divergence, exponent, seeds=5, rate=2.0, bad=()):
    """`bad` seeds of both methods score a divergence of 30 and an exponent of 0."""
    made = synthetic.Tables()
    for method, seconds in {"sequential": 1.0, "gtf-schwarz": 1 / rate}.items():
        for seed in range(seeds):
            cell = made.cell("reconstruction", method, seed=seed, job=method)
            values = {"dstsp_bins": 30.0, "lyapunov_max": 0.0} if seed in bad else {}
            values = {"dstsp_bins": divergence, "lyapunov_max": exponent} | values
            made.add("metrics", cell, metric="dstsp_bins", value=values["dstsp_bins"], higher_is_better=False, floor=0.04)
            made.add("metrics", cell, metric="lyapunov_max", value=values["lyapunov_max"])
            calls = seconds * made.noise(0.05, 10)
            made.add("runtime", cell, phase="update", repetition=np.arange(10), seconds=calls, iterations=1.0)
            made.add("training", cell, update=[1, 2], loss=0.1, iterations=1.0, seconds=[0.0, seconds])
    return made.frames()


def fig2(quasi, seeds=5, status="ok"):
    """`quasi` times the loss, updates and divergence of full Jacobians; the exact adjoint is as good as they are."""
    made = synthetic.Tables()
    for observed in ("", "x"):
        arms = (("gtf-deer", "exact", 1), ("gtf-quasi-deer", "exact", 1), ("gtf-quasi-deer", "diagonal", quasi))
        for method, adjoint, factor in arms:
            for seed in range(seeds):
                ended = status if adjoint == "diagonal" else "ok"
                parameters = {"method_parameters": {"adjoint": adjoint}, "system_parameters": {"observed": observed}}
                cell = made.cell("reconstruction", method, ended, seed=seed, **parameters)
                row = {"metric": "dstsp_gmm", "value": 0.1 * factor, "unit": "nats", "higher_is_better": False, "floor": 0.03}
                made.add("metrics", cell, **row)
                made.add("training", cell, update=[1, 2], loss=[1.0, 0.01 * factor], iterations=5.0 * factor, seconds=[0.0, 1.0])
    return made.frames()


def outcomes(experiment, tables):
    return [each.verdict for each in verdicts.judged(experiment, tables)]


def verdict_on(experiment, tables, words) -> set[str]:
    """What became of all claims that contain `words`."""
    found = {each.verdict for each in verdicts.judged(experiment, tables) if words in each.claim}
    assert found, words
    return found
