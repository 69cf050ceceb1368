"""Conformance tests for extensions of evolearn, written for pytest.

Each module has a class of tests; an extension subclasses it and defines one fixture.
"""
