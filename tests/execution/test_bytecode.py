import importlib.util
import os
import subprocess
import sys

import pytest

from evolearn.execution.local import bytecode


@pytest.fixture
def uncompiled(monkeypatch, tmp_path):
    """Make an installation without compiled modules, and a home of its own."""
    monkeypatch.setattr(bytecode, "_is_compiled", lambda: False)
    monkeypatch.setattr(sys, "pycache_prefix", None)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path


def test_compiled_modules_are_kept_where_the_installation_has_none(uncompiled, monkeypatch):
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    environment = {**os.environ, **bytecode.bytecode_environment()}
    subprocess.run([sys.executable, "-c", "import this"], env=environment, check=True)
    assert list(uncompiled.rglob("this*.pyc"))


def test_an_installation_with_compiled_modules_is_left_alone(monkeypatch):
    monkeypatch.setattr(sys, "pycache_prefix", None)
    monkeypatch.setattr(importlib.util, "cache_from_source", lambda origin: __file__)
    assert bytecode.bytecode_environment() == {}


def test_a_user_who_says_where_compiled_modules_shall_be_is_obeyed(uncompiled, monkeypatch):
    monkeypatch.setattr(sys, "pycache_prefix", "/elsewhere")
    assert bytecode.bytecode_environment() == {}


def test_without_a_home_nothing_is_kept(uncompiled, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert bytecode.bytecode_environment() == {}
