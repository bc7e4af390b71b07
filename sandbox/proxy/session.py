"""One connection of the command: which protocol, whom it asks for, whether it may, and then its bytes."""

import asyncio
import base64
import contextlib
import hmac
from collections.abc import Sequence

from sandbox.proxy import framing, hello, policy, socks
from sandbox.proxy.framing import BadMessage, Body, Head
from sandbox.proxy.grants import Grant
from sandbox.proxy.journal import Journal
from sandbox.proxy.names import Host, HostError, authority, canonical, shown
from sandbox.proxy.policy import Refused
from sandbox.proxy.relay import Pipe, Source, Tally, together
from sandbox.result import Connection

HEAD_S = 20.0
USER = b"run"
_MAX_LINE = 8192
_MAX_INTERIM = 8
_SPACE = b"\r\n\t "
_TEXT = frozenset(range(0x20, 0x7F))


class Session:
    """``serve`` never raises for anything that the command or a server can do."""

    def __init__(
        self,
        grants: Sequence[Grant],
        token: bytes,
        journal: Journal,
        streams: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> None:
        self._grants, self._token, self._journal = grants, token, journal
        reader, self._writer = streams
        self._tally = Tally()
        self._source = Source(reader, self._tally)
        self._host, self._port, self._via = "", 0, "http"
        self._entry = 0
        self._open = False
        """Whether the command hears the server already: an answer of ours would be taken for its."""
        self._server: asyncio.StreamWriter | None = None

    async def serve(self) -> None:
        self._tally.touch()
        try:
            with contextlib.suppress(OSError, EOFError, TimeoutError):  # how a peer leaves: no news
                try:
                    await self._start()
                except Refused as refused:
                    await self._refuse(refused)
                except HostError as error:
                    await self._refuse(Refused("bad-host", str(error), 400))
                except BadMessage as error:
                    await self._refuse(Refused("bad-request", str(error), 400))
        finally:
            self._journal.ended(self._entry, sent=self._tally.sent, received=self._tally.received)
            if self._server is not None:
                self._server.close()

    async def _start(self) -> None:
        async with asyncio.timeout(HEAD_S):
            first = await self._source.exactly(1)
            self._source.put_back(first)
            asked = await (self._greet() if first[0] == socks.VERSION else self._head())
        if not isinstance(asked, Head):
            await self._tunnel(*asked, socks.SUCCESS)
        elif asked.start[0] == b"CONNECT":
            self._via = "connect"
            await self._connect(asked)
        else:
            await self._plain(asked)

    # ------------------------------------------------------------------ who asks, and for what

    async def _head(self) -> Head:
        return framing.request_head(await self._source.until(b"\r\n\r\n", framing.MAX_HEAD))

    async def _greet(self) -> tuple[Host, int]:
        self._via = "socks5"
        if not await socks.offers_password(self._source):
            self._writer.write(socks.NO_METHOD)
            raise Refused("no-token", "the proxy needs the user name and password of this run", 407)
        self._writer.write(socks.CHOSEN)
        if not await socks.is_known(self._source, USER, self._token):
            self._writer.write(socks.UNKNOWN)
            raise Refused("no-token", "this is not the password of this run", 407)
        self._writer.write(socks.KNOWN)
        host, port = await socks.request(self._source)
        self._name(host, port)
        return host, port

    def _name(self, host: Host, port: int) -> None:
        self._host, self._port = str(host), port

    def _check_token(self, head: Head) -> None:
        kind, _, word = (head.one(b"proxy-authorization") or b"").partition(b" ")
        expected = base64.b64encode(USER + b":" + self._token)
        if kind.lower() != b"basic" or not hmac.compare_digest(word.strip(), expected):
            raise Refused("no-token", "the proxy needs the user name and password of this run", 407)

    async def _connect(self, head: Head) -> None:
        target = head.start[1].decode("ascii")
        self._host = target
        host, port = authority(target)
        self._name(host, port)
        self._check_token(head)
        self._check_host_field(head, host, port, default=port, needed=False)
        if framing.request_body(head).length:
            raise BadMessage("CONNECT has no body")
        await self._tunnel(host, port, b"HTTP/1.1 200 Connected\r\n\r\n")

    async def _plain(self, head: Head) -> None:
        self._host = head.start[1].decode("ascii")
        host, port, path = framing.target_of(head)
        self._name(host, port)
        self._check_token(head)
        self._check_host_field(head, host, port, default=80, needed=True)
        request, body = _request(head, path, host, port), framing.request_body(head)
        await self._exchange(head.start[0], request, body, await self._dial(host, port))

    def _check_host_field(self, head: Head, host: Host, port: int, *, default: int, needed: bool) -> None:
        try:
            framing.check_host(head, host, port, default=default, needed=needed)
        except BadMessage as error:
            raise Refused("host-header", str(error), 400) from None

    # ------------------------------------------------------------------ to the server

    async def _dial(self, host: Host, port: int) -> asyncio.StreamReader:
        found = await policy.way(self._grants, host, port)
        self._entry = self._journal.decided(
            Connection(
                host=self._host,
                port=port,
                via=self._via,
                allowed=True,
                address=str(found.addresses[0]),
            )
        )
        connection, address = await policy.dial(found)
        self._journal.reached(self._entry, address)
        reader, self._server = await asyncio.open_connection(sock=connection)
        return reader

    def _pipes(self, reader: asyncio.StreamReader) -> tuple[Pipe, Pipe]:
        assert self._server is not None
        return (
            Pipe(self._source, self._server, self._tally, outward=True),
            Pipe(Source(reader, self._tally), self._writer, self._tally, outward=False),
        )

    async def _exchange(
        self, method: bytes, request: bytes, body: Body, server: asyncio.StreamReader
    ) -> None:
        """One request and its answer."""
        out, back = self._pipes(server)
        await out.put(request)
        upload = asyncio.ensure_future(out.body(body))
        try:
            await self._answer(method, back)
            # A server may answer before it has read everything, but what it did not wait for is not an error.
            if upload.done():
                upload.result()
        finally:
            upload.cancel()
            await asyncio.gather(upload, return_exceptions=True)

    async def _answer(self, method: bytes, back: Pipe) -> None:
        for _ in range(_MAX_INTERIM):
            try:
                answer = framing.response_head(await back.source.until(b"\r\n\r\n", framing.MAX_HEAD))
                body = framing.response_body(answer, method)
            except BadMessage as error:
                raise Refused("bad-answer", f"the server: {error}", 502) from None
            except EOFError:
                raise Refused("unreachable", "the server closed the connection", 502) from None
            status = answer.start[1]
            if status == b"101":
                raise Refused("bad-answer", "the server changed the protocol unasked", 502)
            self._open = True
            if not status.startswith(b"1"):
                await back.put(framing.answered(answer))
                await back.body(body)
                return
            await back.put(b"HTTP/1.1 %s \r\n\r\n" % status)
        raise Refused("bad-answer", "the server does not come to an answer", 502)

    # ------------------------------------------------------------------ tunnels

    async def _tunnel(self, host: Host, port: int, opened: bytes) -> None:
        server = await self._dial(host, port)
        out, back = self._pipes(server)
        self._writer.write(opened)
        await self._writer.drain()
        self._open = True
        # Some servers speak first, so their bytes flow while the command's first ones are looked at.
        hears = asyncio.ensure_future(back.everything())
        try:
            if await self._is_request(host):
                await self._request_inside(host, port, server, hears)
                return
            await together(out.everything(), _whole(hears))
        finally:
            hears.cancel()
            await asyncio.gather(hears, return_exceptions=True)

    async def _request_inside(
        self, host: Host, port: int, server: asyncio.StreamReader, hears: "asyncio.Future[None]"
    ) -> None:
        """Plain HTTP in a tunnel is held to the same rules as outside of one."""
        hears.cancel()
        await asyncio.gather(hears, return_exceptions=True)
        if self._tally.received:
            raise BadMessage("the server spoke before it was asked")
        head = await self._head()
        path = head.start[1]
        if head.start[0] == b"CONNECT" or not (path.startswith(b"/") or path == b"*"):
            raise BadMessage("a request in a tunnel names a path only")
        self._check_host_field(head, host, port, default=80, needed=True)
        request = _request(head, path, host, port)
        await self._exchange(head.start[0], request, framing.request_body(head), server)

    async def _is_request(self, host: Host) -> bool:
        """Look at what the command says first, and leave it to be read again."""
        seen = b""
        while True:
            data = await self._source.some()
            seen += data
            found = self._look(seen, host)
            if found is not None or not data:
                self._source.put_back(seen)
                return bool(found)

    def _look(self, seen: bytes, host: Host) -> bool | None:
        """True for plain HTTP, False for what is passed as it is, None when more is needed."""
        if not seen:
            return None
        if seen[0] == hello.HANDSHAKE:
            return None if self._greets(seen, host) is None else False
        if self._port == 443:
            raise Refused("not-tls", "port 443 is for TLS")
        # Servers forgive empty lines before a request.
        text = seen.lstrip(_SPACE)
        if text and text[0] not in _TEXT:
            return False
        line, end, _ = text.partition(b"\n")
        if b"HTTP/" in line.upper():
            if len(line) > _MAX_LINE:
                raise BadMessage("the request line is too long")
            return True if end else None
        return False if end or len(seen) > _MAX_LINE else None

    def _greets(self, seen: bytes, host: Host) -> hello.Hello | None:
        try:
            found = hello.read(seen)
        except hello.NotAHello as error:
            raise Refused("sni", f"the TLS greeting: {error}") from None
        if found is not None and found.server_name is not None:
            try:
                same = canonical(found.server_name) == host
            except HostError:
                same = False
            if not same:
                raise Refused(
                    "sni", f"the TLS greeting asks for {found.server_name}, the tunnel is to {shown(host)}"
                )
        return found

    # ------------------------------------------------------------------ refusals

    async def _refuse(self, refused: Refused) -> None:
        if self._entry > 0:
            self._journal.failed(self._entry, refused.why, str(refused))
        elif self._entry == 0:
            self._entry = self._journal.decided(
                Connection(
                    host=self._host,
                    port=self._port,
                    via=self._via,
                    allowed=False,
                    why=refused.why,
                    detail=str(refused),
                )
            )
        if self._open:
            self._writer.transport.abort()
        elif self._via == "socks5":
            if refused.why != "no-token":
                self._writer.write(socks.refusal(refused.why))
        else:
            self._writer.write(_page(refused))
        if self._writer.can_write_eof() and not self._writer.transport.is_closing():
            self._writer.write_eof()
            await self._writer.drain()


def _request(head: Head, path: bytes, host: Host, port: int) -> bytes:
    named = shown(host) if port == 80 else f"{shown(host)}:{port}"
    return framing.forwarded(head, path, named.encode("ascii"))


async def _whole(work: "asyncio.Future[None]") -> None:
    await work


def _page(refused: Refused) -> bytes:
    """The reason stands in the status line too: of a refused CONNECT most programs show nothing else."""
    text = "".join(char if char.isascii() and char.isprintable() else "?" for char in str(refused))
    needs = 'Proxy-Authenticate: Basic realm="sandbox"\r\n' if refused.status == 407 else ""
    body = f"sandbox: {text}\n"
    return (
        f"HTTP/1.1 {refused.status} {text}\r\n{needs}Content-Type: text/plain\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}"
    ).encode("ascii")
