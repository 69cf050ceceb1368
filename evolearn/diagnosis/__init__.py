"""Doubts about a table before a fit: order in time, groups, duplicates, leaks, identifiers."""
