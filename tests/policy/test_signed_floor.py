"""An organisation's floor is root's, or signed with a key that is root's; else nothing is allowed without a question."""

import io
import json
import os
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from guard.cli.main import main
from guard.enforce.pipeline import Guard, policy_now
from guard.enforce.places import Places
from guard.model.decision import Ask, Deny
from guard.model.principal import Principal
from guard.model.proposal import ShellProposal
from guard.policy.files import compiled, locate, owned

FLOOR = """version: 1
kind: floor
name: acme
default: allow
rules:
  - {id: no-ls, effect: [exec], programs: [ls], verdict: deny, why: because.}
"""


class Etc:
    """A machine's /etc/guard, elsewhere."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.floor, self.key, self.sig = root / "floor.yaml", root / "floor.pub", root / "floor.yaml.sig"
        self.places = Places(state=str(root / "state"), config=str(root / "config"))
        (root / "work").mkdir()
        self.floor.write_text(FLOOR)

    def configure(self, *private) -> None:
        for one in private:
            with open(self.key, "ab") as file:
                file.write(one.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))

    def sign(self, private: Ed25519PrivateKey, *words: str, password: bytes | None = None) -> int:
        encryption = BestAvailableEncryption(password) if password else NoEncryption()
        pem = self.root / "private.pem"
        pem.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption))
        return main(["policy", "sign", str(self.floor), "--key", str(pem), *words])

    def says(self) -> tuple[type, str]:
        """What is decided on `ls`, and what is wrong with the policy."""
        guard = Guard.open(
            cwd=str(self.root / "work"),
            home=str(self.root),
            env={"PATH": "/usr/bin:/bin"},
            places=self.places,
        )
        decided = guard.decide(
            ShellProposal(principal=Principal(agent="t"), cwd=guard.facts.cwd, command="ls")
        )
        return type(decided.decision), str(guard.problem or "")


@pytest.fixture
def etc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Etc:
    made = Etc(tmp_path)
    monkeypatch.setattr(locate, "FLOOR", str(made.floor))
    monkeypatch.setattr(locate, "FLOOR_KEY", str(made.key))
    # Whoever runs the tests stands for root.
    monkeypatch.setattr(owned, "ROOT", frozenset((0, os.getuid())))
    return made


@pytest.fixture
def key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


def refused(etc: Etc, *words: str) -> None:
    verdict, problem = etc.says()

    assert verdict is Ask
    for word in words:
        assert word in problem


def test_a_floor_of_roots_is_law(etc):
    assert etc.says() == (Deny, "")


def test_a_signed_floor_is_law_and_says_who_approved_it(etc, key, capsys):
    etc.configure(key)
    assert etc.sign(key, "--approved-by", "@acme/security", "--pr", "acme/floor#12") == 0

    assert etc.says() == (Deny, "")
    policy, _ = policy_now("", etc.places)
    (floor,) = [layer for layer in policy.layers if layer.name == "acme"]
    assert (floor.approved_by, floor.pr) == ("@acme/security", "acme/floor#12")
    law = Guard.open(cwd=str(etc.root / "work"), home=str(etc.root), env={}, places=etc.places).law()
    assert (law["approved_by"], law["pr"]) == ("@acme/security", "acme/floor#12")
    assert "signed: " in capsys.readouterr().out


def test_where_signing_is_configured_no_signature_is_no_law(etc, key):
    etc.configure(key)

    refused(etc, "floor.yaml.sig", "there is no such file", "says that the floor is signed")


def test_where_signing_is_configured_no_floor_is_no_law(etc, key):
    etc.configure(key)
    etc.sign(key)
    etc.floor.unlink()

    refused(etc, "floor.yaml: there is no such file")


def test_a_signature_with_another_key_is_none(etc, key):
    etc.configure(Ed25519PrivateKey.generate())
    etc.sign(key)

    refused(etc, "signed with another key")


def test_two_keys_hold_while_one_replaces_the_other(etc, key):
    other = Ed25519PrivateKey.generate()
    etc.configure(other, key)
    for one in (key, other):
        etc.sign(one)
        assert etc.says() == (Deny, "")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda etc, bundle: etc.floor.write_text(FLOOR.replace("deny", "ask ")), "another than the one"),
        (lambda etc, bundle: etc.floor.write_text(FLOOR + "\n"), "another than the one"),
        (lambda etc, bundle: bundle["manifest"].update(approved_by="@me"), "the signature is wrong"),
        (
            lambda etc, bundle: bundle["manifest"].update(sha256="sha256:" + "0" * 64),
            "the signature is wrong",
        ),
        (lambda etc, bundle: bundle.update(signature=bundle["signature"][::-1]), "it is no signature"),
        (lambda etc, bundle: bundle.update(signature="A" * 86 + "=="), "the signature is wrong"),
        (lambda etc, bundle: bundle.pop("signature"), "it is no signature"),
        (lambda etc, bundle: bundle.update(more=1), "it is no signature"),
        (lambda etc, bundle: bundle["manifest"].update(version=2), "it is no signature"),
        (lambda etc, bundle: bundle["manifest"].update(key="sha256:" + "0" * 64), "signed with another key"),
    ],
)
def test_what_was_changed_since_is_no_law(etc, key, spoil, words):
    etc.configure(key)
    etc.sign(key, "--approved-by", "@acme")
    assert etc.says() == (Deny, "")  # compiled, and kept
    bundle = json.loads(etc.sig.read_text())
    spoil(etc, bundle)
    etc.sig.write_text(json.dumps(bundle))

    refused(etc, words)


def test_what_was_compiled_unsigned_is_no_law_once_signing_is_configured(etc, key):
    """The compiled policy of the very same floor lies there."""
    assert etc.says() == (Deny, "")
    etc.configure(key)

    refused(etc, "says that the floor is signed")


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[]", b"null", b"x" * 2_000_000])
def test_a_signature_that_is_none_is_none(etc, key, content):
    etc.configure(key)
    etc.sig.write_bytes(content)

    refused(etc, "floor.yaml.sig")


@pytest.mark.parametrize(
    "content", [b"", b"no key", b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"]
)
def test_a_key_that_is_none_opens_nothing(etc, key, content):
    etc.configure(key)
    etc.sign(key)
    etc.key.write_bytes(content)

    refused(etc, "floor.pub")


def test_a_key_of_another_kind_opens_nothing(etc, key):
    etc.configure(key)
    etc.sign(key)
    etc.key.unlink()
    etc.configure(generate_private_key(SECP256R1()))

    refused(etc, "no Ed25519 key")


def test_without_the_library_nothing_is_believed(etc, key, monkeypatch):
    """It is looked for where the policy is compiled, which is another process: its path is ours."""
    etc.configure(key)
    etc.sign(key)
    (etc.root / "first" / "cryptography").mkdir(parents=True)
    (etc.root / "first" / "cryptography" / "__init__.py").write_text("raise ImportError('none here')\n")
    # The compiling process takes our path before its own.
    monkeypatch.setattr(sys, "path", [str(etc.root / "first"), *sys.path])
    verdict, problem = etc.says()

    assert verdict is Ask
    assert "cryptography" in problem


def test_no_hook_loads_the_library_once_it_is_compiled(etc, key, monkeypatch):
    etc.configure(key)
    etc.sign(key)
    assert etc.says() == (Deny, "")
    monkeypatch.setattr(compiled, "_compile", lambda *_: pytest.fail("compiled again"))

    assert etc.says() == (Deny, "")


@pytest.mark.parametrize("what", ["floor", "key", "directory"])
@pytest.mark.parametrize("mode", [0o020, 0o002])
def test_what_others_can_write_is_no_law(etc, key, what, mode):
    if what == "key":
        etc.configure(key)
        etc.sign(key)
    path = {"floor": etc.floor, "key": etc.key, "directory": etc.root}[what]
    os.chmod(path, path.stat().st_mode | mode)

    refused(etc, "others can write it", "nobody but root can change it")


def test_what_belongs_to_somebody_else_is_no_law(etc, monkeypatch):
    monkeypatch.setattr(owned, "ROOT", frozenset())

    refused(etc, f"it belongs to uid {etc.floor.stat().st_uid}")


def test_a_signed_floor_may_be_anybodys(etc, key):
    """The signature says whose it is; the key must be root's."""
    etc.configure(key)
    etc.sign(key)
    etc.floor.chmod(0o666)
    etc.sig.chmod(0o666)

    assert etc.says() == (Deny, "")


