"""Programs that talk to other machines."""

from guard.effects.call import Call
from guard.effects.commands.hosts import connect_field, connect_to, host_of
from guard.effects.options import grammar
from guard.effects.values import Field, Piece, Wild, plain, static_text
from guard.model.effect import DestroyDatabase, Listen
from guard.model.typed import Callable

_SSH = grammar("B b c D E e F I i J L l m O o p Q R S W w", stops=True)
_SCP = grammar("c D F i J l o P S X")
_RSYNC = grammar(
    "e rsh rsync-path f filter exclude include exclude-from include-from files-from T temp-dir B block-size bwlimit port log-file "
    "password-file partial-dir compare-dest copy-dest link-dest backup-dir suffix max-size min-size timeout chmod chown out-format "
    "write-batch read-batch address sockopts M remote-option stop-after skip-compress"
)


_SSH_CODE = frozenset({"proxycommand", "localcommand", "knownhostscommand"})
_SSH_LOADS = frozenset(
    "permitlocalcommand include match pkcs11provider securitykeyprovider xauthlocation identityagent proxyusefdpass".split()
)


def _ssh_options(call: Call, fields: list[Field]) -> None:
    """``-o KEY=VALUE``: some of them are programs that run here."""
    for field in fields:
        text = field.static
        if text is None:
            call.opaque("an option that may run a program here")
            continue
        key, _, value = text.replace("=", " ", 1).strip().partition(" ")
        if key.lower() in _SSH_CODE:
            call.opaque("an option that runs a program here")
            if value.strip().lower() != "none":
                call.run_text((value.strip().strip('"'),))
        elif key.lower() in _SSH_LOADS:
            call.opaque("an option that may run or load something here")
        elif key.lower() in {"proxyjump", "hostname"}:
            connect_to(call, value.strip(), upload=True)


def _ssh(call: Call) -> None:
    parsed = call.parse(_SSH)
    if parsed.has("V", "Q"):
        return
    call.read(*parsed.values("i", "F"))
    call.write(*parsed.values("E"))
    _ssh_options(call, parsed.values("o"))
    if parsed.uncertain:
        call.opaque("an argument that is not known before it runs may be an option")
    if parsed.has("F", "I"):
        call.opaque("a configuration or a library that may run something here")
    if parsed.has("L", "D", "w"):
        call.say(Listen())
    for field in parsed.values("J", "W"):
        connect_field(call, field, upload=True)
    if parsed.operands:
        # What runs over there we cannot see; what is typed or piped in leaves this machine.
        connect_field(call, _host_only(parsed.operands[0]), upload=True)
        call.opaque("runs a command on another machine")
        words = parsed.operands[1:]
        # Options may follow the host.
        if (words[0].prefix if words else "").startswith("-"):
            call.args = words
            again = call.parse(_SSH)
            words = again.operands
            _ssh_options(call, again.values("o"))
            if again.has("F", "I"):
                call.opaque("a configuration or a library that may run something here")
        if not parsed.has("N", "W"):
            _over_there(call, parsed.operands[0], words)


def _over_there(call: Call, host: Field, words: list[Field]) -> None:
    """The words are joined for a shell of that machine; without any it reads its standard input."""
    stdin = call.stdin
    text = " ".join("".join(_or_variable(part) for part in word.parts) for word in words)
    if not words and stdin is not None:
        text, stdin = "".join(_or_variable(part) for part in stdin), None
    elif not words:
        call.opaque("a shell on another machine that takes commands", typed=True)
    if text:
        from guard.effects.commands.remote import run_elsewhere  # noqa: PLC0415 - only where something runs elsewhere

        run_elsewhere(call, host.text, text, stdin)


def _or_variable(part: Piece | Wild) -> str:
    """What is not known here is as little known there as a variable that nobody has set."""
    return part if isinstance(part, str) else part.text if isinstance(part, Wild) else "${not_known}"


def _host_only(field: Field) -> Field:
    text = field.static
    return plain(text.removeprefix("ssh://"), field.span) if text is not None else field


def _remote_name(field: Field) -> bool:
    text = field.static or field.prefix
    head = text.split("/", 1)[0]
    return ":" in head or "://" in text


