"""A TCP proxy between two services, on which connections can be cut, stalled or refused."""

import asyncio
import contextlib
from collections.abc import Awaitable

_CHUNK_BYTES = 64 * 1024


class Link:
    """Forwards one local port to another; a fault strikes every connection through it at once."""

    def __init__(self, name: str, target_port: int) -> None:
        self.name = name
        self.port = 0
        self._target_port = target_port
        self._writers: set[asyncio.StreamWriter] = set()
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._refusing = False
        #: Connections refused so far.
        self.refusals = 0

    async def start(self) -> None:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._server = server

    async def close(self) -> None:
        self._server.close()
        self._flowing.set()
        self.cut()

    def cut(self) -> None:
        """Reset all connections; new ones work."""
        for writer in tuple(self._writers):
            writer.transport.abort()

    @contextlib.asynccontextmanager
    async def stalled(self):
        """Nothing gets through, and nothing is closed."""
        self._flowing.clear()
        try:
            yield
        finally:
            self._flowing.set()

    @contextlib.asynccontextmanager
    async def refused(self):
        """No connections at all."""
        self._refusing = True
        self.cut()
        try:
            yield
        finally:
            self._refusing = False

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._refusing:
            self.refusals += 1
            writer.transport.abort()
            return
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target_port)
        except OSError:
            writer.transport.abort()
            return
        both = {writer, far_writer}
        self._writers |= both
        try:
            await asyncio.gather(self._pump(reader, far_writer), self._pump(far_reader, writer))
        finally:
            self._writers -= both
            for each in both:
                each.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Copies until either side ends; half-closed connections are passed on."""
        with contextlib.suppress(OSError):
            while data := await reader.read(_CHUNK_BYTES):
                await self._flowing.wait()
                writer.write(data)
                await writer.drain()
            if writer.can_write_eof():
                writer.write_eof()
            return
        writer.transport.abort()


async def all_started(links: list[Link]) -> None:
    starts: list[Awaitable[None]] = [link.start() for link in links]
    await asyncio.gather(*starts)
