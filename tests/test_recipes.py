"""The code of docs/recipes, run as a reader would run it."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

RECIPES = Path(__file__).parents[1] / "docs" / "recipes"
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
FILE_NAME = re.compile(r"# (\w+\.py)\n")


def files(recipe):
    """Return the code of a recipe by file name, which is the first line of a block."""
    blocks = BLOCK.findall(recipe.read_text(encoding="utf-8"))
    return {match[1]: block for block in blocks if (match := FILE_NAME.match(block))}


# Recipes without file names are compared with modules of tests/outside.
WITH_FILES = [recipe for recipe in sorted(RECIPES.glob("*.md")) if files(recipe)]


def test_three_recipes_have_files():
    assert {"executor", "metric", "task"} <= {recipe.stem for recipe in WITH_FILES}


@pytest.mark.parametrize("recipe", WITH_FILES, ids=lambda path: path.stem)
def test_its_code_works(recipe, tmp_path):
    code = files(recipe)
    for name, text in code.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    tests = [name for name in code if name.startswith("test_")]
    commands = [["-m", "pytest", "-q", "-p", "no:cacheprovider", *tests]] if tests else []
    commands += [[name] for name in code if name not in tests]
    for command in commands:
        run = subprocess.run(
            [sys.executable, *command],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=500,
        )
        assert run.returncode == 0, run.stdout + run.stderr
