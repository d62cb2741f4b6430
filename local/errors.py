"""The base of errors that a user can act on: the command prints only the message."""


class LocalError(Exception):
    """A part of the local environment is unavailable or failed; the message says what was tried,
    what the answer was, and what to do."""
