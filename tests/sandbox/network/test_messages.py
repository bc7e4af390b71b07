"""What the proxy reads before it knows whom it is talking to: total, strict, and the same however it is cut."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.proxy import framing, hello
from sandbox.proxy.framing import BadMessage
from sandbox.proxy.journal import Journal, read
from sandbox.proxy.names import HostError
from sandbox.result import Connection

NAMES = st.from_regex(r"[a-z0-9]{1,20}(\.[a-z0-9]{1,20}){0,3}", fullmatch=True)


def greeting(names, *, other=b""):
    entries = b"".join(b"\0" + struct.pack(">H", len(one)) + one for one in names)
    body = struct.pack(">H", len(entries)) + entries
    extension = struct.pack(">HH", 0, len(body)) + body if names else b""
    extensions = other + extension
    whole = (
        b"\3\3"
        + bytes(32)
        + b"\0"
        + b"\0\2\x13\1"
        + b"\1\0"
        + struct.pack(">H", len(extensions))
        + extensions
    )
    return b"\1" + len(whole).to_bytes(3, "big") + whole


def records(message, sizes):
    out, at = b"", 0
    for size in (*sizes, len(message)):
        piece = message[at : at + size]
        at += size
        if piece:
            out += b"\x16\3\1" + struct.pack(">H", len(piece)) + piece
    return out


@given(NAMES, st.lists(st.integers(1, 50), max_size=8), st.data())
def test_the_servers_name_is_read_however_the_greeting_is_cut(name, sizes, data):
    sent = records(greeting([name.encode()], other=struct.pack(">HH", 0x2A2A, 1) + b"x"), sizes)
    cut = data.draw(st.integers(0, len(sent) - 1))

    assert hello.read(sent) == hello.Hello(name)
    assert hello.read(sent[:cut]) is None


@pytest.mark.parametrize(
    "sent",
    [
        records(greeting([b"a.org", b"b.org"]), []),
        records(greeting([b""]), []),
        records(greeting([b"\xff.org"]), []),
        records(greeting([b"a.org"], other=struct.pack(">HHH", 0, 8, 6) + b"\0\0\3b.c"), []),
        records(greeting([b"a.org"]) + b"\x16", []),
        b"\x16\2\0\0\5hello",
        b"\x16\3\1\0\0",
        b"\x16\3\1\xff\xff",
        b"\x16\3\1\0\4\2\0\0\0",
        b"\x16\3\1\0\4\1\xff\xff\xff",
        b"\x16\3\1\0\5\1\0\0\1\0",
    ],
)
def test_a_greeting_that_could_be_read_in_two_ways_is_refused(sent):
    with pytest.raises(hello.NotAHello):
        hello.read(sent)


@given(st.binary(max_size=300))
def test_reading_a_greeting_is_total(data):
    for sent in (data, records(b"\1" + len(data).to_bytes(3, "big") + data, [])):
        try:
            found = hello.read(sent)
        except hello.NotAHello:
            continue
        assert found is None or found.server_name is None or found.server_name.isascii()


LINES = st.lists(
    st.one_of(
        st.binary(max_size=30),
        st.sampled_from(
            [b"Host: a.org", b"Content-Length: 3", b"Transfer-Encoding: chunked", b"Proxy-Authorization: Basic x",
             b"Connection: close, X-A", b"X-A: 1", b"Upgrade: h2c", b"Content-Length: 4", b"host:a.org"]
        ),
    ),
    max_size=8,
)  # fmt: skip


@given(st.one_of(st.just(b"GET http://a.org/p HTTP/1.1"), st.binary(max_size=40)), LINES)
def test_what_is_passed_on_can_be_read_in_one_way_only(start, lines):
    raw = b"\r\n".join([start, *lines]) + b"\r\n\r\n"
    try:
        head = framing.request_head(raw)
        host, port, path = framing.target_of(head)
        framing.check_host(head, host, port, default=80, needed=True)
        framing.request_body(head)
        sent = framing.forwarded(head, path, str(host).encode())
    except (BadMessage, HostError):
        return

    again = framing.request_head(sent)
    assert again.start[1].startswith(b"/")
    assert again.all(b"host") == [str(host).encode()]
    assert again.all(b"connection") == [b"close"]
    assert framing.request_body(again) == framing.request_body(head)
    assert not [name for name, _ in again.fields if name.startswith(b"proxy-") or name in (b"upgrade", b"te")]
    assert not set(sent.replace(b"\r\n", b"")) & set(b"\r\n\0")


@pytest.mark.parametrize("line", [b"", b";x", b"-1", b"+1", b"0x1", b" 1", b"1 1", b"g", b"1" * 16, b"1_0"])
def test_a_chunk_without_a_clear_size_is_refused(line):
    with pytest.raises(BadMessage):
        framing.chunk_size(line)


@pytest.mark.parametrize(("line", "size"), [(b"0", 0), (b"A;x=y", 10), (b"00ff", 255), (b"5 ;a", 5)])
def test_the_size_of_a_chunk(line, size):
    assert framing.chunk_size(line) == size


def test_the_journal_is_bounded_and_says_how_many_more(tmp_path):
    with open(tmp_path / "journal", "w+b", buffering=0) as file:
        journal = Journal(file.fileno())
        for number in range(1200):
            entry = journal.decided(Connection(host="h" * 999, port=number + 1, via="http", allowed=True))
            journal.ended(entry, sent=1, received=2)
        journal.failed(1, "sni", "another name")
        journal.failed(2, "unreachable", "nobody answers")
        journal.close()
        file.seek(0)
        found = read(file.read() + b"Traceback: broken\n")

    assert (len(found.entries), found.more, found.problem) == (1000, 200, "Traceback: broken")
    first, second, third = found.entries[:3]
    assert (first.allowed, first.why, len(first.host)) == (False, "sni", 256)
    assert (second.allowed, second.why) == (True, "unreachable")
    assert (third.allowed, third.sent, third.received) == (True, 1, 2)
