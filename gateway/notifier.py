"""Wakes coroutines of this process when something changed in Redis, over one subscription for all of them.

A wake-up is a hint to read again, never the news itself: messages may be lost while Redis reconnects, so
whoever waits also reads again after a while.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import structlog
from redis.exceptions import RedisError

from shared.store import RedisClient

log = structlog.get_logger(__name__)

CHANNEL = "gateway:changed"
FLEET = "fleet"
_RECONNECT_S = 0.5


class Signal:
    """Set by a change; waiting for it clears it."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def set(self) -> None:
        self._event.set()

    async def wait(self, timeout_s: float) -> bool:
        """False when nothing was heard for so long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._event.wait()
        heard = self._event.is_set()
        self._event.clear()
        return heard


class Notifier:
    """Listens on the channel on which every gateway says what it changed."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis
        self._signals: defaultdict[str, set[Signal]] = defaultdict(set)

    @contextmanager
    def watching(self, topic: str) -> Iterator[Signal]:
        """A signal that is set at every change of `topic`; enter before the first read."""
        signal = Signal()
        self._signals[topic].add(signal)
        try:
            yield signal
        finally:
            self._signals[topic].discard(signal)
            if not self._signals[topic]:
                del self._signals[topic]

    async def announce(self, topic: str) -> None:
        await self._redis.publish(CHANNEL, topic)

    async def run(self) -> None:
        """Listen until cancelled; reconnect for as long as it takes."""
        while True:
            try:
                await self._listen()
            except (RedisError, OSError) as error:
                log.warning("lost the change channel; reconnecting", error=str(error))
                await asyncio.sleep(_RECONNECT_S)

    async def _listen(self) -> None:
        async with self._redis.pubsub() as pubsub:
            await pubsub.subscribe(CHANNEL)
            self._wake_all()
            while True:
                message = await pubsub.get_message(ignore_subscribe_messages=True, timeout=10)
                if message is not None:
                    self._wake(message)

    def _wake(self, message: dict[str, Any]) -> None:
        for signal in tuple(self._signals.get(message["data"].decode(), ())):
            signal.set()

    def _wake_all(self) -> None:
        for signals in self._signals.values():
            for signal in signals:
                signal.set()
