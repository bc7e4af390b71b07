"""What git's settings are for: those that make it run a program, those that move what it trusts or keeps, all others.

Names are git's own, in lower case, ``SECTION.NAME``; ``SECTION.*.NAME`` is one with a subsection between, ``SECTION.*``
every other of that section. Knows no command: who sets a key, and what that means, is told elsewhere.
"""

from guard.effects.knowledge.git_refs import untrue_note
from guard.model.typed import Literal

Meaning = Literal["runs", "moves", "harmless", "unknown"]

_RUNS = frozenset(
    "core.pager core.editor core.sshcommand core.fsmonitor core.hookspath core.askpass core.gitproxy core.alternaterefscommand "
    "diff.external diff.*.textconv diff.*.command filter.*.clean filter.*.smudge filter.*.process merge.*.driver "
    "difftool.*.cmd difftool.*.path mergetool.*.cmd mergetool.*.path browser.*.cmd browser.*.path man.*.cmd man.*.path "
    "guitool.*.cmd alias.* pager.* sequence.editor interactive.difffilter gpg.program gpg.*.program gpg.ssh.defaultkeycommand "
    "credential.helper credential.*.helper uploadpack.packobjectshook gc.recentobjectshook remote.*.uploadpack "
    "remote.*.receivepack remote.*.vcs submodule.*.update trailer.*.command trailer.*.cmd tar.*.command hook.*.command "
    "sendemail.smtpserver sendemail.*.smtpserver sendemail.sendmailcmd sendemail.*.sendmailcmd sendemail.tocmd sendemail.cccmd "
    "sendemail.headercmd imap.tunnel instaweb.httpd instaweb.browser web.browser help.browser init.templatedir include.path "
    "includeif.*.path gui.editor lfs.standalonetransferagent lfs.*.standalonetransferagent lfs.customtransfer.*.path "
    "lfs.customtransfer.*.args lfs.extension.*.clean lfs.extension.*.smudge cvsserver.dbdriver".split()
)

_MOVES = frozenset(
    "url.*.insteadof url.*.pushinsteadof remote.*.url remote.*.pushurl remote.*.proxy remote.*.mirror remote.pushdefault "
    "remote.*.fetch "
    "branch.*.remote branch.*.pushremote protocol.allow protocol.*.allow safe.directory safe.barerepository "
    "submodule.*.url core.worktree core.attributesfile core.protectntfs core.protecthfs core.ignorestat core.logallrefupdates "
    "transfer.fsckobjects fetch.fsckobjects receive.fsckobjects receive.* transfer.* uploadpack.* uploadarchive.* "
    "http.proxy http.*.proxy http.sslverify http.*.sslverify http.sslcainfo http.*.sslcainfo http.sslcapath http.*.sslcapath "
    "http.sslcert http.*.sslcert http.sslkey http.*.sslkey http.proxysslcainfo http.pinnedpubkey http.*.pinnedpubkey "
    "http.curloptresolve http.followredirects http.*.followredirects http.extraheader http.*.extraheader http.cookiefile "
    "http.*.cookiefile http.savecookies http.delegation http.schannelcheckrevoke http.sslbackend credential.* imap.* "
    "sendemail.* instaweb.* svn-remote.* extensions.* trace2.* lfs.* gc.pruneexpire gc.reflogexpire gc.*.reflogexpire "
    "gc.reflogexpireunreachable gc.*.reflogexpireunreachable gc.worktreepruneexpire daemon.* gitweb.* bundle.*".split()
)

_HARMLESS = frozenset(
    "core.* diff.* merge.* difftool.* mergetool.* user.* author.* committer.* color.* column.* advice.* commit.* branch.* remote.* "
    "pull.* push.* fetch.* rebase.* init.* log.* blame.* status.* stash.* tag.* rerere.* format.* grep.* index.* pack.* repack.* "
    "checkout.* clean.* clone.* completion.* feature.* fsck.* gc.* gpg.* gui.* help.* http.* i18n.* interactive.* mailinfo.* "
    "mailmap.* maintenance.* notes.* patch.* protocol.version showbranch.* sparse.* split-index.* splitindex.* ssh.variant "
    "submodule.* switch.* tar.* trailer.* versionsort.* worktree.* am.* apply.* bitmap.* sequence.* revert.* guitool.* man.* "
    "web.* sendpack.* credential.usehttppath credential.*.usehttppath credential.username credential.*.username cvsexportcommit.* "
    "add.* describe.* diff-so-fancy.* delta.* filter.*.required safe.* attr.* http.version http.postbuffer".split()
)

