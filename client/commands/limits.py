"""Limits from the command line."""

import argparse

from client.limits import Limits


def limits(options: argparse.Namespace) -> Limits:
    """The limits in --deadline and --connect-timeout."""
    return Limits(deadline=options.deadline or 0.0, connect=options.connect_timeout)
