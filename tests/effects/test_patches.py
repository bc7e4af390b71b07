"""Patches are read to the letter: what a client could take for another file is no patch."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.effects.patches import Added, Changed, NoPatch, Removed, read_blocks, read_patch, read_unified
from guard.model.proposal import Replacement

BEGIN, END = "*** Begin Patch\n", "*** End Patch\n"


def test_each_file_is_a_change_of_its_own():
    text = (
        f"{BEGIN}*** Add File: a\n+x\n+\n*** Delete File: b c\n*** Update File: d\n*** Move to: e\n"
        f"@@ def f():\n x\n-y\n+z\n@@\n-q\n*** End of File\n*** Update File: g\n-1\n+2\n{END}"
    )

    assert read_patch(text) == (
        Added(path="a", content="x\n\n"),
        Removed(path="b c"),
        Changed(path="d", to="e", edits=(Replacement(old="x\ny", new="x\nz"), Replacement(old="q", new=""))),
        Changed(path="g", edits=(Replacement(old="1", new="2"),)),
    )


def test_a_line_that_is_kept_names_no_file():
    text = f"{BEGIN}*** Update File: a\n@@\n *** Delete File: b\n-x\n{END}"

    assert read_patch(text) == (
        Changed(path="a", edits=(Replacement(old="*** Delete File: b\nx", new="*** Delete File: b"),)),
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "rm -rf /",
        BEGIN,
        BEGIN + END,
        f"{BEGIN}*** Add File: a\n+x\n",
        f"{BEGIN}*** Add File: a\n+x\n{END}*** Delete File: b\n",
        f"{BEGIN}*** Add File: a\nx\n{END}",
        f"{BEGIN}*** Add File: \n+x\n{END}",
        f"{BEGIN}*** Add File:  a\n+x\n{END}",
        f"{BEGIN}*** Add File: a \n+x\n{END}",
        f"{BEGIN}*** Add File: a\tb\n+x\n{END}",
        f"{BEGIN}*** Delete File: a\n+x\n{END}",
        f"{BEGIN} *** Delete File: a\n{END}",
        f"{BEGIN}*** delete file: a\n{END}",
        f"{BEGIN}*** Rename File: a\n{END}",
        f"{BEGIN}*** Update File: a\n{END}",
        f"{BEGIN}*** Update File: a\n@@\n{END}",
        f"{BEGIN}*** Update File: a\n@@\n-x\n*** End of File\n-y\n{END}",
        f"{BEGIN}*** Update File: a\n@@\n?x\n{END}",
        f"x\n{BEGIN}*** Delete File: a\n{END}",
        f"<<EOF\n{BEGIN}*** Delete File: a\n{END}EOF\n",
        BEGIN + "*** Delete File: a\n" * 1001 + END,
        f"{BEGIN}*** Add File: a\u2028b\n+x\n{END}",
        f"{BEGIN}*** Add File: a\n+x\v*** Add File: .envrc\n{END}",
        f"{BEGIN}*** Add File: a\n+x\x0c*** Add File: .git/hooks/pre-commit\x0c+id\n{END}",
        f"{BEGIN}*** Add File: a\n+x\r*** Delete File: b\n{END}",
        f"{BEGIN}*** Update File: a\n@@\n k\u2029 *** Update File: Makefile\u2029@@\u2029+x\n{END}",
        f"{BEGIN}*** Update File: a\n@@\n-k\x85*** Move to: .envrc\n{END}",
        f"{BEGIN}*** Update File: a\n@@\n k\x1e*** End Patch\n{END}",
    ],
)
def test_what_cannot_be_read_whole_is_no_patch(text):
    assert isinstance(read_patch(text), NoPatch)


def test_a_diff_names_its_files_once():
    text = (
        "diff --git a/x b/x\nindex 1..2 100644\n--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@ f\n k\n-a\n+b\n"
        "diff --git a/n b/n\nnew file mode 100644\n--- /dev/null\n+++ b/n\n@@ -0,0 +1 @@\n+new\n"
        "\\ No newline at end of file\n"
        "diff --git a/o b/o\ndeleted file mode 100644\n--- a/o\n+++ /dev/null\n@@ -1 +0,0 @@\n-old\n"
        "diff --git a/p b/q\nsimilarity index 100%\nrename from p\nrename to q\n"
    )

    assert read_unified(text) == (
        Changed(path="x", edits=(Replacement(old="k\na", new="k\nb"),)),
        Added(path="n", content="new"),
        Removed(path="o"),
        Changed(path="p", edits=(), to="q"),
    )


def test_a_diff_of_two_names_changes_both():
    text = "--- one\n+++ two\n@@ -1 +1 @@\n-a\n+b\n"

    assert read_unified(text) == (Changed(path="one", edits=(Replacement(old="a", new="b"),), to="two"),)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "--- a\n",
        "--- a\n+++ b\n",
        "--- a\n+++ a\n@@ -1 +1 @@\n-a\n",
        "--- a\n+++ a\n@@ -1 +1 @@\n-a\n+b\n+c\n",
        "--- a\n+++ a\n@@ -1,1 @@\n-a\n+b\n",
        "--- a\n+++ a\n@@ -1_0 +1 @@\n-a\n+b\n",
        '--- "a\\tb"\n+++ "a\\tb"\n@@ -1 +1 @@\n-a\n+b\n',
        "diff --git a/x b/x\nGIT binary patch\nliteral 1\n",
        "diff --git a/x b/y\ncopy from x\ncopy to y\n",
        "diff --git a/x b/y\nrename from x\nrename to y\n--- a/x\n+++ b/z\n@@ -1 +1 @@\n-a\n+b\n",
        "Index: a\n--- a\n+++ a\n@@ -1 +1 @@\n-a\n+b\n",
        "--- a\n+++ a\n@@ -1 +1 @@\n-a\n+b\r--- x\r+++ .envrc\r@@ -0,0 +1 @@\r+c\n",
        "--- a\n+++ a\n@@ -1 +1 @@\n-a\n+b\x1cdiff --git a/x b/.envrc\n",
        "--- a\u2028b\n+++ a\u2028b\n@@ -1 +1 @@\n-a\n+b\n",
        "diff --git a/x b/x\nnew file mode 120000\n--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+/etc\n",
        "diff --git a/x b/x\nindex 1..2 120000\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+/etc\n",
        "diff --git a/x b/x\nold mode 100644\nnew mode 120000\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+/etc\n",
        "diff --git a/s b/s\nnew file mode 160000\n--- /dev/null\n+++ b/s\n@@ -0,0 +1 @@\n+Subproject commit 1\n",
        "diff --git a/x b/x\ndeleted file mode 120000\n--- a/x\n+++ /dev/null\n@@ -1 +0,0 @@\n-/etc\n",
    ],
)
def test_what_is_no_plain_diff_is_none(text):
    assert isinstance(read_unified(text), NoPatch)


def test_blocks_replace_what_they_search():
    text = (
        "------- SEARCH\na\nb\n=======\nc\n+++++++ REPLACE\n\n<<<<<<< SEARCH\n=======\nd\n>>>>>>> REPLACE\n"
    )

    assert read_blocks(text) == (Replacement(old="a\nb", new="c"), Replacement(old="", new="d"))


@pytest.mark.parametrize(
    ("old", "new", "paths"),
    [
        ("/dev/null", "b/.envrc", [".envrc", "b/.envrc"]),
        ("/dev/null", "b/.guard/policy.yaml", [".guard/policy.yaml", "b/.guard/policy.yaml"]),
        ("a/CODEOWNERS", "/dev/null", ["CODEOWNERS", "a/CODEOWNERS"]),
        ("/dev/null", "notes", ["notes"]),
        ("notes", "/dev/null", ["notes"]),
    ],
)
def test_a_file_that_is_new_or_gone_may_lie_in_a_directory_of_that_name(old, new, paths):
    lines = "@@ -0,0 +1 @@\n+x\n" if old == "/dev/null" else "@@ -1 +0,0 @@\n-x\n"
    found = read_unified(f"--- {old}\n+++ {new}\n{lines}")

    assert not isinstance(found, NoPatch)
    assert [change.path for change in found] == paths


@pytest.mark.parametrize(
    "text", ["", "x", "------- SEARCH\na\n=======\nb\n", "------- SEARCH\na\n+++++++ REPLACE\n"]
)
def test_half_a_block_is_none(text):
    assert isinstance(read_blocks(text), NoPatch)


@given(
    st.lists(
        st.sampled_from(
            ["*** Begin Patch", "*** End Patch", "*** Add File: a", "*** Update File: b", "*** Move to: c", "*** Delete File: d", "@@", "@@ x", "*** End of File", "+a", "-b", " c", "", "x", "--- a/x", "+++ b/x", "@@ -1 +1 @@", "diff --git a/x b/x", "------- SEARCH", "=======", "+++++++ REPLACE"]
        )
    ).map("\n".join)
    | st.text()
)  # fmt: skip
def test_every_text_is_a_patch_or_none(text):
    for reader in (read_patch, read_unified, read_blocks):
        found = reader(text)

        assert isinstance(found, NoPatch) or found
