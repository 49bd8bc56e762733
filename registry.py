"""Catalogues of plug-ins: found by name, and listed with the reason where one cannot be used.

A plug-in module holds a dictionary `name -> plug-in` under the attribute its room asks for (`METHODS`, `SYSTEMS`, `METRICS`).
Modules are found in the room's own folders, through entry points, and as single files (`--plugin file.py`). A module that
fails to import never breaks the others: it is kept as unavailable, with the error.
"""

import difflib
import hashlib
import importlib
import importlib.metadata
import importlib.util
import pkgutil
import sys
import zlib
from pathlib import Path
from typing import NamedTuple


class UnknownName(ValueError):
    """A name or field that does not exist; the message names the nearest valid choice."""


def suggest(wrong: str, known) -> str:
    """` Did you mean "x"?` for the nearest of `known`, or nothing."""
    near = difflib.get_close_matches(wrong, list(known), n=1, cutoff=0.5)
    return f' Did you mean "{near[0]}"?' if near else ""


class Source(NamedTuple):
    """A plug-in's file, as it was when it was imported."""

    path: str
    digest: str


class Registry:
    """The plug-ins of one room."""

    def __init__(self, kind: str, packages: tuple[str, ...], attribute: str, needs: tuple[str, ...] = (), made=None):
        """One room's catalogue.

        packages   where modules are looked for
        attribute  of a module: its dictionary `name -> plug-in`
        needs      attributes without which something is no plug-in of this kind
        made       makes a plug-in of an entry that is only data; None: entries are plug-ins
        """
        self.kind = kind
        self._needs = ("__dataclass_fields__", *needs)
        self._made = made or (lambda entry: entry)
        self._packages = packages
        self.attribute = attribute
        self._files: list[Path] = []
        self._entries: dict | None = None
        self._unavailable: dict[str, str] = {}
        self._sources: dict[str, Source] = {}

    def add_file(self, path) -> None:
        """Also look for plug-ins in one Python file."""
        path = Path(path).resolve()
        if not path.is_file():
            raise FileNotFoundError(f"plug-in file {path}: no such file.")
        if path not in self._files:
            self._files.append(path)
            self._entries = None

    def names(self) -> list[str]:
        return sorted(self._load())

    def unavailable(self) -> dict[str, str]:
        """Name of each plug-in (or plug-in module) that cannot be used here, with the reason."""
        self._load()
        return dict(sorted(self._unavailable.items()))

    def source(self, name: str) -> "Source | None":
        """The file of one's own that the plug-in `name` comes from; None for what this project brings."""
        self._load()
        return self._sources.get(name)

    def __getitem__(self, name: str):
        entries = self._load()
        if name in entries:
            return entries[name]
        message = f'"{name}": no such {self.kind}.{suggest(name, entries)} Known: {", ".join(sorted(entries))}.'
        if self._unavailable:
            reasons = "; ".join(f"{key} ({reason})" for key, reason in self.unavailable().items())
            message += f" Unavailable here: {reasons}."
        raise UnknownName(f"{message} See `pitbench list {self.kind}s`.")

    def _load(self) -> dict:
        if self._entries is None:
            self._entries, self._unavailable, self._sources = {}, {}, {}
            for place, load in self._modules():
                try:
                    module = load()
                    added = self._add(place, self._entries_of(module))
                    if not place.startswith(tuple(f"{package}." for package in self._packages)):
                        self._sources |= dict.fromkeys(added, _source(module))
                # a broken plug-in must not take the suite down with it, and one that ends the process not end it
                except (Exception, SystemExit) as error:
                    self._unavailable[place] = f"{type(error).__name__}: {error}"
        return self._entries

    def _entries_of(self, module) -> dict:
        entries = getattr(module, self.attribute, {})
        if not isinstance(entries, dict):
            raise TypeError(f"{self.attribute} is a {type(entries).__name__}, want a dictionary name -> {self.kind}.")
        return entries

    def _add(self, place: str, entries: dict) -> list[str]:
        """Takes those of `entries` whose names are free, and names them; the others are unavailable, each by itself."""
        added = []
        for name, entry in entries.items():
            if not isinstance(name, str):
                self._unavailable[f"{place}: {name!r}"] = f"the name of a {self.kind} is a text, not a {type(name).__name__}."
                continue
            try:
                plugin = self._made(entry)
            except (TypeError, ValueError) as error:
                self._unavailable[f"{place}: {name}"] = str(error)
                continue
            if lacking := [need for need in self._needs if not hasattr(plugin, need)]:
                reason = f'a {type(plugin).__name__} is no {self.kind}: it has no "{lacking[0]}".'
                self._unavailable[f"{place}: {name}"] = reason
            elif name in self._entries:
                self._unavailable[f"{place}: {name}"] = f'there is a {self.kind} "{name}" already. Give this one another name.'
            else:
                self._entries[name] = plugin
                added.append(name)
        return added

    def _modules(self):
        for package in self._packages:
            for module in pkgutil.iter_modules(importlib.import_module(package).__path__, f"{package}."):
                yield module.name, lambda name=module.name: importlib.import_module(name)
        for entry in importlib.metadata.entry_points(group=f"pitbench.{self.kind}s"):
            yield entry.name, entry.load
        for path in self._files:
            yield str(path), lambda path=path: _import_file(path)


def _source(module) -> Source:
    if not hasattr(module, "__pitbench_source__"):
        path = Path(module.__file__)
        module.__pitbench_source__ = Source(str(path), hashlib.sha256(path.read_bytes()).hexdigest()[:16])
    return module.__pitbench_source__


def imported(path):
    """The module that a plug-in file became; None if it could not be imported."""
    return sys.modules.get(_module_name(Path(path).resolve()))


def _module_name(path: Path) -> str:
    return f"pitbench_plugin_{path.stem}_{zlib.crc32(str(path).encode()):08x}"


def _import_file(path: Path):
    name = _module_name(path)
    if name not in sys.modules:  # one file may serve several rooms: run it once
        spec = importlib.util.spec_from_file_location(name, path)
        if spec is None:
            raise ImportError(f'a plug-in file is Python and ends in ".py", not in "{path.suffix}".')
        module = sys.modules[name] = importlib.util.module_from_spec(spec)  # dataclasses look their module up there
        try:
            spec.loader.exec_module(module)
        except BaseException:
            del sys.modules[name]
            raise
    return sys.modules[name]
