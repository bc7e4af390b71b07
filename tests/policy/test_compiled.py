"""The hook's way to a policy: from bytes to a table, once, and never from a table that is not ours."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from guard.errors import PolicyFileError
from guard.model.decision import Ask, Sandbox
from guard.model.effect import RunProgram
from guard.model.facts import Facts
from guard.policy.evaluate import judge
from guard.policy.files.compiled import load_policy
from guard.policy.files.locate import PolicySources, Source, sources
from guard.policy.files.restricted import restricted_policy

GOOD = "version: 1\nkind: policy\nname: p\ndefault: ask\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "p.yaml"
    path.write_text(GOOD)
    return path


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def load(file: Path, cache: Path):
    return load_policy(PolicySources(files=(Source(kind="repo", path=str(file)),)), str(cache))


def test_the_table_is_private_and_read_again(file: Path, cache: Path) -> None:
    first = load(file, cache)
    (table,) = cache.iterdir()

    assert table.stat().st_mode & 0o777 == 0o600
    assert cache.stat().st_mode & 0o777 == 0o700
    assert load(file, cache) == first
    assert [path.name for path in cache.iterdir()] == [table.name]


def test_a_changed_file_is_another_policy(file: Path, cache: Path) -> None:
    before = load(file, cache)
    file.write_text(GOOD.replace("ask", "deny"))

    assert load(file, cache).digest != before.digest
    assert load(file, cache).layers[0].default.value == "deny"


@pytest.mark.parametrize(
    "content", ["", "{}", "[]", "null", "{", '{"format": 0, "digest": "x", "layers": []}']
)
def test_a_table_that_does_not_read_is_made_again(file: Path, cache: Path, content: str) -> None:
    before = load(file, cache)
    (table,) = cache.iterdir()
    table.write_text(content)

    assert load(file, cache) == before


def test_a_table_that_others_may_write_is_not_believed(file: Path, cache: Path) -> None:
    before = load(file, cache)
    (table,) = cache.iterdir()
    forged = json.loads(table.read_text())
    forged["layers"][0]["default"] = "allow"
    table.write_text(json.dumps(forged))
    table.chmod(0o666)

    assert load(file, cache) == before


def test_a_table_that_is_a_link_is_not_followed(file: Path, cache: Path, tmp_path: Path) -> None:
    before = load(file, cache)
    (table,) = cache.iterdir()
    forged = tmp_path / "forged.json"
    forged.write_text(table.read_text().replace('"ask"', '"allow"'))
    forged.chmod(0o600)
    table.unlink()
    table.symlink_to(forged)

    assert load(file, cache) == before


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "empty"),
        (b"default: [", "not YAML"),
        (b"\xff", "UTF-8"),
        (b"version: 2\n", "version|missing|known"),
        (b"#" * (1024 * 1024 + 1), "larger than 1 MiB"),
    ],
)
def test_a_broken_file_is_an_error_and_never_the_last_good_policy(
    file: Path, cache: Path, content: bytes, problem: str
) -> None:
    load(file, cache)
    file.write_bytes(content)

    with pytest.raises(PolicyFileError, match=problem):
        load(file, cache)


def test_a_file_that_is_gone_or_no_file_is_an_error(file: Path, cache: Path) -> None:
    file.unlink()
    with pytest.raises(PolicyFileError, match="cannot be read"):
        load(file, cache)
    file.mkdir()
    with pytest.raises(PolicyFileError, match="not a regular file"):
        load(file, cache)
    file.rmdir()
    os.mkfifo(file)
    with pytest.raises(PolicyFileError, match="not a regular file"):
        load(file, cache)


def test_a_file_we_may_not_read_is_an_error(file: Path, cache: Path) -> None:
    file.chmod(0)
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        with pytest.raises(PolicyFileError, match="permission denied"):
            load(file, cache)
    finally:
        if root:
            os.seteuid(0)


def test_a_cache_that_cannot_be_written_makes_a_policy_slow_and_not_unreadable(
    file: Path, cache: Path, tmp_path: Path
) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("")

    assert load(file, blocked) == load(file, cache)
    assert blocked.read_text() == ""


def test_many_at_once_find_one_policy(file: Path, cache: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        policies = list(pool.map(lambda _: load(file, cache), range(8)))

    assert len({policy.digest for policy in policies}) == 1
    assert len(list(cache.iterdir())) == 1


def test_the_hook_path_reads_no_yaml(file: Path, cache: Path) -> None:
    code = f"""
import sys
from guard.policy.files.compiled import load_policy
from guard.policy.files.locate import PolicySources, Source
from guard.policy.evaluate import judge
load_policy(PolicySources(files=(Source(kind="repo", path={str(file)!r}),)), {str(cache)!r})
print(sorted(set(sys.modules) & {{"yaml", "pydantic", "rich", "structlog", "docker", "watchdog", "argparse", "logging"}}))
"""
    load(file, cache)
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert out.stdout.strip() == "[]"


def test_all_layers_that_exist_count(tmp_path: Path) -> None:
    (tmp_path / "ws" / ".guard").mkdir(parents=True)
    (tmp_path / "ws" / ".guard" / "policy.yaml").write_text(GOOD)
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "personal.yaml").symlink_to("nowhere")
    found = sources(str(tmp_path / "ws"), str(tmp_path / "config"))
    kinds = [source.kind for source in found.files]

    assert kinds[:15] == ["pack"] * 12 + ["profile"] * 3
    assert kinds[-2:] == ["repo", "personal"], "a link to nowhere is a file that cannot be read, not none"
    with pytest.raises(PolicyFileError):
        load_policy(found, str(tmp_path / "cache"))


def test_restricted_mode_asks_about_everything() -> None:
    decision = judge(
        (RunProgram(program="ls"),),
        restricted_policy("p.yaml:1: broken"),
        Facts(workspace="/w", home="/h", cwd="/w"),
    )

    assert isinstance(decision, Ask)
    assert decision.placement == Sandbox()
    assert "p.yaml:1: broken" in decision.reasons[0].why
