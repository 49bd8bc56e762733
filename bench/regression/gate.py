"""Is a commit worse in a number that repeats itself? `python -m bench.regression.gate BEFORE AFTER` exits with 1 if so.

It exits with 2 where there is no telling. asv's own verbs cannot say: `compare` always exits with 0, `continuous` has one factor
for all and measures everything again.
"""

import contextlib
import math
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# How many times its old value a number may be. Errors are near rounding, where another order of summation is a factor of two.
ALLOWED = {"track_iterations": 1.0, "track_temp_bytes": 1.1, "track_value_error": 4.0, "track_gradient_error": 4.0}
USAGE = "usage: python -m bench.regression.gate BEFORE AFTER, with two commits that `asv run` has measured"


def worse(before: dict, after: dict) -> list[str]:
    """One line for each tracked number of `before` that is too large in `after`, failed there, or is not there.

    Both map `benchmark(parameters)` to (version of the benchmark, number); the number is None where the benchmark failed and NaN
    where there is no answer. Numbers of different versions are not compared.
    """
    lines = []
    for name, (version, old) in before.items():
        factor = ALLOWED.get(name.partition("(")[0].rpartition(".")[-1])
        now, new = after.get(name, (version, math.nan))
        if factor is None or old is None or math.isnan(old) or now != version:
            continue
        if new is None:
            lines.append(f"{name}: {old:.6g} -> failed")
        elif not new <= factor * old:  # so that NaN is worse
            lines.append(f"{name}: {old:.6g} -> {'no answer' if math.isnan(new) else f'{new:.6g}'}")
    return lines


def load(folder: str, commit: str) -> dict:
    """The numbers of a commit (its full hash), for `worse`, by machine and environment."""
    from asv.commands.compare import unroll_result
    from asv.results import iter_results

    found = {}
    for result in iter_results(folder):
        if result.commit_hash == commit:
            numbers = found.setdefault((result.params["machine"], result.env_name), {})
            for key in result.get_all_result_keys():
                parameters = result.get_result_params(key)
                for name, value in unroll_result(key, parameters, result.get_result_value(key, parameters)):
                    numbers[name] = result.benchmark_version.get(key), value
    return found


def measured(names: list[str]) -> list[dict]:
    """The numbers of each commit that `names` names; a LookupError says what is missing.

    Paths in asv's configuration are relative to its file, wherever the gate is started.
    """
    try:
        from asv.config import Config
        from asv.repo import NoSuchNameError, get_repo
    except ImportError as error:
        raise LookupError(f'{error}. Install the extra: pip install -e ".[regression]"') from None
    with contextlib.chdir(ROOT):
        conf = Config.load("asv.conf.json")
        repo, commits = get_repo(conf), []
        for name in names:
            try:
                commits.append(repo.get_hash_from_name(name))
            except NoSuchNameError:
                raise LookupError(f'"{name}": no such commit in {ROOT}{_shallow()}.') from None
        return [load(conf.results_dir, commit) for commit in commits]


def _shallow() -> str:
    shallow = (ROOT / ".git" / "shallow").exists()
    return ", a clone that is cut off (git fetch --unshallow gets the rest)" if shallow else ""


def main(arguments: list[str]) -> int:
    """Print what is worse; the exit status: 0 nothing, 1 something, 2 there is no telling."""
    if len(arguments) != 2:
        print(USAGE, file=sys.stderr)
        return 2
    try:
        before, after = measured(arguments)
    except Exception as error:  # 1 is a verdict, which no failure may look like
        kind = "" if isinstance(error, LookupError) else f"{type(error).__name__}: "
        print(f"gate: {kind}{' '.join(str(error.args[0] if error.args else error).split())}", file=sys.stderr)
        return 2
    both = sorted(before.keys() & after.keys())
    if not both:
        print(f"gate: nowhere are both {' and '.join(arguments)} measured. {USAGE}", file=sys.stderr)
        return 2
    lines = [f"{'/'.join(place)}  {line}" for place in both for line in worse(before[place], after[place])]
    print("\n".join(lines) or f"nothing tracked is worse in {arguments[1]} than in {arguments[0]}")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
