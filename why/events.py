"""What the Warning events of objects add to what is known of them already."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from why.cluster import Object
from why.containers import timeless

_MOST_EVENTS = 3
#: Events that repeat the status of a pod.
_REPEATING = ("BackOff", "FailedScheduling", "Unhealthy")
#: Before a message that stands for several.
_COMBINED = "(combined from similar events): "
#: The random end of a quoted pod's name: a ReplicaSet tries each time with another.
_RANDOM = re.compile(r'-[a-z0-9]{5}(?=")')


def event_reasons(events: Iterable[Object], known: Sequence[str]) -> list[str]:
    """The last Warning events, each once, without those whose cause is in `known`."""
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
    """`text` without what differs between two events of one cause."""
    return timeless(_RANDOM.sub("", text))
