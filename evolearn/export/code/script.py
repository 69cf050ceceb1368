"""Text of a script that builds, trains and scores a model."""

import sys
from collections.abc import Iterable
from typing import Any

import sklearn

from evolearn._version import __version__
from evolearn.export.code.definitions import Definitions, Import
from evolearn.export.code.expressions import Expressions, laid_out
from evolearn.export.code.model import COLUMNS, CodeModel
from evolearn.export.code.parts import program
from evolearn.tasks.estimator_kind import may_be

HEADER = '''"""Model of a table: {title}.

``python model.py table.csv target`` trains on three quarters of the rows of a CSV file, and
prints the error on the others. ``fit(X, y)`` trains on all rows given.
X is {takes}.

Found by evolearn {version}, which is not needed here; written for scikit-learn {sklearn}.
"""
'''
FIT = '''def fit(X, y):
    """Return the model, trained on rows."""
    return build().fit(X, y)
'''
MAIN = '''def main(path, target):
    """Train on three quarters of the rows of a CSV file, and print the error on the others."""
    table = read_csv(path)
    y = table.pop(target){numbers}
    {table}X_train, X_test, y_train, y_test = split(table, y{stratify})
    {print_error}(fit(X_train, y_train), X_test, y_test)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: python model.py table.csv target")
    main(*sys.argv[1:])
'''


def write_script(model: CodeModel) -> str:
    """Return the text of a script with the functions ``build`` and ``fit``.

    Raises
    ------
    CodeExportError
        If a part of the model cannot be written.
    """
    expressions = Expressions()
    built = [
        f"def {name}():\n"
        f'    """Return {"the unfitted model" if name == "build" else "a member"}."""\n'
        f"    return {laid_out(expressions.of(part), 4, len('return '))}\n"
        for name, part in model.functions.items()
    ]
    if model.columns:
        columns = laid_out(expressions.of(model.columns), 0, len(f"{COLUMNS} = "))
        built.insert(0, f"{COLUMNS} = {columns}\n")
    classes = expressions.definitions
    functions = classes.continued()
    functions.imports.add(Import("sys", "", "sys"))
    main = _main(model, functions)
    parts = [classes.source, *built, FIT, functions.source, main]
    head = f"{_header(model)}\n{_imports(functions.imports)}"
    return "\n\n\n".join([head, *(part.strip() for part in parts if part)]) + "\n"


def _header(model: CodeModel) -> str:
    takes = "a data frame, or a dictionary of columns by name"
    return HEADER.format(
        title=model.title,
        takes=takes if model.columns else "an array of numbers",
        version=__version__,
        sklearn=sklearn.__version__,
    )


def _main(model: CodeModel, functions: Definitions) -> str:
    """Return the text of the main program; the functions that it calls are added."""
    is_classifier = may_be(model.task.baseline(), "classifier")
    print_error = (
        program.print_classification_error if is_classifier else program.print_regression_error
    )
    for function in (program.read_csv, program.split, print_error):
        functions.add(function)
    are_numbers = not is_classifier or model.task.classes.dtype.kind in "iuf"
    table = ""
    if not model.columns:
        functions.imports.add(Import("numpy", "", "np"))
        table = "table = np.column_stack(list(table.values())).astype(float)\n    "
    elif not _are_names(model.names):
        functions.imports.add(Import("numpy", "", "np"))
        table = "table = np.column_stack(list(table.values()))\n    "
    return MAIN.format(
        numbers=".astype(float)" if are_numbers else "",
        table=table,
        stratify=", stratify=y" if is_classifier else "",
        print_error=print_error.__name__,
    )


def _are_names(names: Any) -> bool:
    return names is not None and all(isinstance(name, str) for name in names)


def _imports(imports: Iterable[Import]) -> str:
    """Return import statements, those of the standard library first."""
    own: list[str] = []
    others: list[str] = []
    merged: dict[str, list[str]] = {}
    for one in sorted(imports):
        if one.name:
            renamed = "" if one.alias == one.name else f" as {one.alias}"
            merged.setdefault(one.module, []).append(one.name + renamed)
        else:
            is_own = one.module.split(".")[0] in sys.stdlib_module_names
            (own if is_own else others).append(one.statement)
    for module, names in sorted(merged.items()):
        line = f"from {module} import {', '.join(names)}"
        if len(line) > 96:
            line = f"from {module} import (\n    " + ",\n    ".join(names) + ",\n)"
        is_own = module.split(".")[0] in sys.stdlib_module_names
        (own if is_own else others).append(line)
    return "\n".join([*own, "", *others]).strip()
