"""`Readiness`: waits until a gRPC channel has been ready once."""

import threading
from typing import Any

import grpc

_READY = grpc.ChannelConnectivity.READY
_FAILURE = grpc.ChannelConnectivity.TRANSIENT_FAILURE


class Readiness:
    """Subscribes to the state of `channel` from the first wait until it is ready. Any number of threads
    may wait.

    grpc polls in a thread while there is a subscription, and that thread can fail on a channel that
    is closed after a second subscription. So there is only one, which ends as early as possible.
    """

    def __init__(self, channel: Any) -> None:
        self._channel = channel
        self._changed = threading.Condition()
        self._state: Any = grpc.ChannelConnectivity.IDLE
        self._watching = False
        self.was_ready = False

    def wait(self, timeout: float, *, after_failure: bool) -> Any:
        """Waits until the channel is ready or has failed, at most `timeout` seconds, and returns its
        state.

        after_failure: the caller knows of the current failure, so wait until the channel is ready.
        """
        with self._changed:
            if not self._watching and not self.was_ready:
                self._watching = True
                self._channel.subscribe(self._note, try_to_connect=True)
            wanted = (_READY,) if after_failure else (_READY, _FAILURE)
            self._changed.wait_for(lambda: self.was_ready or self._state in wanted, timeout)
            return _READY if self.was_ready else self._state

    def stop(self) -> None:
        """Ends the subscription. Call this before the channel is closed."""
        with self._changed:
            if self._watching:
                self._watching = False
                self._channel.unsubscribe(self._note)

    def _note(self, state: Any) -> None:
        with self._changed:
            self._state = state
            self.was_ready = self.was_ready or state is _READY
            self._changed.notify_all()
        if self.was_ready:
            self.stop()