def _scp(call: Call) -> None:
    parsed = call.parse(_SCP)
    _ssh_options(call, parsed.values("o"))
    if parsed.has("S", "F", "D") or parsed.uncertain:
        call.opaque("an option that may run a program here")
    for field in parsed.values("S"):
        call.run([field])
    call.read(*parsed.values("i"))
    _copied(call, parsed.operands, deep=parsed.has("r"))


def _copied(call: Call, operands: list[Field], *, deep: bool) -> None:
    """Sources and a destination, each local or on another machine."""
    if not operands:
        return
    *sources, target = operands
    away = _remote_name(target)
    for source in sources:
        if _remote_name(source):
            connect_field(call, source, upload=False)
        else:
            call.read(source, recursive=deep)
    if away:
        connect_field(call, target, upload=True)
    else:
        call.write(target, recursive=deep or len(sources) > 1)


def _rsync(call: Call) -> None:
    parsed = call.parse(_RSYNC)
    if parsed.has("h", "help", "V", "version") and not parsed.operands:
        return
    for field in parsed.values("e", "rsh"):
        words = (field.static or "").split()
        if words:
            # It is split at blanks; the host and what runs there are put after it.
            call.run([plain(word, field.span) for word in words])
        if words[:1] != ["ssh"] or set(field.text) & set("'\"\\"):
            call.opaque("an option that runs a program")
    if parsed.has("rsync-path", "M", "remote-option", "daemon", "config"):
        call.opaque("an option that runs a program")
    if parsed.uncertain:
        call.opaque("an argument that is not known before it runs may be an option")
    call.read(*parsed.values("files-from", "exclude-from", "include-from", "password-file"))
    call.write(*parsed.values("log-file", "write-batch", "backup-dir", "partial-dir", "T", "temp-dir"))
    operands = parsed.operands
    if parsed.has("n", "dry-run"):
        for field in operands:
            if _remote_name(field):
                connect_field(call, field, upload=True)
        return
    _copied(call, operands, deep=True)
    if (
        operands
        and not _remote_name(operands[-1])
        and any(name.startswith(("delete", "del")) for name, _ in parsed.options)
    ):
        call.delete(operands[-1], recursive=True)
    if parsed.has("remove-source-files"):
        call.delete(*[field for field in operands[:-1] if not _remote_name(field)], recursive=True)


def _netcat(call: Call) -> None:
    parsed = call.parse(
        grammar("e c p s w i q x X g G I O P T exec sh-exec lua-exec proxy source-port output hex-dump")
    )
    if parsed.has("e", "c", "exec", "sh-exec", "lua-exec"):
        call.opaque("gives a program to whoever is at the other end")
    if parsed.has("l", "listen"):
        call.say(Listen())
    elif parsed.operands:
        connect_field(call, parsed.operands[0], upload=call.stdin is not None or not parsed.has("z"))
        _asked_to_lose(call)
    call.write(*parsed.values("o", "output", "hex-dump"))
    for field in parsed.values("x", "proxy"):
        connect_field(call, field, upload=True)


_LOSES = frozenset("flush_all flushall flushdb shutdown delete stop".split())
"""First words of requests, in protocols of lines, after which a server has or does less."""


def _asked_to_lose(call: Call) -> None:
    """What goes into a socket is a request to whoever listens there."""
    text = static_text(call.stdin) if call.stdin is not None else None
    asked = [line.split()[0].lower() for line in (text or "").splitlines() if line.split()]
    if _LOSES & set(asked):
        call.say(DestroyDatabase(detail="a request that deletes something"))


def _socat(call: Call) -> None:
    if call.statics in (["-V"], ["-h"], ["-?"]):
        return
    call.opaque("joins programs, files and sockets as its arguments say")
    for field in call.args:
        text = (field.static or "").lower()
        if text.startswith(("tcp", "udp", "openssl", "ssl")) and ":" in text and "listen" not in text:
            connect_to(call, text.split(":", 1)[1], upload=True)


