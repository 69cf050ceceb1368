"""The language of names and docstrings: plain English, the terms of docs/glossary.md."""

import ast
import re
from pathlib import Path

import evolearn

PACKAGE = Path(evolearn.__file__).parent
# Openings of summaries that announce a description in place of giving one.
RIDDLES = re.compile(
    r"(What|Whatever|How|Which|Tells?|Returns? (what|whatever|which|how)) ", re.IGNORECASE
)
# Words of earlier versions that no reader knows, with the term to write in their place.
PRIVATE_WORDS = {
    "answers": "predictions",
    "aside": "the subject",
    "bred": "screened, or proposed",
    "breeding": "formula search",
    "carrier": "backend",
    "chosen": "options, or choice",
    "course": "cost estimate, or history",
    "flight": "pending task",
    "frugality": "memory model",
    "handover": "final models",
    "heir": "offspring",
    "heirs": "offspring",
    "identifying": "identifier screening",
    "janitor": "cleanup process",
    "lines": "lineage",
    "pace": "runtime model",
    "parcel": "serialized function",
    "prices": "cost estimates",
    "proving": "confirmation",
    "relating": "relation screening",
    "second_layer": "stacking, or stacking layer",
    "sizing": "size limits",
    "standings": "estimator ranking",
    "starts": "portfolio entries",
    "steered": "schedule",
    "steering": "schedule",
    "template": "fork server",
    "told": "evaluated",
    "warm": "worker cache; only warm start is a term of the field",
    "weighing": "zero weights",
    "what": "the subject",
    "wish": "options",
}
# Names whose words are meant literally.
LITERAL = {
    ("execution/local/cleanup_process.py", "lines"),  # lines of text, sent through a pipe
    ("networks/adam.py", "WARM_UP"),  # of a learning rate
    ("networks/embedding.py", "starts"),  # where intervals start
    ("networks/categories.py", "starts"),
    ("networks/categories.py", "_starts"),
}


def sources():
    for module in sorted(PACKAGE.rglob("*.py")):
        yield module, ast.parse(module.read_text(encoding="utf-8"))


def test_summaries_say_it_themselves():
    riddles = [
        f"{module.relative_to(PACKAGE)}:{getattr(node, 'lineno', 1)} {summary}"
        for module, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and RIDDLES.match(summary := (ast.get_docstring(node) or "").partition("\n")[0])
    ]
    assert not riddles, "\n".join(riddles)


def names(tree):
    """Yield (line, name) of classes, functions, parameters, attributes, fields, constants."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            yield node.lineno, node.name
        if isinstance(node, ast.ClassDef):
            fields = (field for field in node.body if isinstance(field, ast.AnnAssign))
            yield from ((field.lineno, ast.unparse(field.target)) for field in fields)
        if isinstance(node, ast.arg):
            yield node.lineno, node.arg
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.attr
        if isinstance(node, ast.Name) and node.id.isupper():
            yield node.lineno, node.id


def private_words(name):
    """Return the private words in a name."""
    snake = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower().strip("_")
    snake = re.sub(r"warm_start(ed|s)?", "", snake)
    return [word for word in PRIVATE_WORDS if re.search(rf"(^|_){word}(_|$)", snake)]


def test_the_pattern_finds_words_in_names():
    assert private_words("SecondLayerModel") == ["second_layer"]
    assert private_words("_seconds_of_heirs") == ["heirs"]
    assert private_words("warm_started") == private_words("WARM_START_RATE") == []
    assert private_words("space") == private_words("guidelines") == []


def test_names_are_terms_of_the_field():
    wrong = [
        f"{place}:{line} {name}: write {PRIVATE_WORDS[word]}"
        for module, tree in sources()
        for place in [str(module.relative_to(PACKAGE))]
        for line, name in [(1, module.stem), (1, module.parent.stem), *names(tree)]
        if (place, name) not in LITERAL
        for word in private_words(name)
    ]
    assert not wrong, "\n".join(wrong)
