"""Source text of definitions together with everything that they use, free of evolearn imports.

Classes and functions are taken from evolearn's own modules and shortened: annotations, checks
of arguments, and methods that a pipeline does not call are left out, and so are the sections of
docstrings.
"""

import ast
import importlib
import re
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from evolearn.exceptions import CodeExportError

PACKAGE = "evolearn"
# Decorators, class variables and calls that only check arguments.
CHECKS = {"check_positions", "fit_context", "_parameter_constraints"}
# Methods that pipelines do not need to fit and to predict.
NOT_NEEDED = {"get_feature_names_out", "_output_names", "readable", "_format"}
# Functions in messages of evolearn, and the built-in that serves in their place.
SUBSTITUTES = {"shown": "repr"}
_SECTIONS = re.compile(r"(\n|^)[A-Z][\w ]+\n---[\s\S]*")
_REMARK = re.compile(r"  # (noqa|type:|fmt:)[^\n]*")


class Import(NamedTuple):
    """An import statement of one name: of a module if `name` is empty."""

    module: str
    name: str
    alias: str

    @property
    def statement(self) -> str:
        """The statement."""
        known = self.name or self.module
        renamed = "" if self.alias == known else f" as {self.alias}"
        if self.name:
            return f"from {self.module} import {self.name}{renamed}"
        return f"import {self.module}{renamed}"


class Edit(NamedTuple):
    """A replacement of bytes in the source of a module."""

    start: int
    end: int
    text: str


class _Module:
    """A module of evolearn: its text, and its top-level definitions and imports by name."""

    def __init__(self, name: str) -> None:
        path = importlib.import_module(name).__file__
        self.source = Path(str(path)).read_bytes()
        self.offsets = [0]
        for line in self.source.splitlines(keepends=True):
            self.offsets.append(self.offsets[-1] + len(line))
        self.nodes: dict[str, ast.stmt] = {}
        self.imports: dict[str, Import] = {}
        for node in ast.parse(self.source).body:
            for defined in _defined_names(node):
                self.nodes[defined] = node
            if isinstance(node, ast.Import):
                for one in node.names:
                    self.imports[one.asname or one.name] = Import(
                        one.name, "", one.asname or one.name
                    )
            elif isinstance(node, ast.ImportFrom):
                for one in node.names:
                    local = one.asname or one.name
                    self.imports[local] = Import(str(node.module), one.name, local)

    def position(self, line: int, column: int) -> int:
        """Return the position of a place in the source; lines count from 1."""
        return self.offsets[line - 1] + column

    def extent_of(self, node: Any) -> tuple[int, int]:
        """Return the first and last line of a node, with decorators and comments above."""
        first = min([node.lineno, *(one.lineno for one in getattr(node, "decorator_list", []))])
        while first > 1 and self._line(first - 1).lstrip().startswith(b"#"):
            first -= 1
        return first, node.end_lineno

    def _line(self, number: int) -> bytes:
        return self.source[self.offsets[number - 1] : self.offsets[number]]


@lru_cache(maxsize=64)
def _module(name: str) -> _Module:
    return _Module(name)


