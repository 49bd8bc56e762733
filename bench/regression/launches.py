"""How many kernels a GPU would launch for a loss with its gradient, method by method, compared with the numbers in launches.json.

    python -m bench.regression.launches METHOD ...            counts some methods, or all, beside the numbers of the file
    python -m bench.regression.launches METHOD:T=131072,...   another size (M, N, L, T, batch), or other settings
    python -m bench.regression.launches --write METHOD ...    writes what it counts into the file

At the lengths at which a GPU is asked for, launches cost more than arithmetic, so that a change which adds one to every step of a
loop is a change for the worse which no test of answers and no CPU would see. Programs are compiled for an H100 that need not be
there (`h100`). It exits with 1 if a number has grown, and with 2 where there is no telling.
"""

import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib.metadata import version
from pathlib import Path

from . import h100, hlo
from .hlo import Launches
from .problems import Size

FILE = Path(__file__).with_suffix(".json")
COMMAND = "python -m bench.regression.launches"
# One sequence and a batch. Short ones: how many launches a step of a loop takes shows at any T, and programs compile sooner.
SIZES = {"one": Size(M=16, N=1, L=64, T=2048, batch=1), "batch": Size(M=10, N=3, L=50, T=1024, batch=16)}
# Methods that are counted for a batch too: one of each kind.
BATCHED = ("sequential", "gtf-deer", "gtf-quasi-deer", "gtf-schwarz", "auto", "lssm")


def everything() -> list[tuple[str, str]]:
    """All that the file holds: (method, size), and without kernels too where there are some.

    What does not run in jax has no program to count in.
    """
    import methods
    from methods.torch_mamba.foreign import Foreign

    known = {name: methods.get(name) for name in methods.names()}
    here = [name for name in known if not isinstance(known[name].phases["gradient"], Foreign)]
    plain = [f"{name}:kernels=off" for name in here if hasattr(known[name].solver, "kernels")]
    batched = [name for name in (*here, *plain) if name.partition(":")[0] in BATCHED]
    return [(name, "one") for name in sorted([*here, *plain])] + [(name, "batch") for name in sorted(batched)]


def counted(asked: list[tuple[str, str]]) -> dict:
    """Launches, or the error that compiling ended with, by (method, size); as many programs at once as there are cores.

    Methods that differ in how they train alone have one program. `h100.prepare` must have been called before jax was imported.
    """
    import jax

    jax.config.update("jax_default_matmul_precision", "highest")

    def of(lowered):
        return lowered if isinstance(lowered, Exception) else hlo.launches(h100.compiled(lowered).as_text())

    with h100.chosen_for_a_gpu():
        programs = {which: _or_error(_lowered, *which) for which in asked}
    texts = {which: str(each) if isinstance(each, Exception) else each.as_text() for which, each in programs.items()}
    one_of_each = {text: programs[which] for which, text in texts.items()}
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        found = dict(zip(one_of_each, pool.map(partial(_or_error, of), one_of_each.values()), strict=True))
    return {which: found[text] for which, text in texts.items()}


def _or_error(function, *arguments):
    """What the function returns or raises: one method that fails must not take the numbers of the others away."""
    try:
        return function(*arguments)
    except Exception as error:
        return error


def _lowered(spec: str, size: str):
    import jax
    import jax.numpy as jnp

    method, size = _asked(spec, SIZES[size])
    params = jax.eval_shape(lambda: method.init(jax.random.key(0), size.N))
    x = jax.ShapeDtypeStruct((size.batch, size.T + 1, size.N), jnp.float32)
    return h100.lowered(method.phases["gradient"], params, x)


def _asked(spec: str, size: Size):
    """The method and the size that `name:field=value,...` means, fields of either; values as in Python, words without quotes."""
    import ast

    import methods

    name, _, fields = spec.partition(":")
    given = {}
    for field in filter(None, fields.split(",")):
        key, _, value = field.partition("=")
        try:
            given[key] = ast.literal_eval(value)
        except (ValueError, SyntaxError):
            given[key] = value
    size = size._replace(**{key: given.pop(key) for key in size._fields if key in given})
    return methods.get(name, latent_dim=size.M, hidden_dim=size.L, **given), size


