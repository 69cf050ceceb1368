"""What can be varied before the model: one file per gene."""
