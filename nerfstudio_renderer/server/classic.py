# SPDX-License-Identifier: Apache-2.0
"""The classic service: the client uses this process as if it were its own."""

from __future__ import annotations

import logging
from typing import Any

from nerfstudio_renderer.server import arrays
from nerfstudio_renderer.server.connection import Connection
from rpyc.core import netref
from rpyc.core.protocol import DEFAULT_CONFIG
from rpyc.core.service import SlaveService

_log = logging.getLogger(__name__)

LONGEST_PACKET = 1 << 28
"""Bytes; enough for anything but the beginnings of other protocols, read as a packet's length."""

PATIENCE_S = 300.0
"""For how long a client waits for an answer that did not choose for itself."""


class ClassicConnection(Connection):
    """A connection to ``rpyc.classic.connect``, over which arrays go by value."""

    def __init__(self, root: Any, channel: Any, config: dict[str, Any]) -> None:
        super().__init__(root, channel, config)
        self._is_greeted = False
        self._builder: arrays.Builder | None = None
        self._array_class: type | None = None

    def _dispatch_request(self, seq: int, raw_args: Any) -> None:
        if not self._is_greeted:
            # Not before the client's first request: only now is it sure to answer ours.
            self._is_greeted = True
            self._greet()
        super()._dispatch_request(seq, raw_args)

    def _greet(self) -> None:
        """Have the client wait longer than rpyc's 30 s: a large scene takes longer to load."""
        try:
            config = self.root.getconn()._config
            if config['sync_request_timeout'] == DEFAULT_CONFIG['sync_request_timeout']:
                config['sync_request_timeout'] = PATIENCE_S
        except EOFError:
            raise
        except Exception as error:
            _log.debug('the client keeps its own patience: %s', error)

    def _box(self, obj: Any) -> tuple:
        if arrays.is_plain(obj):
            try:
                return super()._box(self._copied_to_client(obj))
            except EOFError:
                raise
            except Exception as error:  # such as a client that lends out no modules
                _log.debug('an array goes by reference: %s', error)
        return super()._box(obj)

    def _copied_to_client(self, array: Any) -> Any:
        if self._builder is None:
            self._builder = arrays.builder_at(self.root)
        return self._builder(array)

    def _netref_factory(self, id_pack: tuple[str, int, int]) -> netref.BaseNetref:
        name, _, instance = id_pack
        if instance and name == 'builtins.list':
            return arrays.ListReference(self, id_pack)
        if not (instance and name == 'numpy.ndarray'):
            return super()._netref_factory(id_pack)
        if self._array_class is None:
            # rpyc asks for the methods of the class, and their documentation, every time.
            self._array_class = type(super()._netref_factory(id_pack))
            arrays.read_by_bytes(self._array_class)
        return self._array_class(self, id_pack)

    def _cleanup(self, _anyway: bool = True) -> None:
        super()._cleanup(_anyway)
        self._builder = None  # its references lead back here


class ClassicService(SlaveService):
    """Runs whatever the client sends."""

    ALIASES = ('SLAVE',)
    _protocol = ClassicConnection