def stored() -> dict:
    """The numbers of the file, by (method, size)."""
    held = json.loads(FILE.read_text(encoding="utf-8"))["launches"]
    return {(name, size): _unpacked(value) for size, of in held.items() for name, value in of.items()}


def counted_with() -> str:
    """The version of jax that the numbers of the file hold for: another one fuses otherwise."""
    return json.loads(FILE.read_text(encoding="utf-8"))["jax"]


def write(found: dict) -> None:
    """Put numbers into the file, in place of those of the same methods and sizes."""
    same = FILE.exists() and counted_with() == version("jax")
    held, known = (stored() if same else {}) | found, everything()
    by_size = {
        size: {name: _packed(held[name, size]) for name, at in known if at == size and (name, at) in held} for size in SIZES
    }
    about = {"written by": f"{COMMAND} --write", "jax": version("jax"), "sizes": {n: s._asdict() for n, s in SIZES.items()}}
    text = json.dumps(about | {"launches": by_size}, indent=1)
    FILE.write_text(_on_one_line(text) + "\n", encoding="utf-8")


def _packed(count: Launches) -> dict:
    return {"always": count.always, "turns": list(count.turns), "waits": count.waits}


def _unpacked(value: dict) -> Launches:
    return Launches(value["always"], tuple(value["turns"]), value["waits"])


def _on_one_line(text: str) -> str:
    """JSON with what is innermost on lines of its own, so that a change of one method is a change of one line."""
    import re

    text = re.sub(r"\[[^\[\]{}]*\]", lambda found: " ".join(found[0].split()), text)
    return re.sub(r"\{[^{}]*\}", lambda found: " ".join(found[0].split()), text)


def grown(before: dict, after: dict) -> list[str]:
    """A line for each method whose program launches more in some part than it did, or is not there any more."""
    lines = []
    for (name, size), old in before.items():
        new = after.get((name, size))
        if new is None:
            lines.append(f"{name} ({size}): not counted")
        elif isinstance(new, Exception):
            lines.append(f"{name} ({size}): {type(new).__name__}: {' '.join(str(new).split())[:300]}")
        elif more(old, new):
            lines.append(f"{name} ({size}): {told(old)} -> {told(new)}")
    return lines


def more(old: Launches, new: Launches) -> bool:
    """Whether a program launches more than it did. Loops are compared one by one where there are as many of them."""
    alike = len(old.turns) == len(new.turns)
    turns = any(b > a for a, b in zip(old.turns, new.turns, strict=True)) if alike else sum(new.turns) > sum(old.turns)
    return new.always > old.always or new.waits > old.waits or turns


def told(count: Launches) -> str:
    turns = f" + {', '.join(map(str, count.turns))} a turn" if count.turns else ""
    return f"{count.always}{turns}, {count.waits} waits"


def main(arguments: list[str]) -> int:
    """Count, print, compare or write; the exit status: 0 nothing has grown, 1 something has, 2 there is no telling."""
    writing, specs = "--write" in arguments, [each for each in arguments if each != "--write"]
    try:
        h100.prepare()
        asked = everything()
        if specs:
            asked = [each for each in asked if {each[0], each[0].partition(":")[0]} & {*specs}]
            asked += [(spec, "one") for spec in specs if spec not in dict(asked)]
        found = counted(asked)
    except Exception as error:  # 1 is a verdict, which no failure may look like
        print(f"launches: {type(error).__name__}: {error}", file=sys.stderr)
        return 2
    before = stored() if FILE.exists() else {}
    for (name, size), count in found.items():
        failed = isinstance(count, Exception)
        old = f"   (file: {told(before[name, size])})" if (name, size) in before else ""
        print(f"{name:40} {size:6} {type(count).__name__ + ': ' + str(count)[:300] if failed else told(count)}{old}")
    if writing:
        write({which: count for which, count in found.items() if not isinstance(count, Exception)})
        return int(any(isinstance(count, Exception) for count in found.values()))
    if before and counted_with() != version("jax"):
        print(f"launches: the file is of jax {counted_with()}, this is {version('jax')}: no telling", file=sys.stderr)
        return 2
    lines = grown({which: before[which] for which in found if which in before}, found)
    print("\n".join(["more launches than before:", *lines]) if lines else "no number has grown")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
