"""What the Warning events of objects add to what is known of them already."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from why.cluster import Object
from why.containers import timeless

_MOST_EVENTS = 3
#: Events that repeat the status of a pod.
_REPEATING = ("BackOff", "FailedScheduling", "Unhealthy")


def event_reasons(events: Iterable[Object], known: Sequence[str]) -> list[str]:
    """The last Warning events, each once, without those whose cause is in `known`."""
    text, found = timeless("\n".join(known)), {}
    for event in events:
        message = str(event.get("message"))
        if event.get("type") != "Warning" or event.get("reason") in _REPEATING:
            continue
        if message.startswith("Error: "):  # repeats the container's status
            continue
        cause = message.partition(": ")[2] or message
        if timeless(cause) not in text:
            about = f"{event['involvedObject'].get('kind')} {event['involvedObject'].get('name')}"
            found[timeless(message)] = f"event on {about}: {event.get('reason')}: {message}"
    return list(found.values())[-_MOST_EVENTS:]