def _asks_name(call: Call) -> None:
    """A name server is asked: the name itself can carry data out."""
    parsed = call.parse(grammar("t p k f b q x y c i W w s I Q m S T M N l"))
    kinds = set(
        "A AAAA ANY CAA CNAME DNSKEY DS HTTPS MX NAPTR NS PTR SOA SRV SVCB TLSA TXT AXFR IN CH".split()
    )
    operands = [
        field
        for field in parsed.operands
        if not (field.static or "").startswith("+") and field.static not in kinds
    ]
    lists = parsed.values("f") if call.name in {"dig", "drill"} else []
    if lists:
        # Each line of the file is asked for.
        call.read(*lists)
        call.connect("?", 53, upload=True)
    if call.name in {"dig", "drill"}:
        call.read(*parsed.values("k"))
    servers = [field for field in operands if (field.static or "").startswith("@")]
    for field in servers:
        call.connect((field.static or "@?")[1:])
    for field in operands:
        if field.static is None:
            call.connect("?", 53, upload=True)
        elif field not in servers:
            call.connect(host_of(field.static)[0], 53)


def _file_transfer(call: Call) -> None:
    operands = [field for field in call.args if not (field.static or "").startswith("-")]
    call.opaque("a session that takes commands", typed=True)
    if operands:
        connect_field(call, operands[0], upload=True)


_SHOWS_PUBLIC = frozenset("x509 crl verify pkcs7 asn1parse ocsp ts cms".split())
"""What they print of a file is public: certificates, requests, signatures."""


_OPENSSL = _SHOWS_PUBLIC | frozenset(
    "help version list ciphers errstr rand prime passwd dgst enc base64 genrsa gendsa genpkey dhparam dsaparam ecparam rsa dsa ec pkey "
    "pkeyutl pkeyparam rsautl pkcs12 pkcs8 req s_client s_server s_time smime spkac sess_id speed nseq "
    "md5 sha1 sha224 sha256 sha384 sha512 sha3-256 blake2b512".split()
)


def _openssl(call: Call) -> None:
    verb = call.args[0].static if call.args else ""
    call.args = call.args[1:]
    parsed = call.parse(
        grammar(
            "connect in out key inkey cert CA CAkey CAfile passin passout pass k K iv S keyfile config host port accept servername "
            "starttls subj days newkey set_serial extfile rand verify inform outform name extensions reqexts addext "
            "signature sign prverify cipher md digest showcerts_ alpn proxy sess_out sess_in nameopt certfile signer recip untrusted "
            "engine provider provider-path keylogfile msgfile certsout outdir writerand keyout export caname purpose attime policy",
            single_dash_long=True,
        )
    )
    if verb is None:
        call.opaque("what openssl is told to do is not known before it runs")
        return
    if parsed.has("engine", "provider", "provider-path", "config"):
        call.opaque("loads a library, or a configuration that can name one")
    if verb not in _OPENSSL:
        call.opaque(f"nothing is known about `openssl {verb}`")
    if parsed.has("help"):
        return
    if verb not in _SHOWS_PUBLIC and not parsed.has("pubin"):
        call.read(*parsed.values("in"))
    call.read(*parsed.values("inkey", "key", "keyfile", "CAkey", "signer", "config", "extfile", "rand"))
    call.write(
        *parsed.values(
            "out", "keyout", "writerand", "sess_out", "keylogfile", "msgfile", "certsout", "outdir"
        )
    )
    for field in parsed.values("connect", "host", "proxy"):
        # Without anything on its input it only shakes hands.
        given = call.stdin is not None and "".join(p for p in call.stdin if isinstance(p, str)).strip()
        unknown = call.stdin is not None and any(not isinstance(p, str) for p in call.stdin)
        connect_field(call, field, upload=bool(given) or unknown)
    if verb in {"s_server", "s_time"}:
        call.say(Listen())
        call.opaque("serves something")
    if verb in {"dgst", "base64", "enc", "prime", "passwd"} or verb.startswith(("md", "sha", "blake")):
        call.read(*parsed.operands)


HANDLERS: dict[str, Callable[[Call], None]] = {
    "ssh": _ssh,
    "scp": _scp,
    "sftp": _file_transfer,
    "rsync": _rsync,
    "ftp": _file_transfer,
    "telnet": _file_transfer,
    "lftp": _file_transfer,
    "tftp": _file_transfer,
    "mosh": _ssh,
    "nc": _netcat,
    "ncat": _netcat,
    "netcat": _netcat,
    "socat": _socat,
    "dig": _asks_name,
    "host": _asks_name,
    "nslookup": _asks_name,
    "ping": _asks_name,
    "ping6": _asks_name,
    "traceroute": _asks_name,
    "whois": _asks_name,
    "mtr": _asks_name,
    "drill": _asks_name,
    "openssl": _openssl,
}
