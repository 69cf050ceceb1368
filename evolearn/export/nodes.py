"""The tree of nodes of a file in skops' format, as JSON has it."""

import json
from collections.abc import Iterator
from typing import Any

from evolearn.export.parts import Part, rows

Node = dict[str, Any]

#: Name of the tree among the members of a file.
SCHEMA = "schema.json"
#: Full names of the types that model files have of their own.
PART, ROWS = (f"{one.__module__}.{one.__qualname__}" for one in (Part, rows))
#: Parts of a node in the order in which skops reads them: an object that is found again refers
#: to one that was read before.
ORDER = ("key_types", "content", "__reduce__", "shape")


def type_of(node: Node) -> str:
    """Return the full name of the type that a node names."""
    return f"{node.get('__module__')}.{node.get('__class__')}"


def node_of(loader: str, name: str, **parts: Any) -> Node:
    """Return a node that names a type."""
    module, _, kind = name.rpartition(".")
    return {"__class__": kind, "__module__": module, "__loader__": loader, **parts}


def json_node(value: Any) -> Node:
    """Return the node of a value of JSON."""
    return node_of("JsonNode", "builtins.str", content=json.dumps(value), is_json=True)


def reference_to(node: Node, number: int) -> Node:
    """Return a node that stands for one that was read before, of this number."""
    return node_of("CachedNode", type_of(node), __id__=number)


def nodes(value: Any) -> Iterator[Node]:
    """Yield every node of a tree, those above before those below, in the order of reading."""
    if isinstance(value, list):
        for one in value:
            yield from nodes(one)
    elif isinstance(value, dict):
        if "__loader__" in value:
            yield value
        first = [key for key in ORDER if key in value]
        for key in [*first, *(key for key in value if key not in ORDER)]:
            yield from nodes(value[key])
