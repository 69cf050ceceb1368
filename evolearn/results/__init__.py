"""Results of a search as tables, and its progress as log messages."""
