"""Repeats failed calls.

A call that may have been executed is repeated only if the caller declares it idempotent. Over gRPC,
the library itself repeats a call once if a GOAWAY reports that it was not executed (gRFC A6).
"""

import time
from collections.abc import Callable
from typing import TypeVar

from client.errors import ClientError

T = TypeVar("T")
#: Seconds before the second, third and fourth attempt.
PAUSES = (0.1, 0.3, 0.9)
_HINT = (
    " Call again if executing it twice does no harm; `predict --idempotent` (idempotent=True in"
    " Python) does that by itself."
)


def repeated(call: Callable[[float], T], deadline: float, *, idempotent: bool) -> T:
    """Calls `call` with the seconds that are left of `deadline`, and returns its result.

    After a transient error it calls again, up to four times in all, if the call has certainly not
    been executed or is `idempotent`, and if there is time left. Raises the error of the last attempt.
    """
    ends = time.monotonic() + deadline
    for pause in PAUSES:
        try:
            return call(ends - time.monotonic())
        except ClientError as error:
            if not error.transient:
                raise
            if not idempotent and not error.unexecuted:
                error.fix += _HINT
                raise
            pause = max(pause, error.retry_after)
            if time.monotonic() + pause >= ends:
                raise
        time.sleep(pause)
    return call(ends - time.monotonic())
