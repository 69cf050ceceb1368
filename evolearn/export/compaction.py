"""Files in skops' format without repetitions.

`skops.io` writes a tree of nodes, one for each value, and a file for each array. An object that
is found at two places is written twice. Here such repetitions, plain values in many nodes, and
arrays of equal content become one each, and arrays of one type, such as those of trees, become
rows of one array. skops reads the result as its own.
"""

import hashlib
import json
from collections.abc import Callable
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import numpy as np
from numpy.typing import NDArray

from evolearn.export.nodes import (
    ORDER,
    PART,
    ROWS,
    SCHEMA,
    Node,
    json_node,
    node_of,
    nodes,
    reference_to,
    type_of,
)
from evolearn.export.parts import PART_TYPES


def compact(data: bytes) -> dict[str, bytes]:
    """Return the members of a file that skops wrote, without repetitions.

    Parameters
    ----------
    data : bytes
        As ``skops.io.dumps`` returns them.

    Returns
    -------
    dict of str to bytes
        The tree under ``schema.json``, and the arrays.
    """
    with ZipFile(BytesIO(data)) as archive:
        compactor = _Compactor(archive.read)
        tree = json.loads(archive.read(SCHEMA))
        facts = {name: tree.pop(name) for name in ("protocol", "_skops_version")}
        schema = {**compactor.node(tree), **facts}
    _join_arrays(schema, compactor.files)
    text = json.dumps(schema, separators=(",", ":"))
    return {SCHEMA: text.encode(), **compactor.files}


class _Compactor:
    """The conversion of one tree; `read` returns a file of the archive by its name."""

    def __init__(self, read: Callable[[str], bytes]) -> None:
        self.files: dict[str, bytes] = {}
        self._read = read
        self._names: dict[bytes, str] = {}  # by a digest of the content
        self._numbers: dict[int, int] = {}  # of objects, by their identity when they were saved
        self._keeps_form = False

    def node(self, node: Node) -> Node:
        """Return the compact form of a node and of all below it."""
        if node["__loader__"] == "DefaultDictNode":
            node = node["content"]["main"]  # nothing is added to a fitted model
        loader, identity = node["__loader__"], node.pop("__id__", None)
        is_plain, value = _plain_value(node)
        if is_plain and not self._keeps_form:
            return json_node(value)
        if loader in ("TypeNode", "FunctionNode"):
            return node
        if identity in self._numbers:
            return reference_to(node, self._numbers[identity])
        number = self._numbers[identity] = len(self._numbers) + 1
        if "file" in node:
            node["file"] = self._file(node["file"])
        # skops reads the name of the generator before it makes any objects, from its own form.
        outer = self._keeps_form
        self._keeps_form = outer or loader == "RandomGeneratorNode"
        for key in ORDER:
            if key in node:
                node[key] = self._below(node[key])
        self._keeps_form = outer
        if loader == "ObjectNode" and type_of(node) in PART_TYPES:
            node = _part(node)
        return {**node, "__id__": number}

    def _below(self, value: Any) -> Any:
        if isinstance(value, dict):
            if "__loader__" in value:
                return self.node(value)
            return {key: self._below(one) for key, one in value.items()}
        return [self._below(one) for one in value] if isinstance(value, list) else value

    def _file(self, name: str) -> str:
        content = self._read(name)
        digest = hashlib.sha256(content).digest()
        if digest not in self._names:
            extension = name.rpartition(".")[2]
            self._names[digest] = f"{len(self._names)}.{extension}"
            self.files[self._names[digest]] = content
        return self._names[digest]


def _plain_value(node: Node) -> tuple[bool, Any]:
    """Return whether a node is made of values of JSON alone, and this value."""
    loader = node["__loader__"]
    if loader == "JsonNode":
        return True, json.loads(node["content"])
    if loader == "ListNode":
        parts = [_plain_value(one) for one in node["content"]]
        return all(is_plain for is_plain, _ in parts), [value for _, value in parts]
    if loader == "DictNode" and type_of(node) == "builtins.dict":
        if any(type_of(one) != "builtins.str" for one in node["key_types"]["content"]):
            return False, None
        parts = [_plain_value(one) for one in node["content"].values()]
        values = [value for _, value in parts]
        is_plain = all(is_plain for is_plain, _ in parts)
        return is_plain, dict(zip(node["content"], values, strict=True)) if is_plain else None
    return False, None


def _part(node: Node) -> Node:
    """Return the node of a `Part` in place of the object's own."""
    state = node["content"] if "content" in node else json_node(None)
    content = {"kind": json_node(type_of(node)), "state": state}
    keys = [node_of("TypeNode", "builtins.str") for _ in content]
    key_types = node_of("ListNode", "builtins.list", content=keys)
    values = node_of("DictNode", "builtins.dict", content=content, key_types=key_types)
    return node_of("ObjectNode", PART, content=values)


def _join_arrays(schema: Node, files: dict[str, bytes]) -> None:
    """Make arrays of one type and width rows of one array, which is read before the first."""
    of_arrays = [
        node
        for node in nodes(schema)
        if type_of(node) == "numpy.ndarray" and node.get("type") == "numpy"
    ]
    numbers = [node["__id__"] for node in nodes(schema) if "__id__" in node]
    free, read = max(numbers, default=0) + 1, set()
    places = _join_files([node["file"] for node in of_arrays], files)
    for node in of_arrays:
        if node["file"] not in places:
            continue
        file, start, stop = places[node["file"]]
        number = free + int(file.partition(".")[0].removeprefix("joined"))
        array = node_of("NdArrayNode", "numpy.ndarray", type="numpy", file=file, __id__=number)
        if number in read:
            array = reference_to(array, number)
        read.add(number)
        arguments = [array, json_node(start), json_node(stop)]
        content = node_of("TupleNode", "builtins.tuple", content=arguments)
        identity = node["__id__"]
        node.clear()
        node |= node_of("ConstructorFromReduceNode", ROWS, content=content, __id__=identity)


def _join_files(names: list[str], files: dict[str, bytes]) -> dict[str, tuple[str, int, int]]:
    """Join files of arrays; return the new file and the rows of each one that was joined."""
    groups: dict[str, dict[str, NDArray[Any]]] = {}
    for name in dict.fromkeys(names):
        array = np.load(BytesIO(files[name]), allow_pickle=False)
        # The order of an array in memory may change the last bits of a product.
        if array.ndim and array.flags.c_contiguous:
            kind = f"{array.dtype.descr} {array.shape[1:]}"
            groups.setdefault(kind, {})[name] = array
    places = {}
    for number, group in enumerate(one for one in groups.values() if len(one) > 1):
        joined, start = f"joined{number}.npy", 0
        for name, array in group.items():
            places[name] = joined, start, start + len(array)
            start += len(array)
            del files[name]
        buffer = BytesIO()
        np.save(buffer, np.concatenate([*group.values()]), allow_pickle=False)
        files[joined] = buffer.getvalue()
    return places
