"""The rules of the package's structure that an import statement can break.

Rules that hold for single imports are in pyproject.toml, as settings of ruff.
"""

import ast
from pathlib import Path

import pytest

import evolearn

PACKAGE = Path(evolearn.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))

# The subpackages, lowest first: a module imports from lower ones and from its own.
# Modules of the package's top level count as subpackages.
LAYERS = (
    (
        "_compat",
        "_version",
        "exceptions",
        "messages",
        "optional",
        "policy",
        "recorded_warnings",
    ),
    ("quick_prediction", "user_warnings", "written_files"),
    ("versioned",),
    ("data", "transformers", "networks", "execution", "results", "uncertainty"),
    ("tasks", "plots", "profiles"),
    ("pipeline",),
    ("cost",),
    ("evaluation",),
    ("ensemble",),
    ("checkpoint",),
    ("search",),
    ("genes",),
    ("models",),
    ("insights",),
    ("diagnosis",),
    ("report",),
    ("export",),
    ("fit",),
    ("estimators",),
    ("command_line",),
    ("testing", "__main__"),
    ("__init__",),
)
LEVEL = {name: level for level, layer in enumerate(LAYERS) for name in layer}
# DEAP takes a sixth of a second to import: workers, which never vary genomes, do without it.
DEAP_HOME = "search"
# The conformance tests for extensions are the only part of the package that needs pytest.
PYTEST_HOME = "testing"
TASK_NAMES = {"classification", "regression"}
TYPE_TESTS = {"is_classifier", "is_regressor"}


def subpackage(module):
    """Return the subpackage of a file: its folder, or the name of a top-level module."""
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


def test_subpackages_import_from_lower_ones_only():
    wrong = []
    for module in MODULES:
        here = subpackage(module)
        for line, name in imported_modules(module):
            parts = name.split(".")
            there = parts[1] if parts[0] == "evolearn" and len(parts) > 1 else None
            if here not in LEVEL or there not in LEVEL or there == here:
                continue
            if LEVEL[there] >= LEVEL[here]:
                wrong.append(f"{module.relative_to(PACKAGE)}:{line} imports {name}")
    assert not wrong, "\n".join(wrong)


def test_every_subpackage_has_a_layer():
    assert {subpackage(module) for module in MODULES} == set(LEVEL)


@pytest.mark.parametrize(("library", "home"), [("deap", DEAP_HOME), ("pytest", PYTEST_HOME)])
def test_a_library_is_imported_in_one_subpackage(library, home):
    subpackages = {
        subpackage(module)
        for module in MODULES
        for _, name in imported_modules(module)
        if name.split(".")[0] == library
    }
    assert subpackages == {home}


def asks_for_the_task(node):
    """Whether a piece of code distinguishes between the tasks by their names or classes."""
    if isinstance(node, ast.ImportFrom):
        return any(alias.name in TYPE_TESTS for alias in node.names)
    if not isinstance(node, ast.Compare):
        return False
    sides = [ast.unparse(side).split(".")[-1] for side in (node.left, *node.comparators)]
    return "classes" in sides or any(repr(name) in sides for name in TASK_NAMES)


def test_no_other_subpackage_asks_which_task_it_is():
    wrong = [
        f"{module.relative_to(PACKAGE)}:{node.lineno} {ast.unparse(node)}"
        for module in MODULES
        if subpackage(module) not in ("tasks", "models")  # a family is defined for each task
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
        if asks_for_the_task(node)
    ]
    assert not wrong, "\n".join(wrong)
