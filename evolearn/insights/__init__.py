"""Explanations of a search and of its model: errors, columns, origin, reasons."""
