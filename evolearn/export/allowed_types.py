"""The check of the types in a model file, before skops constructs anything of it.

It is stricter than skops: methods, calls of types and all functions but four are refused, and a
type is allowed only in the kind of node that skops writes for it.
"""

import json
from typing import Any

from evolearn.exceptions import ModelFileError
from evolearn.export.nodes import PART, ROWS, Node, nodes, type_of
from evolearn.export.parts import PART_TYPES
from evolearn.messages import shown

# The protocol of skops since 0.11; nodes of earlier protocols are checked by older code.
LEAST_PROTOCOL = 2
_SCALARS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
_NUMPY = frozenset(
    f"numpy.{name}" for name in (*_SCALARS, "float16", "float32", "float64", "bool", "str_")
)
_SPARSE = frozenset(
    f"scipy.sparse._{form}.{form}_{kind}"
    for form in ("csr", "csc", "coo")
    for kind in ("array", "matrix")
)
_LINKS = (
    "HalfLogitLink",
    "IdentityLink",
    "Interval",
    "LogLink",
    "LogitLink",
    "MultinomialLogit",
)
_LOSSES = (
    "AbsoluteError",
    "ExponentialLoss",
    "HalfBinomialLoss",
    "HalfGammaLoss",
    "HalfMultinomialLoss",
    "HalfPoissonLoss",
    "HalfSquaredError",
    "HuberLoss",
    "PinballLoss",
)
# Distances of neighbours; that of a function of the user's is left out.
_DISTANCES = tuple(
    f"{name}Distance{bits}"
    for name in ("Chebyshev", "Euclidean", "Manhattan", "Minkowski")
    for bits in ("", "32", "64")
)
# Objects that a `Part` cannot become, such as those with a part in compiled code.
_OBJECTS = frozenset(
    {
        PART,
        "sklearn.neighbors._ball_tree.BallTree",
        "sklearn.neighbors._kd_tree.KDTree",
        *(f"sklearn.metrics._dist_metrics.{name}" for name in _DISTANCES),
        *(f"sklearn._loss.link.{name}" for name in _LINKS),
        *(f"sklearn._loss.loss.{name}" for name in _LOSSES),
    }
)
# Losses in compiled code, of which skops knows the names.
_COMPILED_LOSSES = ("sklearn._loss._loss.Cy", "_loss.Cy", "sklearn.linear_model._sgd_fast.")
_UFUNCS = ("", "._core._multiarray_umath", ".core._multiarray_umath")
# The check of numbers in histogram boosting, the only function that may be partial.
_CHECK = "sklearn.utils.validation.check_array"
# Functions of a log-transformed target, of boosting with categories, and of splines.
_FUNCTIONS = frozenset(
    {
        _CHECK,
        "scipy._lib.array_api_compat.numpy._aliases.asarray",
        *(f"numpy{module}.{name}" for module in _UFUNCS for name in ("log1p", "expm1")),
    }
)
_BIT_GENERATORS = frozenset({"MT19937", "PCG64", "PCG64DXSM", "Philox", "SFC64"})
#: The types that each kind of node may name.
ALLOWED: dict[str, frozenset[str]] = {
    "BytearrayNode": frozenset({"builtins.bytearray"}),
    "BytesNode": frozenset({"builtins.bytes"}),
    "ConstructorFromReduceNode": frozenset({ROWS}),
    "DTypeNode": frozenset({"numpy.dtype"}),
    "DictNode": frozenset(
        {"builtins.dict", "collections.OrderedDict", "sklearn.utils._bunch.Bunch"}
    ),
    "FunctionNode": _FUNCTIONS,
    "JsonNode": frozenset({"builtins.str"}),
    "ListNode": frozenset({"builtins.list"}),
    "MaskedArrayNode": frozenset({"numpy.ma.MaskedArray", "numpy.ma.core.MaskedArray"}),
    "NdArrayNode": frozenset({"numpy.ndarray", *_NUMPY}),
    "ObjectNode": _OBJECTS,
    "PartialNode": frozenset({"functools.partial"}),
    "RandomGeneratorNode": frozenset({"numpy.random._generator.Generator"}),
    "RandomStateNode": frozenset({"numpy.random.mtrand.RandomState"}),
    "SetNode": frozenset({"builtins.set"}),
    "SliceNode": frozenset({"builtins.slice"}),
    "SparseMatrixNode": _SPARSE,
    "TreeNode": frozenset({"sklearn.tree._tree.Tree"}),
    "TupleNode": frozenset({"builtins.tuple"}),
    "TypeNode": frozenset(
        {
            *(f"builtins.{name}" for name in ("bool", "float", "int", "str")),
            *_NUMPY,
        }
    ),
}


