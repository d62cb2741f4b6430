"""Sentences from Warning events whose cause is not yet known."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from why.cluster import Object
from why.containers import timeless

_MOST_EVENTS = 3
#: Events that repeat the status of a pod.
_REPEATING = ("BackOff", "FailedScheduling", "Unhealthy")
#: The prefix of a message that represents several events.
_COMBINED = "(combined from similar events): "
#: The random suffix of a quoted pod name: each attempt of a ReplicaSet has another.
_RANDOM = re.compile(r'-[a-z0-9]{5}(?=")')


def event_reasons(events: Iterable[Object], known: Sequence[str]) -> list[str]:
    """Sentences about the last Warning events, without repetitions and without those whose cause is in
    `known`."""
    text, found = _common("\n".join(known)), {}
    for event in events:
        message = str(event.get("message")).removeprefix(_COMBINED)
        if event.get("type") != "Warning" or event.get("reason") in _REPEATING:
            continue
        if message.startswith("Error: "):  # repeats the container's status
            continue
        cause = message.partition(": ")[2] or message
        if _common(cause) not in text:
            about = f"{event['involvedObject'].get('kind')} {event['involvedObject'].get('name')}"
            found[_common(message)] = f"event on {about}: {event.get('reason')}: {message}"
    return list(found.values())[-_MOST_EVENTS:]


def _common(text: str) -> str:
    """`text` without the parts that differ between two events of one cause."""
    return timeless(_RANDOM.sub("", text))
