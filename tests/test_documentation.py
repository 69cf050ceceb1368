"""The pages of the documentation name files that exist."""

import re
from pathlib import Path

import pytest

import evolearn

ROOT = Path(__file__).parents[1]
PACKAGE = Path(evolearn.__file__).parent
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("benchmarks/*.md")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_and_files_exist(page):
    text = page.read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#:]+)\)", text)
    assert not [link for link in links if not (page.parent / link).exists()]
    files = re.findall(r"`((?:evolearn/|tests/|benchmarks/|docs/)[\w/]+(?:/|\.\w+))`", text)
    assert not [file for file in files if not (ROOT / file).exists()]


def test_the_architecture_names_files_and_rooms_that_exist():
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    files = set(re.findall(r"`([\w/]+\.py)\b", text)) - {"tests/test_architecture.py"}
    assert not [file for file in files if not (PACKAGE / file).exists()]
    subpackages = set(re.findall(r"^\| `(\w+)` \|", text, flags=re.MULTILINE))
    assert subpackages == {path.parent.name for path in PACKAGE.glob("*/__init__.py")}


def test_names_in_the_architecture_are_in_their_files():
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    places = re.findall(r"`(\w+)` in `([\w/]+\.py)`", text)
    assert places
    missing = [
        (name, file)
        for name, file in places
        if not re.search(rf"\b{name}\b", (PACKAGE / file).read_text(encoding="utf-8"))
    ]
    assert not missing
