"""Reasons why a part of the insights cannot be made."""


class AbsentError(Exception):
    """A part of the insights cannot be made; the message is the reason."""
