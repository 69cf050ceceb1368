"""Expected seconds and memory of fits, the runtime model, reserved time."""
