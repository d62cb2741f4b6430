"""Limits from the command line."""

import argparse

from client.limits import Limits


def limits(options: argparse.Namespace) -> Limits:
    """The limits that --deadline and --connect-timeout ask for."""
    return Limits(deadline=options.deadline, connect=options.connect_timeout)
