"""Which cells a run answers: those without an answer, and with `--rerun` those whose answer is to be had again."""

from bench.errors import UserError
from bench.measure.outcome import FAILED, WRONG
from bench.question.cell import Cell
from registry import suggest

RERUNS = ("failed", "stale", "all", "diverged")


def check_rerun(rerun: tuple[str, ...], git_sha: str | None) -> None:
    """Refuse what `--rerun` cannot mean."""
    for word in rerun:
        if word not in RERUNS:
            raise UserError(f'--rerun "{word}": want one of {", ".join(RERUNS)}.{suggest(word, RERUNS)}')
    if "stale" in rerun and git_sha is None:
        raise UserError(
            "--rerun stale: the commit of this source is not known, so no answer can be told to be of another one.\n"
            "Run from a git checkout of pitbench, or name the commit in the environment variable PITBENCH_GIT_SHA."
        )


def needed(chosen: list[Cell], answers: dict[str, dict], rerun: tuple[str, ...], git_sha: str | None) -> list[Cell]:
    """The cells to answer; `answers` maps a cell's id to the status and the commit of its latest answer.

    rerun  "failed": what may end otherwise when it is tried again; "diverged": any other answer that is not ok, which says
           something of the method and repeats itself; "stale": answers of another commit; "all". Several add up.
    What was skipped is neither of the first two: it would be skipped again.
    """

    def again(answer: dict) -> bool:
        status = answer["status"]
        reasons = {
            "failed": status in FAILED,
            "diverged": status in WRONG,
            "stale": answer["git_sha"] != git_sha,
            "all": True,
        }
        return any(reasons[word] for word in rerun)

    return [cell for cell in chosen if cell.id not in answers or again(answers[cell.id])]
