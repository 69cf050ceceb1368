"""The rules of the house that an import statement can break, read from the source itself."""

import ast
from pathlib import Path

import pytest

import evolearn

PACKAGE = Path(evolearn.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))
MAX_LINES = 350

# Each room and the rooms it may import from; a module of the package's top level that is no
# room (exceptions, compatibility) is open to all and imports none.
BELOW = {
    "execution": set(),
    "report": set(),
    "table": set(),
    "networks": set(),
    "features": set(),
    "space": {"table", "networks", "features"},
    "evolution": {"table", "space", "features"},
    "evaluation": {"table", "space", "execution"},
    "ensemble": {"table", "space", "evolution", "evaluation", "execution"},
    "steering": {"table", "space", "evolution", "evaluation"},
    "course": {"table", "space", "evolution", "evaluation", "execution"},
    "search": {
        "table",
        "space",
        "evolution",
        "evaluation",
        "ensemble",
        "execution",
        "report",
        "steering",
        "course",
    },
}
BELOW["replay"] = {*BELOW["search"], "search"}
BELOW["estimators"] = {*BELOW["replay"], "replay"}
BELOW["__init__"] = {*BELOW["estimators"], "estimators"}

OPTIONAL = {"pandas", "polars", "pyarrow", "lightgbm", "xgboost", "catboost"}
LEGACY_RANDOM = {
    "choice", "get_state", "normal", "permutation", "rand", "randint", "randn", "random",
    "random_sample", "seed", "set_state", "shuffle", "standard_normal", "uniform",
}  # fmt: skip


def room(module):
    """Return the room a file belongs to: the folder, or the name of a top-level module."""
    parts = module.relative_to(PACKAGE).with_suffix("").parts
    return parts[0]


def imports(tree):
    """Yield (node, module name, imported name) of every import, wherever it stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node, alias.name, None
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield node, "." * node.level + (node.module or ""), alias.name


def dotted(node):
    """Return `a.b.c` of an attribute chain, or None of anything else."""
    names = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return None
    return ".".join([node.id, *reversed(names)])


@pytest.fixture(params=MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def module(request):
    return request.param


@pytest.fixture
def tree(module):
    return ast.parse(module.read_text(encoding="utf-8"))


def test_imports_between_rooms_go_one_way(module, tree):
    here = room(module)
    allowed = BELOW.get(here, set())
    for node, name, imported in imports(tree):
        parts = name.split(".")
        if parts[0] != "evolearn":
            continue
        if parts == ["evolearn"]:
            assert imported in BELOW or imported is None, (
                f"{here} line {node.lineno} imports {imported} from the package's front"
            )
            parts = ["evolearn", imported]
        target = parts[1]
        if target in BELOW:
            assert target == here or target in allowed, (
                f"{here} line {node.lineno} imports from {target}, which is not below it"
            )


def test_every_room_is_in_the_import_order():
    rooms = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()}
    assert rooms <= set(BELOW)


def test_deap_is_imported_in_one_room(module, tree):
    if room(module) == "evolution":
        return
    assert not [name for _, name, _ in imports(tree) if name.split(".")[0] == "deap"]


def test_private_names_of_scikit_learn_are_imported_in_one_module(module, tree):
    if module.name == "_compat.py":
        return
    for node, name, imported in imports(tree):
        if name.split(".")[0] == "sklearn":
            private = [part for part in [*name.split("."), imported or ""] if part[:1] == "_"]
            assert not private or private == ["__version__"], f"line {node.lineno}: {private}"


def test_no_import_is_relative(tree):
    assert not [name for _, name, _ in imports(tree) if name.startswith(".")]


def test_optional_libraries_are_not_imported_with_the_package(tree):
    top_level = ast.Module(
        body=[n for n in tree.body if not isinstance(n, ast.If)], type_ignores=[]
    )
    outside = [
        name
        for statement in top_level.body
        if isinstance(statement, ast.Import | ast.ImportFrom)
        for _, name, _ in imports(statement)
    ]
    assert not OPTIONAL & {name.split(".")[0] for name in outside}


def test_a_module_can_be_read_in_one_sitting(module):
    assert len(module.read_text(encoding="utf-8").splitlines()) <= MAX_LINES


def test_nothing_is_printed(tree):
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    assert "print" not in {dotted(call.func) for call in calls}


def test_global_random_generators_are_not_used(module, tree):
    if module.name == "own_process.py":  # they are those of a worker, nobody else's
        return
    for node in ast.walk(tree):
        name = dotted(node) if isinstance(node, ast.Attribute) else None
        if name is None:
            continue
        *owner, last = name.split(".")
        assert ".".join(owner) not in {"np.random", "numpy.random"} or last not in LEGACY_RANDOM
        assert ".".join(owner) != "random" or last in {"Random", "SystemRandom"}
    for _, name, imported in imports(tree):
        assert name != "random" or imported in {None, "Random"}
        assert name != "numpy.random" or imported not in LEGACY_RANDOM
