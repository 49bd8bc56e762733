"""A stored run: the question that its folder was asked last, and the answers to that question and to no other.

An experiment may be run again with `--set`, `--seeds` or another profile, and the cells of earlier settings stay in the folder.
They answer another question, so no table, figure or verdict may pool them with the answers to this one.
"""

import dataclasses
from pathlib import Path

from bench import files
from bench.errors import UserError
from bench.storage.collect import load


@dataclasses.dataclass(frozen=True)
class Run:
    """What a folder holds.

    experiment  as it was resolved when it was run last; empty where only tables are kept
    tables      as of `bench.load`, with the cells that it asks for; all cells where it does not say
    others      cells in the folder that it does not ask for
    """

    folder: Path
    experiment: dict
    tables: dict
    others: int

    @property
    def note(self) -> str:
        """What is left out, for a reader; empty where nothing is."""
        if not self.others:
            return ""
        cells, lie = ("cell", "lies") if self.others == 1 else ("cells", "lie")
        return (
            f"{self.others} other {cells} {lie} in {self.folder}, of settings or seeds that the last run did not ask for, "
            "and count nowhere here. Run again with what they were asked with to see them; seeds of one command count together."
        )


def read(folder: Path) -> Run:
    """The run stored in `folder`."""
    folder = Path(folder)
    experiment, tables = files.read_json(folder / "experiment.json") or {}, load(folder)
    asked = {cell["id"] for cell in experiment["cells"]} if "cells" in experiment else set(tables["cells"]["cell"])
    kept = {name: frame[frame["cell"].isin(asked)] if "cell" in frame else frame for name, frame in tables.items()}
    kept = {name: frame.reset_index(drop=True) for name, frame in kept.items()}
    return Run(folder, experiment, kept, others=len(tables["cells"]) - len(kept["cells"]))


def remembered(folder: Path) -> dict:
    """The resolved experiment as it was stored beside its results."""
    path = Path(folder) / "experiment.json"
    experiment = files.read_json(path)
    if experiment and experiment.keys() >= {"name", "measure", "figure", "cells"}:
        return experiment
    if path.exists():
        raise UserError(f"{path}: cannot be read. Running the experiment again with --out {folder} writes it anew.")
    raise UserError(f"{folder}: no run is stored here. Give the folder that `pitbench run` wrote to (its --out).")
