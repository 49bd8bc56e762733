"""A card as it is written before the run: a claim, where it was made, and how we ask it."""

import tomllib
from pathlib import Path

import pydantic

from bench.question import config
from bench.showing.vocabulary.numbers import tidy
from bench.showing.vocabulary.symbols import PLAIN

CARDS = Path(__file__).resolve().parents[2] / "cards"
UNKNOWN = "not stated here"
SIZES = (
    "system",
    "dim",
    "gain",
    "latent_dim",
    "hidden_dim",
    "T",
    "batch",
    "alpha",
    "seed",
)  # what a reader asks of a setting first


class Card(pydantic.BaseModel, frozen=True, extra="forbid", strict=True):
    """A claim of a paper, and the experiment that tests it.

    known_from  how we know of the claim: papers are not at hand in full
    device      theirs; so is the setting
    differs     what we do otherwise, beside sizes and rates, which are free choices
    methods     those of ours that the verdict rests on
    verdict     words that the claims of the verdicts have that answer this card, and no others of the experiment
    gpu_only    whether it says nothing of a CPU
    """

    figure: str
    claim: str
    known_from: str
    device: str = UNKNOWN
    setting: str = UNKNOWN
    differs: str = ""
    experiment: str
    profile: str = "gpu"
    methods: list[str]
    verdict: str
    gpu_only: bool = False

    @property
    def command(self) -> str:
        """The one command that measures it; of a profile that asks for more than an hour, the methods that it takes alone."""
        chosen = [f"-m {name}" for name in self.methods] if self.profile == "paper" else []
        return " ".join([f"pitbench run {self.experiment} --profile {self.profile}", *chosen])

    @property
    def theirs(self) -> str:
        """Device and setting of the paper."""
        if self.device == self.setting == UNKNOWN:
            return f"device and setting are {UNKNOWN}"
        return f"{self.setting}; device {self.device}"

    @property
    def ours(self) -> str:
        """What that command asks: `lorenz63, M = 3 to 25, T = 512 to 131072, S = 16`."""
        grids = config.load(self.experiment, self.profile).asked
        told = []
        for name in SIZES:
            values = list(dict.fromkeys(value for grid in grids for value in grid.get(name, [])))
            if values:
                told.append(_told(name, values))
        return ", ".join(filter(None, told))


class Paper(pydantic.BaseModel, frozen=True, extra="forbid", strict=True):
    """The cards on one paper."""

    paper: str
    title: str
    card: list[Card]


def known() -> list[Paper]:
    """All cards, paper by paper: that whose figures this project is about comes first."""
    papers = [Paper(**tomllib.loads(path.read_text(encoding="utf-8"))) for path in sorted(CARDS.glob("*.toml"))]
    return sorted(papers, key=lambda paper: -len(paper.card))


def _told(name: str, values: list) -> str:
    if name == "seed":
        return f"{len(values)} seeds" if len(values) > 1 else ""
    if name == "system":
        return " and ".join(values) if len(values) < 4 else f"{len(values)} systems"
    numbers = sorted(values)
    text = ", ".join(map(tidy, numbers)) if len(numbers) < 4 else f"{tidy(numbers[0])} to {tidy(numbers[-1])}"
    return f"{PLAIN[name]} = {text}"
