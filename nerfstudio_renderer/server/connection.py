# SPDX-License-Identifier: Apache-2.0
"""A client's connection, served by one thread, that keeps nothing that is over."""

from __future__ import annotations

from collections import deque
import traceback
from typing import Any

from rpyc.core import consts, protocol

CONFIG = {
    # Only this connection's own thread waits for its client, and for as long as it stays
    # connected: a client that is busy or suspended is no error.
    'sync_request_timeout': None,
    'propagate_KeyboardInterrupt_locally': False,
}
"""rpyc's configuration of every connection."""

_MESSAGES = (consts.MSG_REQUEST, consts.MSG_REPLY, consts.MSG_EXCEPTION)


class Connection(protocol.Connection):
    """rpyc's connection without what keeps objects alive or disturbs other threads."""

    def __init__(self, root: Any, channel: Any, config: dict[str, Any]) -> None:
        super().__init__(root, channel, {**CONFIG, **config})
        self._released: deque[tuple] = deque()

    def serve_until_closed(self) -> None:
        """
        Serve the client until it, or somebody else, closes the connection.

        :raises ValueError: or another exception, if what the client sends is not rpyc's.
        """
        try:
            while not self.closed:
                self.serve(None)
                self._send_released()
        except (EOFError, OSError):
            pass  # the client has gone
        finally:
            self._channel.close()  # first, so that closing does not wait for an answer
            self.close()

    def async_request(self, handler: int, *args: Any, **kwargs: Any) -> Any:
        """
        Send a request; as rpyc's own, but a reference that is no longer used is put aside.

        References end in whatever thread they are collected in, such as another client's render
        thread, which must neither wait for this client nor share its TLS socket. They also end
        before the answer that names the same object is sent.
        """
        if handler == consts.HANDLE_DEL:
            self._released.append(self._box(args))
            return None
        return super().async_request(handler, *args, **kwargs)

    def _send_released(self) -> None:
        while self._released:
            args = self._released.popleft()
            self._send(consts.MSG_REQUEST, self._get_seq_id(), (consts.HANDLE_DEL, args))

    def _dispatch(self, data: bytes) -> None:
        if data[0] not in _MESSAGES:
            raise ValueError('the client does not speak the protocol of rpyc 6; rpyc 5 does not')
        super()._dispatch(data)

    def _dispatch_request(self, seq: int, raw_args: Any) -> None:
        super()._dispatch_request(seq, raw_args)
        if self._last_traceback is not None:
            # Its frames hold each other, and a queue that may be deleted next.
            traceback.clear_frames(self._last_traceback)
            self._last_traceback = None
