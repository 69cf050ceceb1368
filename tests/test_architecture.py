"""The rules of the package's structure that an import statement can break."""

import ast
from pathlib import Path

import pytest

import evolearn

PACKAGE = Path(evolearn.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))

# The rooms, lowest first: a module imports from rooms below its own, and from its own.
# Modules of the package's top level (exceptions, compatibility) are open to all.
LAYERS = (
    ("data", "transformers", "networks", "execution", "results"),
    ("tasks",),
    ("pipeline",),
    ("cost",),
    ("evaluation",),
    ("ensemble",),
    ("checkpoint",),
    ("search",),
    ("genes",),
    ("models",),
    ("fit",),
    ("estimators",),
    ("testing",),
    ("__init__",),
)
LEVEL = {room: level for level, rooms in enumerate(LAYERS) for room in rooms}
# DEAP takes a sixth of a second to import: workers, which never vary genomes, do without it.
DEAP_ROOM = "search"


def room(module):
    """Return the room a file belongs to: its folder, or the name of a top-level module."""
    return module.relative_to(PACKAGE).with_suffix("").parts[0]


def imported_modules(module):
    """Yield (line, dotted name) of every import, wherever it stands in the file."""
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield node.lineno, f"{node.module}.{alias.name}"


@pytest.mark.xfail(reason="the rooms are being sorted out")
def test_rooms_import_from_lower_rooms_only():
    wrong = []
    for module in MODULES:
        here = room(module)
        for line, name in imported_modules(module):
            parts = name.split(".")
            there = parts[1] if parts[0] == "evolearn" and len(parts) > 1 else None
            if here not in LEVEL or there not in LEVEL or there == here:
                continue
            if LEVEL[there] >= LEVEL[here]:
                wrong.append(f"{module.relative_to(PACKAGE)}:{line} imports {name}")
    assert not wrong, "\n".join(wrong)


def test_every_room_has_a_layer():
    rooms = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()}
    assert rooms <= set(LEVEL)


def test_deap_is_imported_in_one_room():
    rooms = {
        room(module)
        for module in MODULES
        for _, name in imported_modules(module)
        if name.split(".")[0] == "deap"
    }
    assert rooms == {DEAP_ROOM}
