"""Verdicts follow the numbers: turn the numbers round and the verdict turns; too few seeds decide nothing."""

import pytest
import synthetic_tables as synthetic

from bench import verdicts


def lorenz63(divergence, exponent, seeds=5, rate=2.0):
    made = synthetic.Tables()
    for method, seconds in {"sequential": 1.0, "gtf-schwarz": 1 / rate}.items():
        for seed in range(seeds):
            cell = made.cell("reconstruction", method, seed=seed)
            made.add("metrics", cell, metric="dstsp_bins", value=divergence, unit="nats", higher_is_better=False, floor=0.04)
            made.add("metrics", cell, metric="lyapunov_max", value=exponent, unit="1/time", higher_is_better=None, floor=None)
            update = list(range(1, 11))
            made.add("training", cell, update=update, loss=0.1, iterations=1.0, seconds=[u * seconds for u in update])
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


def test_a_good_reconstruction_of_lorenz63_reproduces_its_claims():
    assert outcomes("lorenz63", lorenz63(0.2, 0.9)) == ["reproduced"] * 5
    assert outcomes("lorenz63", lorenz63(0.2, 0.9, rate=0.5)) == ["reproduced"] * 4 + ["not reproduced"]


@pytest.mark.parametrize(("divergence", "exponent"), [(0.3, 0.8), (float("inf"), float("nan"))])
def test_a_bad_one_does_not(divergence, exponent):
    assert outcomes("lorenz63", lorenz63(divergence, exponent))[:4] == ["not reproduced"] * 4


def test_a_worse_ablation_reproduces_the_claims_about_it():
    found = verdicts.judged("fig2", fig2(10, status="diverged"))
    assert {each.verdict for each in found} == {"reproduced"}
    assert {each.claim.split(":")[0] for each in found} == {"fully observed", "observed x"} and len(found) == 3 + 4 + 2


def test_an_ablation_that_does_no_harm_refutes_them():
    assert set(outcomes("fig2", fig2(1))) == {"not reproduced"}


@pytest.mark.parametrize(("experiment", "tables"), [("lorenz63", lorenz63(0.2, 0.9, seeds=2)), ("fig2", fig2(10, seeds=2))])
def test_few_seeds_decide_nothing_about_quality(experiment, tables):
    found = outcomes(experiment, tables)
    assert found.count("undecided") >= 4 and "not reproduced" not in found


def test_a_run_that_tests_no_claim_has_no_verdicts():
    assert verdicts.judged("quickstart", lorenz63(0.2, 0.9)) == []
    assert verdicts.text([]) == ""


def test_the_text_says_the_verdict_the_claim_and_the_numbers():
    text = verdicts.text(verdicts.judged("lorenz63", lorenz63(0.2, 0.9)))
    assert text.startswith("REPRODUCED: GTF reconstructs") and "0.2, 0.2" in text and "arXiv:2306.04406" in text
