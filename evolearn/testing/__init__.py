"""Conformance tests that other packages can run on what they add to evolearn.

The modules need pytest. evolearn itself imports none of them.
"""
