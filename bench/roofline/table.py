"""The roofline as a table: what each program must do, how soon it could be done, and how soon it is."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd

from bench.errors import UserError
from bench.roofline.clock import per_call
from bench.roofline.peaks import Peaks
from bench.roofline.programs import Program
from bench.showing.tables import glance
from bench.showing.tables.rendering import render
from bench.text import brief, filled
from registry import suggest

FORMATS = ("text", "markdown", "csv")
CAPTION = (
    "lanes: states side by side; steps: one after the other in each. Mflop: operations that the algorithm needs, and with what "
    "kernels fill up to whole tiles. moved: bytes to and from memory at the least. bound: the longer of what the operations take "
    "at the peak rate and the bytes at the peak bandwidth. time: median of one call; each: by the step. "
    "share: bound / time; 1 cannot be beaten. "
    "call: an empty call / time; near 1 the time is that of starting a program. run_again and correct go through whole windows "
    "here, where a solve stops them as soon as nothing changes; look takes one step of each window. gtf-schwarz does more than "
    "its bound counts: windows overlap by what it takes the map to forget."
)


class Setting(NamedTuple):
    """What the numbers belong to."""

    device: str
    sizes: str
    peaks: Peaks
    empty_call_s: float
    interpreted: bool


def frame(programs: list[Program], setting: Setting, doing=lambda name: None) -> pd.DataFrame:
    """One row for each program, measured one after the other; one that fails has no time, and its reason as its note."""
    rows = []
    for program in programs:
        doing(program.name)
        seconds, note = _measured(program)
        steps = 1 if program.name.endswith("look") else program.windows.C
        work, (bound, by) = program.work, setting.peaks.bound_s(program.work.flops, program.work.bytes)
        rows.append(
            {
                "program": program.name,
                "lanes": program.windows.K * program.windows.S,
                "steps": steps,
                "Mflop": work.flops / 1e6,
                "Mflop_padded": np.nan if work.padded_flops is None else work.padded_flops / 1e6,
                "moved_bytes": work.bytes,
                "flop_per_byte": work.flops / work.bytes,
                "bound_s": bound,
                "bound_by": by,
                "time_s": seconds,
                "time_step_s": np.nan if program.sweeps else seconds / steps,
                "share": bound / seconds,
                "call_share": setting.empty_call_s / seconds,
                "note": note,
            }
        )
    return pd.DataFrame(rows)


def _measured(program: Program) -> tuple[float, str]:
    """The median seconds of a call, and what there is to say."""
    if program.function is None:
        return np.nan, program.note
    try:
        lowered = jax.jit(program.function, donate_argnums=program.consumed).lower(*program.arguments)
        # others need what this one uses up
        arguments = tuple(jnp.copy(each) if i in program.consumed else each for i, each in enumerate(program.arguments))
        return float(np.median(per_call(lowered.compile(), arguments, program.again))), program.note
    except Exception as error:  # a kernel that does not compile, or memory that is too small: the other rows still count
        return np.nan, f"{type(error).__name__}: {brief(str(error))}"


def shown(rows: pd.DataFrame, setting: Setting, format: str) -> str:
    """The rows in a format, under what they belong to; csv is the rows alone, with the device in each."""
    if format == "csv":
        return render(rows.assign(device=setting.device), "csv").rstrip()
    peaks = setting.peaks
    title = (
        f"roofline: {setting.sizes}, float32, {setting.device}\n"
        f"peaks: {peaks.flops / 1e12:.3g} Tflop/s in float32 without TF32, {peaks.bytes / 1e9:.4g} GB/s ({peaks.source}); "
        f"an empty call takes {setting.empty_call_s * 1e6:.3g} µs"
    )
    if setting.interpreted:
        title += "\nKernels are run by jax's interpreter: their times show that they run, and their shares mean nothing."
    if format == "markdown":
        return f"{title}\n\n{render(rows, 'markdown')}\n\n{CAPTION}"
    return f"{title}\n\n{_table(rows)}\n\n{filled(CAPTION)}"


def check(format: str) -> None:
    if format not in FORMATS:
        raise UserError(f'--format "{format}": no such format.{suggest(format, FORMATS)} Known: {", ".join(FORMATS)}.')


def _table(rows: pd.DataFrame) -> str:
    about = [glance.words(rows, "program")]
    columns = [
        *(glance.Column(name, list(rows[name].astype(str))) for name in ("lanes", "steps")),
        glance.quantity(rows, "Mflop"),
        glance.quantity(rows, "Mflop_padded"),
        glance.quantity(rows, "moved_bytes"),
        glance.quantity(rows, "flop_per_byte", "flop\nper byte"),
        glance.quantity(rows, "bound_s"),
        glance.Column("bound\nby", list(rows["bound_by"]), left=True),
        glance.quantity(rows, "time_s"),
        glance.quantity(rows, "time_step_s", "each"),
        glance.quantity(rows, "share"),
        glance.quantity(rows, "call_share", "call"),
        glance.words(rows, "note", " "),
    ]
    return glance.table(about, columns).text(glance.terminal_width())