def _defined_names(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        yield node.name
    targets = node.targets if isinstance(node, ast.Assign) else []
    targets = [node.target] if isinstance(node, ast.AnnAssign) else targets
    for target in targets:
        for name in ast.walk(target):
            if isinstance(name, ast.Name):
                yield name.id


class _Shortener(ast.NodeVisitor):
    """Finds the edits that shorten a definition, and the names that remain in it."""

    def __init__(self, module: _Module) -> None:
        self.module = module
        self.edits: list[Edit] = []
        self.names: list[ast.Name] = []

    def rename(self, names: Mapping[str, str]) -> None:
        """Give names that the definition uses other ones."""
        for node in self.names:
            if node.id in names:
                self._replace(node, names[node.id])

    def visit_Name(self, node: ast.Name) -> None:
        if node.id in SUBSTITUTES and node.id in self.module.imports:
            self._replace(node, SUBSTITUTES[node.id])
        else:
            self.names.append(node)

    def visit_AnnAssign(self, node: ast.AnnAssign, in_class: bool = False) -> None:
        if node.value is None or in_class:
            self.generic_visit(node)
            return
        self._cut(node.target, node.annotation)
        self.visit(node.target)
        self.visit(node.value)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        arguments = node.args
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        for argument in [*every, arguments.vararg, arguments.kwarg]:
            if argument is not None and argument.annotation is not None:
                start = self.module.position(argument.lineno, argument.col_offset)
                self._remove(start + len(argument.arg.encode()), argument.annotation)
        if node.returns is not None:
            start = self.module.position(node.returns.lineno, node.returns.col_offset)
            arrow = self.module.source.rindex(b")", 0, start) + 1
            self._remove(arrow, node.returns)
        for default in [*arguments.defaults, *arguments.kw_defaults]:
            if default is not None:
                self.visit(default)
        self._decorators(node)
        self._body(node, in_class=False)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        for base in [*node.bases, *(keyword.value for keyword in node.keywords)]:
            self.visit(base)
        self._decorators(node)
        self._body(node, in_class=True)

    def _decorators(self, node: ast.FunctionDef | ast.ClassDef) -> None:
        for decorator in node.decorator_list:
            if _name_of(decorator) in CHECKS:
                self._remove_between(decorator.lineno, decorator.end_lineno or decorator.lineno)
            else:
                self.visit(decorator)

    def _body(self, node: ast.FunctionDef | ast.ClassDef, *, in_class: bool) -> None:
        left = 0
        for i, statement in enumerate(node.body):
            if i == 0 and ast.get_docstring(node) is not None:
                self._summarise(statement, str(ast.get_docstring(node)))
                left += 1
            elif _is_check(statement) or (in_class and _is_not_needed(statement)):
                self._remove_between(*self.module.extent_of(statement))
            else:
                left += 1
                if in_class and isinstance(statement, ast.AnnAssign):
                    self.visit_AnnAssign(statement, in_class=True)
                else:
                    self.visit(statement)
        if not left:
            end = self.module.offsets[node.body[-1].end_lineno or node.lineno]
            self.edits.append(Edit(end, end, f"{' ' * node.body[0].col_offset}pass\n"))

    def _summarise(self, statement: ast.stmt, docstring: str) -> None:
        """Leave the sections of a docstring out, which begin with an underlined title."""
        text = _SECTIONS.sub("", docstring).strip()
        if text != docstring.strip():
            lines = textwrap.indent(text, " " * statement.col_offset).lstrip()
            end = f"\n{' ' * statement.col_offset}" if "\n" in lines else ""
            self._replace(statement, f'"""{lines}{end}"""')

    def _replace(self, node: Any, text: str) -> None:
        start = self.module.position(node.lineno, node.col_offset)
        end = self.module.position(node.end_lineno, node.end_col_offset)
        self.edits.append(Edit(start, end, text))

    def _remove(self, start: int, until: Any) -> None:
        end = self.module.position(until.end_lineno, until.end_col_offset)
        self.edits.append(Edit(start, end, ""))

    def _cut(self, after: Any, until: Any) -> None:
        self._remove(self.module.position(after.end_lineno, after.end_col_offset), until)

    def _remove_between(self, first: int, last: int) -> None:
        self.edits.append(Edit(self.module.offsets[first - 1], self.module.offsets[last], ""))


def _name_of(node: ast.expr) -> str:
    node = node.func if isinstance(node, ast.Call) else node
    return node.id if isinstance(node, ast.Name) else ""


def _is_check(statement: ast.stmt) -> bool:
    """Whether a statement does nothing but raise an error, if anything."""
    if isinstance(statement, ast.Expr):
        return _name_of(statement.value) in CHECKS
    if isinstance(statement, ast.If | ast.For) and not statement.orelse:
        return all(isinstance(one, ast.Raise) or _is_check(one) for one in statement.body)
    return False


def _is_not_needed(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.FunctionDef):
        return statement.name in NOT_NEEDED
    return any(name in CHECKS for name in _defined_names(statement))


@dataclass
class Definitions:
    """Definitions in an order in which they can be executed, and the imports that they need."""

    imports: set[Import] = field(default_factory=set)
    texts: list[str] = field(default_factory=list)
    _owners: dict[str, Any] = field(default_factory=dict)
    _final: dict[tuple[str, str], str] = field(default_factory=dict)

    def continued(self) -> "Definitions":
        """Return definitions that stand further down in the same script."""
        return Definitions(set(self.imports), [], self._owners, self._final)

    def add(self, definition: Any) -> None:
        """Add a class or function of evolearn, and all that it uses."""
        self._add_name(definition.__module__, definition.__name__)

    def _add_name(self, module_name: str, name: str) -> str:
        """Add what a name means in a module; return its name in the script."""
        module = _module(module_name)
        if name not in module.nodes:
            return self._add_import(module.imports[name])
        known = self._final.get((module_name, name))
        if known is not None:
            return known
        node = module.nodes[name]
        is_value = isinstance(node, ast.Assign | ast.AnnAssign)
        for one in _defined_names(node):
            owner = (module_name, one)
            self._final[owner] = self._claimed(one, owner, may_be_renamed=is_value)
        shortener = _Shortener(module)
        shortener.visit(node)
        used = {one.id for one in shortener.names} & {*module.nodes, *module.imports}
        final = {one: self._add_name(module_name, one) for one in sorted(used)}
        shortener.rename({one: new for one, new in final.items() if one != new})
        self.texts.append(_text(module, node, shortener.edits))
        return self._final[module_name, name]

    def _add_import(self, needed: Import) -> str:
        if needed.module.split(".")[0] == PACKAGE:
            return self._add_name(needed.module, needed.name)
        self.imports.add(needed)
        return self._claimed(needed.alias, needed)

    def _claimed(self, name: str, owner: Any, *, may_be_renamed: bool = False) -> str:
        """Return a name that nothing else in the script has; it may get a number."""
        unique, number = name, 1
        while self._owners.setdefault(unique, owner) != owner:
            if not may_be_renamed:
                msg = f"No code can be written: two of its definitions have the name {name}."
                raise CodeExportError(msg)
            number += 1
            unique = f"{name}_{number}"
        return unique

    @property
    def source(self) -> str:
        """The definitions as text."""
        parts, was_constant = [""], True
        for text in self.texts:
            is_constant = not text.startswith(("def ", "class ", "@"))
            parts.append(("\n" if is_constant and was_constant else "\n\n\n") + text)
            was_constant = is_constant
        return "".join(parts).strip()


def _text(module: _Module, node: ast.stmt, edits: list[Edit]) -> str:
    """Return the source of a top-level node after edits."""
    first, last = module.extent_of(node)
    start, end = module.offsets[first - 1], module.offsets[last]
    position, pieces = start, []
    # An edit inside of a removed part has no effect.
    for edit in sorted(edits, key=lambda edit: (edit.start, -edit.end)):
        if edit.start < position:
            continue
        pieces += [module.source[position : edit.start].decode(), edit.text]
        position = edit.end
    text = "".join([*pieces, module.source[position:end].decode()])
    text = re.sub(r"^#: ", "# ", _REMARK.sub("", text), flags=re.MULTILINE)
    return re.sub(r"\n{3,}", "\n\n", text).strip()
