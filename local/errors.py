"""What a person can act on: the message is all that is shown of it."""


class LocalError(Exception):
    """Something of the local environment cannot be had or did not work; the message says what
    was tried, what was answered, and what to do."""
