"""Where the files are that an experiment names: beside the experiment's file, or else in the working directory."""

from pathlib import Path

from bench.errors import say
from bench.question import catalogue


def files(system: str, parameters: dict, given_at: dict[str, str], experiment: Path) -> dict[str, str]:
    """The place of each file that the settings `parameters` of a system name, by setting.

    A relative path in an experiment file is meant from the folder of that file, one on the command line from the working
    directory. A file that is missing beside the experiment but is there in the working directory is taken from there, with a
    notice.

    given_at  where each setting was given, as in error messages; `--set` for the command line
    """
    owner = catalogue.owner("system", system)
    named = [key for key in getattr(owner, "files", ()) if parameters.get(key)]
    return {key: _place(parameters[key], given_at.get(key, ""), experiment) for key in named}


def _place(path: str, given_at: str, experiment: Path) -> str:
    here = Path(path).expanduser()
    if here.is_absolute():
        return str(here)
    beside = experiment.resolve().parent / here
    if given_at.startswith("--set"):
        return str(here.resolve())
    if not beside.exists() and here.exists():
        if experiment.resolve().parent != Path.cwd():
            say(f"{experiment}: {given_at} = {path}: not beside this file; {here.resolve()} in the working directory is taken.")
        return str(here.resolve())
    return str(beside)
