"""Builds the default image ``execguard/default`` without a registry: ``python -m sandbox.images.build``.

The image is a skeleton: directories, public files of /etc and the links /bin, /lib and so on into
/usr. Runs mount the engine host's own /usr read-only into it, so a command finds the tools of the
machine it was written for, and there is nothing to download, to age or to scan.
"""

import argparse
import io
import os
import sys
import tarfile
from typing import Any

IMAGE = "execguard/default"
HOST_USR = "execguard.host-usr"
"""Label of images that want the host's /usr."""
_DIRECTORIES = "dev etc home proc root run sys tmp usr var opt srv mnt".split()
_LINKS = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
_PUBLIC = "ld.so.cache ld.so.conf nsswitch.conf host.conf protocols services shells mime.types debian_version os-release".split()
_TREES = ("alternatives", "ssl/certs", "ssl/openssl.cnf", "ld.so.conf.d", "terminfo", "ca-certificates")


def skeleton() -> bytes:
    """The root file system as a tar."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name in _DIRECTORIES:
            entry = tarfile.TarInfo(name)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(entry)
        for name in _LINKS:
            if os.path.islink(f"/{name}"):
                entry = tarfile.TarInfo(name)
                entry.type, entry.linkname = tarfile.SYMTYPE, os.readlink(f"/{name}")
                tar.addfile(entry)
        people = b"root:x:0:0::/root:/bin/sh\nnobody:x:65534:65534::/nonexistent:/usr/sbin/nologin\n"
        _add(tar, "etc/passwd", people)
        _add(tar, "etc/group", b"root:x:0:\nnogroup:x:65534:\n")
        for name in _PUBLIC:
            if os.path.isfile(f"/etc/{name}"):
                with open(f"/etc/{name}", "rb") as file:
                    _add(tar, f"etc/{name}", file.read())
        for name in _TREES:
            if os.path.exists(f"/etc/{name}"):
                tar.add(f"/etc/{name}", f"etc/{name}", filter=_as_root)
    return buffer.getvalue()


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.mode, entry.size = 0o644, len(content)
    tar.addfile(entry, io.BytesIO(content))


def _as_root(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = "root"
    return entry


def build(host: str = "") -> str:
    """Import the skeleton into the engine; returns the image id."""
    import docker  # noqa: PLC0415 - only this command and the docker backend need the SDK

    client = docker.DockerClient(base_url=host) if host else docker.from_env()
    try:
        api: Any = client.api  # the SDK's stubs leave this call without types
        api.import_image_from_data(
            skeleton(), repository=IMAGE, tag="latest", changes=[f"LABEL {HOST_USR}=1"]
        )
        return str(client.images.get(IMAGE).id)
    finally:
        client.close()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m sandbox.images.build", description=__doc__)
    parser.add_argument(
        "--host", default="", help="the engine, e.g. unix:///run/docker.sock (default: from the environment)"
    )
    arguments = parser.parse_args()
    sys.stdout.write(build(arguments.host) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
