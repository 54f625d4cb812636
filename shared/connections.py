"""Connections to Redis that notice when the other side is gone without a word, as when its network is."""

import socket

from redis.asyncio.connection import Connection, ConnectionPool, SSLConnection

#: Silence is noticed after 15 s, whether or not an answer is awaited; Linux alone would wait for minutes.
_SOCKET_OPTIONS = {
    getattr(socket, name): value
    for name, value in {
        "TCP_KEEPIDLE": 5,
        "TCP_KEEPINTVL": 5,
        "TCP_KEEPCNT": 2,
        "TCP_USER_TIMEOUT": 15_000,
    }.items()
    if hasattr(socket, name)
}


class _Noticing:
    """Not connected any more once the system has given the connection up, so that it is made anew.

    redis-py takes ETIMEDOUT, an `asyncio.TimeoutError`, for a read that found nothing in its time. Whoever
    polls a subscription then gets None at once, for ever, without once giving way to the rest of the event
    loop; whoever sends a command meets uvloop's RuntimeError about a closed transport, which nobody retries.
    """

    @property
    def is_connected(self) -> bool:
        if not super().is_connected:  # type: ignore[misc]
            return False
        reader, writer = self._reader, self._writer  # type: ignore[attr-defined]
        return reader.exception() is None and not writer.is_closing()


class _NoticingConnection(_Noticing, Connection):
    pass


class _NoticingSSLConnection(_Noticing, SSLConnection):
    pass


_CLASSES = {Connection: _NoticingConnection, SSLConnection: _NoticingSSLConnection}


def notice_dead_peers(pool: ConnectionPool) -> None:
    """Before the pool's first connection; Unix sockets need none of it."""
    if pool.connection_class in _CLASSES:
        pool.connection_class = _CLASSES[pool.connection_class]
        pool.connection_kwargs["socket_keepalive"] = True
        pool.connection_kwargs["socket_keepalive_options"] = _SOCKET_OPTIONS