def test_a_link_leads_to_where_it_is_looked_at(etc):
    open_to_all = etc.root / "open"
    open_to_all.mkdir()
    etc.floor.rename(open_to_all / "floor.yaml")
    etc.floor.symlink_to(open_to_all / "floor.yaml")
    assert etc.says() == (Deny, "")
    open_to_all.chmod(0o777)

    refused(etc, "others can write it", "lies below it")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--approved-by", "x" * 301], 2),
        (["--pr", "a\x1b[31mb"], 2),
    ],
)
def test_what_cannot_be_read_is_not_signed(etc, key, words, code):
    assert etc.sign(key, *words) == code
    assert not etc.sig.exists()


def test_a_floor_that_is_no_law_is_not_signed(etc, key):
    etc.floor.write_text("version: 1\nkind: floor\n")

    assert etc.sign(key) == 1
    assert not etc.sig.exists()


def test_an_encrypted_key_needs_somebody_who_knows_the_password(etc, key, capsys, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO())

    assert etc.sign(key, password=b"secret") == 2
    assert "nobody can be asked" in capsys.readouterr().err


def test_the_identity_is_what_a_policy_says_and_not_where_it_lies(etc):
    first, _ = policy_now("", etc.places)
    etc.floor.write_text("# a comment\n" + FLOOR.replace("[exec]", "[ exec ]"))
    second, _ = policy_now("", etc.places)
    etc.floor.write_text(FLOOR.replace("verdict: deny", "verdict: ask"))
    third, _ = policy_now("", etc.places)

    assert first.digest != second.digest
    assert first.identity == second.identity != third.identity
    assert first.identity.startswith("sha256:")
