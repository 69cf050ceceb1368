"""Live progress of a fit: a panel in a terminal, one updating display in a notebook.

events of the fit --> LiveState --> Snapshot --> View --> a screen
(twice a second, in a thread of its own)
"""
