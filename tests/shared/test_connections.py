"""Connections that die without a word, with a real Redis on the other side."""

import asyncio
import errno
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import uvloop
from redis.asyncio.client import PubSub, Redis
from redis.asyncio.connection import Connection

from gateway.workers import QueueConnection
from shared.store import connect


@asynccontextmanager
async def subscription(redis_url: str, kind: str) -> AsyncIterator[PubSub]:
    if kind == "ours":
        async with connect(redis_url) as client, client.pubsub() as pubsub:
            yield pubsub
    else:
        async with QueueConnection(redis_url) as connection, connection.pubsub() as pubsub:
            yield pubsub


def time_out(connection: Connection) -> None:
    """What the event loop does when the system gives the connection up."""
    connection._reader.set_exception(TimeoutError(errno.ETIMEDOUT, "Connection timed out"))
    connection._writer.transport.abort()


@pytest.mark.parametrize("kind", ["ours", "queue"])
async def test_a_subscription_outlives_a_connection_that_timed_out(redis_url: str, kind: str) -> None:
    async with subscription(redis_url, kind) as pubsub, Redis.from_url(redis_url) as other:
        await pubsub.subscribe("channel")
        assert await pubsub.get_message(timeout=5)
        time_out(pubsub.connection)
        for _ in range(20):
            message = await pubsub.get_message(ignore_subscribe_messages=True, timeout=0.2)
            if message:
                break
            await other.publish("channel", "news")
        assert message is not None
        assert message["data"] == b"news"


def test_a_command_outlives_a_connection_that_timed_out_under_uvloop(redis_url: str) -> None:
    async def answer() -> bytes:
        async with connect(redis_url, connections=1) as client:
            connection = await client.connection_pool.get_connection()
            await client.connection_pool.release(connection)
            time_out(connection)
            await asyncio.sleep(0)  # the transport closes
            async with client.pipeline(transaction=True) as pipeline:
                (value,) = await pipeline.echo("word").execute()
            return value

    assert uvloop.run(answer()) == b"word"


@pytest.mark.parametrize("kind", ["ours", "queue"])
async def test_a_read_that_finds_nothing_in_time_gives_way(redis_url: str, kind: str) -> None:
    async with subscription(redis_url, kind) as pubsub:
        await pubsub.subscribe("channel")
        assert await pubsub.get_message(timeout=5)
        ran = asyncio.create_task(asyncio.sleep(0))
        assert await pubsub.get_message(timeout=0.05) is None
        assert ran.done()


@pytest.mark.skipif(sys.platform != "linux", reason="TCP_USER_TIMEOUT is Linux's")
@pytest.mark.parametrize("kind", ["ours", "queue"])
async def test_unanswered_bytes_are_given_up_after_fifteen_seconds(redis_url: str, kind: str) -> None:
    async with subscription(redis_url, kind) as pubsub:
        await pubsub.subscribe("channel")
        tcp = pubsub.connection._writer.transport.get_extra_info("socket")
        assert tcp.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 15_000
