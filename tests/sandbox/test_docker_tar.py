"""What an engine sends back is read, never unpacked: whatever its tar says, nothing is made here."""

import io
import os
import tarfile
import tempfile

import pytest

from sandbox.backends import _docker_tar
from sandbox.backends._docker_tar import Packed, pack, unpack
from sandbox.changes import Created, Deleted, Modified
from sandbox.errors import ChangesError, SetupError


def tar(*entries):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as made:
        for name, kind, content in entries:
            entry = tarfile.TarInfo(name)
            entry.type, entry.mode = kind, 0o644
            if kind == tarfile.REGTYPE:
                entry.size = len(content)
                made.addfile(entry, io.BytesIO(content))
            else:
                entry.linkname = content
                made.addfile(entry)
    buffer.seek(0)
    return buffer


def back(stream, sent=None, most=1 << 20):
    with tempfile.TemporaryFile() as spool:
        found = unpack(stream, "layer", sent or Packed(), most, spool)
        contents = {}
        for change in found.entries:
            if isinstance(change, Created) and change.after.kind.value == "file":
                with found.open_after(change.path) as file:
                    contents[change.path] = file.read()
        return found, contents


@pytest.mark.parametrize(
    "entry",
    [
        ("layer/../../etc/evil", tarfile.REGTYPE, b"x"),
        ("/layer/a/../../b", tarfile.REGTYPE, b"x"),
        ("other/a", tarfile.REGTYPE, b"x"),
        ("layer/a//b", tarfile.REGTYPE, b"x"),
        ("layer/./a", tarfile.REGTYPE, b"x"),
        ("layer/hard", tarfile.LNKTYPE, "../../etc/shadow"),
        ("layer/hard", tarfile.LNKTYPE, "layer/not-sent"),
    ],
)
def test_a_name_that_leads_out_makes_the_whole_incomplete(entry):
    found, _ = back(tar(("layer/good", tarfile.REGTYPE, b"good"), entry))

    assert found.truncated
    assert [change.path for change in found.entries] == ["good"]


def test_more_than_was_allowed_for_is_incomplete_and_bounded():
    found, _ = back(tar(("layer/big", tarfile.REGTYPE, bytes(2000))), most=1000)

    assert "more than 1,000 bytes" in found.truncated


def test_a_stream_that_breaks_off_deletes_nothing(tmp_path):
    (tmp_path / "kept").write_text("x")
    (tmp_path / "z").write_text("x" * 5000)
    buffer = io.BytesIO()
    sent = pack(str(tmp_path), frozenset(), buffer)
    found, _ = back(io.BytesIO(tar(("layer/kept", tarfile.REGTYPE, b"y" * 4000)).getvalue()[:700]), sent)

    assert found.truncated
    assert not [change for change in found.entries if isinstance(change, Deleted)]


def test_hard_links_share_what_the_first_one_holds():
    found, contents = back(
        tar(("layer/a", tarfile.REGTYPE, b"same"), ("layer/b", tarfile.LNKTYPE, "layer/a"))
    )

    assert found.truncated == ""
    assert contents == {"a": b"same", "b": b"same"}


def test_what_is_masked_is_neither_sent_nor_looked_at(tmp_path):
    (tmp_path / ".env").write_text("TOKEN=secret-text")
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "one").write_text("secret-text")
    (tmp_path / "a").write_text("public")
    buffer = io.BytesIO()
    sent = pack(str(tmp_path), frozenset({".env", "keys"}), buffer)
    found, _ = back(
        tar(
            ("layer/.env", tarfile.REGTYPE, b"other"),
            ("layer/keys/two", tarfile.REGTYPE, b"made"),
            ("layer/a", tarfile.REGTYPE, b"public"),
        ),
        sent,
    )

    assert b"secret-text" not in buffer.getvalue()
    assert {change.path for change in found.entries} <= {"a"}


def test_a_workspace_that_is_too_large_is_not_sent(tmp_path, monkeypatch):
    monkeypatch.setattr(_docker_tar, "MAX_BYTES", 1000)
    (tmp_path / "big").write_bytes(bytes(2000))

    with pytest.raises(SetupError, match="sent all of it"):
        pack(str(tmp_path), frozenset(), io.BytesIO())


def test_what_goes_and_comes_back_is_no_change_but_what_was_done(tmp_path):
    for name in ("a", "b", "d/c"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    os.symlink("a", tmp_path / "link")
    buffer = io.BytesIO()
    sent = pack(str(tmp_path), frozenset(), buffer)
    buffer.seek(0)
    returned = io.BytesIO()
    with (
        tarfile.open(fileobj=buffer) as was,
        tarfile.open(fileobj=returned, mode="w", format=tarfile.PAX_FORMAT) as now,
    ):
        for entry in was:
            content = was.extractfile(entry) if entry.isreg() else None
            if entry.name == "d/c":
                continue
            if entry.name == "b":
                entry.size, content = 3, io.BytesIO(b"new")
            entry.name = f"layer/{entry.name}"
            now.addfile(entry, content)
    returned.seek(0)
    found, _ = back(returned, sent)

    assert {change.path: type(change) for change in found.entries} == {"b": Modified, "d/c": Deleted}


def test_content_that_did_not_come_back_cannot_be_opened():
    with tempfile.TemporaryFile() as spool:
        found = unpack(tar(), "layer", Packed(), 1000, spool)

        with pytest.raises(ChangesError):
            found.open_after("a")
