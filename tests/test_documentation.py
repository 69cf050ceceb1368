"""The pages of the documentation name files that exist, and can be found."""

import re
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

import evolearn
import evolearn.networks
import evolearn.plots

ROOT = Path(__file__).parents[1]
PACKAGE = Path(evolearn.__file__).parent
DOCS = ROOT / "docs"
BUILT = ("auto_", "_build")  # written by the build of the site
WRITTEN = [
    page
    for page in DOCS.glob("**/*.md")
    if not page.relative_to(DOCS).parts[0].startswith(BUILT)
]
PAGES = [*ROOT.glob("*.md"), *WRITTEN, *ROOT.glob("benchmarks/**/*.md")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_and_files_exist(page):
    text = page.read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)|\{download\}`[^`]*<(.+?)>`", text)
    links = [link or download for link, download in links]
    links = [link for link in links if not link.startswith(BUILT)]
    assert not [link for link in links if not (page.parent / link).exists()]
    files = re.findall(r"`((?:evolearn/|tests/|benchmarks/|docs/)[\w/]+(?:/|\.\w+))`", text)
    assert not [file for file in files if not (ROOT / file).exists()]


def test_every_public_name_is_in_the_reference():
    text = (DOCS / "api.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^   ([\w.]+)$", text, flags=re.MULTILINE))
    names = {name for name in evolearn.__all__ if name != "__version__"}
    names |= {f"plots.{name}" for name in evolearn.plots.__all__}
    names |= {f"networks.{name}" for name in evolearn.networks.__all__}
    assert names <= listed
    for name in listed:
        module, _, attribute = f"evolearn.{name}".rpartition(".")
        assert hasattr(import_module(module), attribute), name


def test_the_quick_start_lists_the_extras():
    text = (DOCS / "quick_start.md").read_text(encoding="utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = set(project["optional-dependencies"]) - {"docs", "test"}
    assert set(re.findall(r"^\| `(\w+)` \|", text, flags=re.MULTILINE)) == extras


def test_every_page_can_be_found_from_the_front_page():
    found, waiting = set(), [DOCS / "index.md"]
    while waiting:
        page = waiting.pop()
        found.add(page)
        for entries in re.findall(
            r"```\{toctree\}\n(.*?)```", page.read_text("utf-8"), re.DOTALL
        ):
            names = [line for line in entries.splitlines() if line and line[0] != ":"]
            pages = [page.parent / f"{name}.md" for name in names if not name.startswith(BUILT)]
            waiting += [entry for entry in pages if entry not in found]
    assert set(WRITTEN) == found


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: page.stem)
def test_its_code_can_be_compiled(page):
    text = page.read_text(encoding="utf-8")
    for code in re.findall(r"^```python\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE):
        if not code.startswith(">>>"):
            compile(code, str(page), "exec")


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
