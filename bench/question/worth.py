"""What is worth most: which experiments of all, and which cells of one.

Both are said in the experiment files. `worth` is a number, the larger the sooner; an experiment without one is no part of
`pitbench run all`. `[claim]` holds values of settings, by which the cells are told that the main claim rests on. A run that may
not get to its end answers these first, and `pitbench run all` those of every experiment before it goes on with the rest of any.
"""

from bench.question import config
from bench.question.cell import Cell
from bench.question.config import Experiment
from registry import suggest


def suite() -> list[str]:
    """The names of the experiments that state their worth, those of most worth first."""
    worths = {path.stem: config.read(path).worth for path in sorted(config.EXPERIMENTS.glob("*.toml"))}
    return sorted((name for name, worth in worths.items() if worth is not None), key=lambda name: -worths[name])


def claim(experiment: Experiment, everything: list[Cell]) -> list[Cell]:
    """Those of all cells of an experiment that its main claim rests on; all of them where its file does not say.

    A cell without one of the settings is not told by it. A setting of which the profile has none of the values tells nothing
    either: profiles differ in their sizes, and the claim of each of them is as near to that of the file as it can be.
    """
    chosen = everything
    for key, values in experiment.claim.items():
        known = sorted(set().union(*(cell.settings for cell in everything)))
        if key not in known:
            raise experiment.error(f"claim.{key}", values, f"no such setting.{suggest(key, known)}\nKnown: {', '.join(known)}.")
        if any(cell.settings[key] in values for cell in chosen if key in cell.settings):
            chosen = [cell for cell in chosen if cell.settings.get(key, values[0]) in values]
    return chosen
