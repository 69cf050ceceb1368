"""The steps of ``fit``: settings, setup, search, final models, fitted attributes."""