def types_in(schema: Node) -> set[str]:
    """Return the types that all nodes of a tree name, those of parts included."""
    found = set()
    for node in nodes(schema):
        name = type_of(node)
        found.add(_kind_of_part(node) if name == PART else name)
    return found


def refuse_others(schema: Any) -> list[str]:
    """Check that a tree asks for objects of known types alone.

    Returns
    -------
    list of str
        The types in it that skops has to be told to trust.

    Raises
    ------
    ModelFileError
        If a node asks for another type, or for a function or a call; the message names it.
    """
    if not isinstance(schema, dict) or "__loader__" not in schema:
        raise ModelFileError("There is no tree of objects.")
    protocol = schema.get("protocol")
    if type(protocol) is not int or protocol < LEAST_PROTOCOL:
        raise ModelFileError(f"Protocol {shown(protocol)} of skops is not known.")
    known: set[Any] = set()
    trusted = set()
    for node in nodes(schema):
        loader, name = node["__loader__"], type_of(node)
        if loader == "CachedNode" and node.get("__id__") in known:
            continue
        identity = node.get("__id__")
        if identity is not None and (type(identity) is not int or identity in known):
            # skops would take the object that is known by this number in place of the node.
            raise ModelFileError(f"Two objects have the number {shown(identity)}.")
        known.add(identity)
        if not _is_allowed(node, loader, name):
            raise ModelFileError(
                f"{shown(name)} ({shown(loader)}) is not among the types of model files."
            )
        if loader == "ObjectNode" and name not in _OBJECTS:
            continue  # an estimator of scikit-learn, if skops knows it
        trusted.add(name)
    return sorted(trusted)


def _is_allowed(node: Node, loader: Any, name: str) -> bool:
    if not all(isinstance(node.get(key), str) for key in ("__module__", "__class__")):
        return False
    if name == PART:
        return loader == "ObjectNode" and _kind_of_part(node) in PART_TYPES
    if loader == "RandomGeneratorNode" and _bit_generator(node) not in _BIT_GENERATORS:
        return False
    if loader == "PartialNode" and not _is_check(node):
        return False
    if loader == "LossNode":
        return name.startswith(_COMPILED_LOSSES)
    if loader == "ObjectNode" and name.startswith("sklearn."):
        return True
    return isinstance(loader, str) and name in ALLOWED.get(loader, ())


def _kind_of_part(node: Node) -> str:
    """Return the type that a part becomes, "" if the node has none of the expected form."""
    try:
        kind = json.loads(node["content"]["content"]["kind"]["content"])
    except (KeyError, TypeError, ValueError):
        return ""
    return kind if isinstance(kind, str) else ""


def _is_check(node: Node) -> bool:
    """Whether a partial object is the check of numbers of scikit-learn's boosting."""
    content = node.get("content")
    function = content.get("func") if isinstance(content, dict) else None
    if not isinstance(function, dict) or function.get("__loader__") != "FunctionNode":
        return False
    return "__id__" not in function and type_of(function) == _CHECK


def _bit_generator(node: Node) -> str:
    """Return the name of the class that skops makes for a random generator, "" if none."""
    try:
        state = node["content"]["bit_generator"]["content"]
        name = json.loads(state["bit_generator"]["content"])
    except (KeyError, TypeError, ValueError):
        return ""
    return name if isinstance(name, str) else ""
