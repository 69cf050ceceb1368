"""Which models there are: one file per model family."""
