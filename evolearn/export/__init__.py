"""Forms of a fitted model outside of its process."""
