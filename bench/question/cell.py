"""A cell: one question to a method on a system, with an id that depends on nothing but the question."""

import dataclasses
import functools
import hashlib
import json

from bench.question import catalogue, digests

# Raise it when the meaning of an unchanged question changes: every id changes with it, and nothing old is taken for an answer.
QUESTION_VERSION = 1
CORE = ("method", "system", "T", "batch", "dtype", "seed")
PARTS = ("method", "system", "measure")
PARAMETERS = tuple(f"{part}_parameters" for part in PARTS)


@dataclasses.dataclass(frozen=True)
class Cell:
    """Method × system × sizes × seed × kind of measurement.

    Results of several machines and versions are put together by the ids of cells, so an id must depend on the question alone.
    Therefore the parameters hold only what differs from the defaults: an option that is added later, with a default, changes no
    id. The device, the environment and time limits are not part of the question.
    """

    measure: str
    method: str
    system: str
    T: int
    batch: int
    dtype: str = "float32"
    seed: int = 0
    method_parameters: dict = dataclasses.field(default_factory=dict)
    system_parameters: dict = dataclasses.field(default_factory=dict)
    measure_parameters: dict = dataclasses.field(default_factory=dict)
    # Where the files that the system's settings name are, by setting: what the question calls them, its id is made of.
    files: dict = dataclasses.field(default_factory=dict, compare=False)
    # Why its parts do not go together, found by `feasible`: it is skipped, with this reason. Empty where nothing is known.
    misfit: str = dataclasses.field(default="", compare=False)

    def __hash__(self):
        return hash(self.id)

    @functools.cached_property
    def id(self) -> str:
        """16 hexadecimal digits, equal on every machine."""
        asked = {field.name: getattr(self, field.name) for field in dataclasses.fields(self) if field.compare}
        question = json.dumps([QUESTION_VERSION, asked], sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(question.encode()).hexdigest()[:16]

    def to_json(self) -> dict:
        """Its fields; what is empty and no part of the question is left out."""
        return {key: value for key, value in dataclasses.asdict(self).items() if key != "misfit" or value}

    @classmethod
    def from_json(cls, fields: dict) -> "Cell":
        """The cell that `to_json` and json made `fields` of."""
        return cls(**{key: _tuples(value) if isinstance(value, dict) else value for key, value in fields.items()})

    def build_method(self):
        """The configured method, ready to solve and train."""
        return catalogue.configured("method", self.method, **self.method_parameters)

    def build_system(self):
        """The configured system, ready to be sampled."""
        return catalogue.configured("system", self.system, **self.system_parameters | self.files)

    def build_measure(self):
        """The configured measure, ready to run."""
        return catalogue.configured("measure", self.measure, **self.measure_parameters)

    @functools.cached_property
    def made_from(self) -> dict:
        """Digests of data files and plug-ins as they are when this is first asked."""
        return digests.of(self)

    def parameters(self, kind: str) -> dict:
        """All settings of the cell's method, system or measure, defaults included."""
        name, given = getattr(self, kind), getattr(self, f"{kind}_parameters")
        if catalogue.why_unavailable(kind, name):
            return given
        chosen = [given.get(key) if kind == "method" else None for key in ("model", "forcing")]
        return {**catalogue.settings(kind, name, *chosen), **given}

    @functools.cached_property
    def settings(self) -> dict:
        """Everything that describes the cell in one flat dictionary, defaults included; for filters and display."""
        core = {key: getattr(self, key) for key in CORE}
        return {
            **self.parameters("measure"),
            **self.parameters("system"),
            **self.parameters("method"),
            **core,
            "measure": self.measure,
        }


def _tuples(parameters: dict) -> dict:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in parameters.items()}
