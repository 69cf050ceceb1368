"""What is handed back: ensemble selection, refits, the model that serves."""
