"""Moves bytes between two streams, counted, with back pressure and an end to idleness. Judges nothing."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

from sandbox.proxy.framing import BadMessage, Body, chunk_size

CHUNK = 1 << 16
IDLE_S = 300.0
_MAX_LINE = 4096
_MAX_TRAILERS = 64


@dataclass(slots=True)
class Tally:
    """Bytes of one connection, from the command's side, and when the last one went by."""

    sent: int = 0
    received: int = 0
    last: float = 0.0

    def touch(self) -> None:
        self.last = asyncio.get_running_loop().time()


class Source:
    """A stream to read from, with what was read too far put back. Raises TimeoutError, EOFError."""

    def __init__(self, reader: asyncio.StreamReader, tally: Tally) -> None:
        self._reader, self._tally, self._ahead = reader, tally, bytearray()

    async def some(self, most: int = CHUNK) -> bytes:
        """Empty at the end. TimeoutError when neither direction has moved for ``IDLE_S``."""
        if self._ahead:
            data = bytes(self._ahead[:most])
            del self._ahead[:most]
            return data
        while True:
            try:
                async with asyncio.timeout(IDLE_S):
                    return await self._reader.read(most)
            except TimeoutError:
                if asyncio.get_running_loop().time() - self._tally.last >= IDLE_S:
                    raise

    async def until(self, end: bytes, most: int) -> bytes:
        """Through ``end``. Raises BadMessage when it does not come within ``most`` bytes."""
        seen = bytearray()
        while (at := seen.find(end)) < 0:
            if len(seen) > most:
                raise BadMessage(f"a head or a line is longer than {most} bytes")
            data = await self.some()
            if not data:
                raise EOFError
            seen += data
        at += len(end)
        if at > most:
            raise BadMessage(f"a head or a line is longer than {most} bytes")
        self.put_back(bytes(seen[at:]))
        return bytes(seen[:at])

    async def exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            more = await self.some(size - len(data))
            if not more:
                raise EOFError
            data += more
        return data

    def put_back(self, data: bytes) -> None:
        self._ahead[:0] = data


@dataclass(frozen=True, slots=True)
class Pipe:
    """One direction."""

    source: Source
    sink: asyncio.StreamWriter
    tally: Tally
    outward: bool
    """From the command to the server."""

    async def put(self, data: bytes) -> None:
        if self.outward:
            self.tally.sent += len(data)
        else:
            self.tally.received += len(data)
        self.tally.touch()
        self.sink.write(data)
        await self.sink.drain()

    async def everything(self) -> None:
        while data := await self.source.some():
            await self.put(data)
        if self.sink.can_write_eof():
            self.sink.write_eof()

    async def body(self, body: Body) -> None:
        if body.chunked:
            await self._chunks()
        elif body.to_the_end:
            await self.everything()
        else:
            await self._exactly(body.length)

    async def _exactly(self, size: int) -> None:
        while size:
            data = await self.source.some(min(size, CHUNK))
            if not data:
                raise BadMessage("the body is cut short")
            size -= len(data)
            await self.put(data)

    async def _chunks(self) -> None:
        """Taken apart and put together again, without extensions and trailers."""
        while size := chunk_size(await self._line()):
            await self.put(b"%x\r\n" % size)
            await self._exactly(size)
            if await self._line():
                raise BadMessage("a chunk is longer than it says")
            await self.put(b"\r\n")
        for _ in range(_MAX_TRAILERS):
            if not await self._line():
                await self.put(b"0\r\n\r\n")
                return
        raise BadMessage("there are too many trailers")

    async def _line(self) -> bytes:
        return (await self.source.until(b"\r\n", _MAX_LINE))[:-2]


async def together(*works: Coroutine[Any, Any, None]) -> None:
    """Until all have ended; the first that fails ends the others, and its error is raised as it is."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