_FILES = frozenset(
    "commit.template format.signaturefile mailmap.file core.excludesfile core.attributesfile blame.ignorerevsfile fsck.skiplist "
    "fetch.fsck.skiplist receive.fsck.skiplist gpg.ssh.allowedsignersfile gpg.ssh.revocationfile http.cookiefile sendemail.aliasesfile "
    "svn.authorsfile gui.stagingtemplate".split()
)
"""The value is a file whose content git shows, sends or goes by."""

_SWITCHED_OFF = frozenset({"", "false", "no", "off", "0", "never", "none", "/dev/null"})
_SETTLED: dict[str, frozenset[str]] = {
    "core.fsmonitor": frozenset({"true", "yes", "on", "1"}),
    "http.sslverify": frozenset({"true", "yes", "on", "1"}),
    "http.followredirects": frozenset({"false", "initial"}),
    "safe.barerepository": frozenset({"explicit"}),
    "core.protectntfs": frozenset({"true"}),
    "core.protecthfs": frozenset({"true"}),
    "core.ignorestat": _SWITCHED_OFF,
    "core.logallrefupdates": frozenset({"true", "always"}),
    "transfer.fsckobjects": frozenset({"true"}),
    "fetch.fsckobjects": frozenset({"true"}),
    "receive.fsckobjects": frozenset({"true"}),
    "protocol.allow": frozenset({"never", "user"}),
    "gc.pruneexpire": frozenset({"never"}),
    "gc.reflogexpire": frozenset({"never"}),
    "gc.reflogexpireunreachable": frozenset({"never"}),
    "gc.worktreepruneexpire": frozenset({"never"}),
    "http.proxy": frozenset({""}),
    "remote.mirror": _SWITCHED_OFF,
}
"""Values that move nothing, by key without its subsection: they are what git does anyway, or are stricter."""


def meaning(key: str) -> Meaning:
    """Of a key as it is written: section and last word in any case."""
    section, _, rest = key.partition(".")
    section = section.lower()
    between, _, last = rest.rpartition(".")
    last = last.lower()
    if section == "lfs" and between:
        # `lfs.customtransfer.NAME.path`: its own section has sections.
        inner, dot, _ = between.partition(".")
        names = [f"lfs.{inner.lower()}.*.{last}"] if dot else []
    else:
        names = []
    # A section inside of another is a name that somebody gave, or one of git's own: `gpg.ssh.program`.
    names += (
        [f"{section}.{between.lower()}.{last}", f"{section}.*.{last}"] if between else [f"{section}.{last}"]
    )
    for table, found in _TABLES:
        if any(name in table for name in names):
            return found
    for table, found in _TABLES:
        if f"{section}.*" in table:
            return found
    return "unknown"


def names_a_file(key: str) -> bool:
    return key.lower() in _FILES


_TABLES: tuple[tuple[frozenset[str], Meaning], ...] = (
    (_RUNS, "runs"),
    (_MOVES, "moves"),
    (_HARMLESS, "harmless"),
)


def settled(key: str, value: str) -> bool:
    """Whether this value of a key that may run or move something does neither."""
    section, _, rest = key.partition(".")
    last = rest.rpartition(".")[2].lower()
    section, raw, value = section.lower(), value, value.strip().lower()
    match section:
        case "pager":
            # A switch, or a program.
            return value in _SWITCHED_OFF | {"true", "yes", "on", "1"}
        case "remote" if last == "fetch":
            return not untrue_note(raw, rest.rpartition(".")[0])
        case "submodule" if last == "update":
            return not value.startswith("!")
        case "branch":
            # The name of a remote, or an address.
            return not any(sign in value for sign in "/:")
        case "alias":
            return False
        case "core" | "sequence" if last in {"pager", "editor"} and _prints_only(raw):
            return True
        case _:
            known = _SETTLED.get(f"{section}.{last}", frozenset[str]())
            return value in known or (meaning(key) == "runs" and value in _SWITCHED_OFF)


def _prints_only(value: str) -> bool:
    """A pager or an editor that neither asks nor changes anything, with options of its own."""
    words = value.split()
    return words[:1] in _PRINTERS and all(
        word.startswith("-") and set(word[1:]) <= _TAME_LETTERS for word in words[1:]
    )


_PRINTERS = (["cat"], ["less"], ["more"], ["true"], [":"], ["head"])
_TAME_LETTERS = frozenset("FRXSKEMNIeqrin")
"""Of `less`; with `-o` it writes a file."""
