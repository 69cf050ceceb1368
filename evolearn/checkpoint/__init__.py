"""Stored evaluations: resume, extend and replay a search."""
