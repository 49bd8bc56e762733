"""Data flow one way: a folder imports only from those before it, nothing imports in a circle, and files stay small."""

import ast
import builtins
import functools
import symtable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("methods", "systems", "metrics", "bench")
# Each entry may import from those before it and from itself; entries in one tuple are beside each other, and apart. What is not
# named is a primitive that all of them may use, and that uses none of them.
ORDER = {
    "bench": [
        *("question", "measure", "storage", "running", "showing"),
        *(("conformance", "regression"), "arguments", "selected", "tuning", "roofline", "cli", "__init__"),
    ],
    "bench.showing": [
        *("vocabulary", "frames", "drawing", ("tables", "figures", "verdicts")),
        *(("show", "failures", "cards"), ("ending", "pages")),
    ],
    "methods": [
        *("layout", "kernels", "problem", "linear", "forcing", "adjoint", "models"),
        *("predictability", "training", "torch_mamba", "solvers", "method", "__init__"),
    ],
}
ALONE = {"methods": ("bench", "systems"), "systems": ("bench", "methods"), "metrics": ("bench",)}  # room: what it never imports
MOST_LINES, MOST_OF_A_FUNCTION = 260, 50


@functools.cache
def modules() -> dict[str, Path]:
    """Every module of the project by its name; a package by the name of its `__init__`."""
    paths = [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]
    return {".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in paths}


@functools.cache
def tree(module: str) -> ast.Module:
    return ast.parse(modules()[module].read_text(encoding="utf-8"))


def named(target: str) -> str | None:
    """The module of the project that `import target` gives, if there is one."""
    return next((name for name in (target, f"{target}.__init__") if name in modules()), None)


def imported(module: str, *, lazily: bool) -> set[str]:
    """The modules of the project that a module imports; with `lazily` also those that its functions do."""
    nodes = list(ast.walk(tree(module)))
    if not lazily:
        inside = {
            id(each) for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) for each in ast.walk(node)
        }
        nodes = [node for node in nodes if id(node) not in inside]
    found = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {named(alias.name) for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = [*module.split(".")[: -node.level], *filter(None, [node.module])] if node.level else [node.module]
            base = ".".join(base)
            found |= {named(f"{base}.{alias.name}") or named(base) for alias in node.names}
    return found - {None, module}


def place(module: str, room: str) -> int | None:
    """How far along the order of its room a module stands; None for a primitive."""
    own = module.removeprefix(f"{room}.").split(".")[0]
    return next((i for i, each in enumerate(ORDER[room]) if own == each or (isinstance(each, tuple) and own in each)), None)


def against(module: str, other: str, room: str) -> bool:
    """Whether one module of a room that imports another looks back, or aside."""
    here, there = place(module, room), place(other, room)
    if there is None or here is None:
        return there is not None
    apart = isinstance(ORDER[room][here], tuple)
    within = module.removeprefix(f"{room}.").split(".")[0] == other.removeprefix(f"{room}.").split(".")[0]
    return there > here or (there == here and apart and not within)


@pytest.mark.parametrize("room", ORDER)
def test_a_folder_imports_only_from_those_before_it(room):
    own = [module for module in modules() if module.startswith(f"{room}.")]
    back = [f"{module} -> {other}" for module in own for other in sorted(imported(module, lazily=True) & set(own))]
    back = [edge for edge in back if against(*edge.split(" -> "), room)]
    assert not back, "\n".join(back)


@pytest.mark.parametrize("room", ORDER)
def test_every_folder_has_a_place_in_the_order(room):
    folders = {path.parent.name for path in (ROOT / room.replace(".", "/")).glob("*/__init__.py")}
    assert all(place(f"{room}.{folder}", room) is not None for folder in folders), folders


@pytest.mark.parametrize(
    ("module", "other", "wrong"),
    [
        *(("bench.question.cell", "bench.showing.show", True), ("bench.showing.show", "bench.question.cell", False)),
        *(("bench.conformance.models", "bench.regression.models", True), ("bench.errors", "bench.storage.store", True)),
        *(("bench.running.plan", "bench.running.prices", False), ("bench.conformance.models", "bench.conformance.trials", False)),
    ],
)
def test_what_is_against_the_flow(module, other, wrong):
    assert against(module, other, "bench") == wrong


def test_the_modules_beside_the_rooms_use_none_of_them():
    for path in ROOT.glob("*.py"):
        nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
        names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
        names += [node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module]
        assert not {name.split(".")[0] for name in names} & set(ROOMS), path


@pytest.mark.parametrize("room", ALONE)
def test_a_room_knows_nothing_of_the_rooms_that_use_it(room):
    own = [module for module in modules() if module.startswith(f"{room}.")]
    found = [f"{module} -> {other}" for module in own for other in imported(module, lazily=True)]
    found = [edge for edge in found if edge.split(" -> ")[1].split(".")[0] in ALONE[room]]
    assert not found, "\n".join(found)


def test_no_modules_import_each_other_in_a_circle():
    left = {module: imported(module, lazily=False) for module in modules()}
    while free := [module for module, others in left.items() if not others & left.keys()]:
        for module in free:
            del left[module]
    # what is left imports a circle, or is in one; those that nobody there imports only lead to it
    while leading := [module for module in left if not any(module in others for others in left.values())]:
        for module in leading:
            del left[module]
    assert not left, "\n".join(f"{module} -> {', '.join(sorted(others & left.keys()))}" for module, others in left.items())


def test_files_and_functions_are_small_enough_to_be_read_at_once():
    too_large = {module for module, path in modules().items() if path.read_text(encoding="utf-8").count("\n") > MOST_LINES}
    for module in modules():
        for node in ast.walk(tree(module)):
            if isinstance(node, ast.FunctionDef) and node.end_lineno - node.lineno >= MOST_OF_A_FUNCTION:
                too_large.add(f"{module}.{node.name}")
    assert not too_large, "\n".join(sorted(too_large))


def test_no_name_is_used_that_nothing_defines():
    """ruff cannot look for these: it takes the names of dimensions in shapes for names of Python."""
    missing = []
    for module, path in modules().items():
        table = symtable.symtable(path.read_text(encoding="utf-8"), str(path), "exec")
        own = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_assigned() or symbol.is_imported()}
        known = own | set(dir(builtins)) | {"__file__", "__path__"}
        missing += [f"{module}: {name}" for name in _globals_of(table) - known]
    assert not missing, "\n".join(sorted(missing))


def _globals_of(table) -> set[str]:
    """Names that a module, and all that is in it, takes from the module."""
    own = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_global() or table.get_type() == "module"}
    used = {name for name in own if table.lookup(name).is_referenced()}
    return used.union(*map(_globals_of, table.get_children()))
