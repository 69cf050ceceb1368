"""Makes the links of the README absolute, for package indexes; else see pyproject.toml."""

import re
import tomllib
from pathlib import Path

from setuptools import setup

ROOT = Path(__file__).parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
FILES = f"{PROJECT['urls']['Source']}/blob/main/"

setup(
    long_description=re.sub(
        r"\]\((?![a-z]+:|#)", f"]({FILES}", (ROOT / "README.md").read_text(encoding="utf-8")
    ),
    long_description_content_type="text/markdown",
)
