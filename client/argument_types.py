"""What the values on the command line are read as."""

from client.endpoint import Version


def version(text: str) -> Version:
    return int(text) if text.isdigit() else text


def seconds(text: str) -> float:
    value = float(text)
    if not 0 < value < float("inf"):
        raise ValueError
    return value


seconds.__name__ = "number of seconds"  # argparse puts it into its message


def count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise ValueError
    return value


count.__name__ = "number above 0"


def shape(text: str) -> tuple[str, tuple[int, ...]]:
    """The pair "", (1024, 784) of "1024x784", "x" before it of "x=1024x784"."""
    name, _, sizes = text.rpartition("=")
    return name, tuple(int(size) for size in sizes.split("x"))


shape.__name__ = "shape"
