"""Which failed calls are made again.

A call that may have been executed is made again only where the caller says that it is idempotent.
Over gRPC, the library itself repeats once what a GOAWAY says was not executed (gRFC A6).
"""

import time
from collections.abc import Callable
from typing import TypeVar

from client.errors import ClientError

T = TypeVar("T")
#: Seconds before the second, third and fourth try.
PAUSES = (0.1, 0.3, 0.9)
_HINT = (
    " Call again if executing it twice does no harm; `predict --idempotent` (idempotent=True in"
    " Python) does that by itself."
)


def repeated(call: Callable[[float], T], deadline: float, *, idempotent: bool) -> T:
    """What `call` returns; it is given the seconds that are left of `deadline`.

    A transient error is followed by another try, four in all, if the call is known not to have been
    executed or is `idempotent`, and if there is time left. Raises the error of the last try.
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
