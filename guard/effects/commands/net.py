"""Programs that talk to other machines."""

from collections.abc import Callable
from posixpath import basename

from guard.effects.call import Call
from guard.effects.commands.hosts import connect_field, connect_to, host_of
from guard.effects.options import grammar
from guard.effects.values import Field, Hole, plain
from guard.model.effect import Listen, MutateCloud

_CURL = grammar(
    "o output T upload-file d data data-raw data-binary data-ascii data-urlencode json F form form-string K config X request H header "
    "u user A user-agent e referer b cookie c cookie-jar D dump-header m max-time x proxy U proxy-user E cert key cacert capath "
    "connect-timeout retry retry-delay retry-max-time w write-out url resolve connect-to interface local-port limit-rate r range y Y z "
    "max-redirs noproxy output-dir socks5 socks5-hostname socks4 preproxy stderr trace trace-ascii unix-socket abstract-unix-socket "
    "netrc-file pinnedpubkey ciphers oauth2-bearer C continue-at t telnet-option Q quote P ftp-port aws-sigv4 doh-url dns-servers "
    "proto proto-default rate parallel-max variable etag-save etag-compare hsts alt-svc krb mail-from mail-rcpt max-filesize "
    "create-file-mode libcurl url-query"
)
_SENDS = ("d", "data", "data-raw", "data-binary", "data-ascii", "data-urlencode", "json", "F", "form")
_WGET = grammar(
    "O output-document o output-file a append-output i input-file e execute P directory-prefix t tries T timeout w wait Q quota "
    "user password header post-data post-file body-data body-file method U user-agent referer load-cookies save-cookies "
    "A accept R reject D domains l level B base limit-rate certificate private-key ca-certificate use-askpass cut-dirs "
    "config default-page proxy-user proxy-password http-user http-password rejected-log warc-file max-redirect dns-timeout "
    "connect-timeout read-timeout waitretry bind-address restrict-file-names"
)
_SSH = grammar("B b c D E e F I i J L l m O o p Q R S W w", stops=True)
_SCP = grammar("c D F i J l o P S X")
_RSYNC = grammar(
    "e rsh rsync-path f filter exclude include exclude-from include-from files-from T temp-dir B block-size bwlimit port log-file "
    "password-file partial-dir compare-dest copy-dest link-dest backup-dir suffix max-size min-size timeout chmod chown out-format "
    "write-batch read-batch address sockopts M remote-option stop-after skip-compress"
)


def _sent(call: Call, fields: list[Field]) -> bool:
    """Whether local files or values nobody knows are in what is sent; files are read."""
    local = False
    for field in fields:
        text = field.static
        if text is None:
            local = True
            continue
        body = text.partition("=")[2] if "=" in text and text.partition("=")[2][:1] in {"@", "<"} else text
        if body[:1] in {"@", "<"} and len(body) > 1:
            local = True
            call.read(plain(body[1:].split(";", 1)[0], field.span))
    return local


_LOOKS = frozenset({"GET", "HEAD", "OPTIONS"})


def _changes(call: Call, methods: list[Field], *, body: bool, urls: list[Field]) -> bool:
    """Whether the request changes something over there; what it deletes is said of any host, this one included.

    A request with a body to a server on this machine is how a developer tries what is being built: a connection like
    any other. Elsewhere it is more than looking.
    """
    method = methods[-1].static if methods else "POST" if body else "GET"
    if method is None or method.upper() == "DELETE":
        where = " ".join(url.text for url in urls[:2])
        call.say(MutateCloud(detail=f"{method or 'a request of a kind that is not known'} {where}"[:120]))
    return method is None or method.upper() not in _LOOKS


def _curl(call: Call) -> None:
    parsed = call.parse(_CURL)
    sent = parsed.values(*_SENDS)
    local = _sent(call, sent)
    uploads = parsed.values("T", "upload-file")
    if uploads:
        call.read(*uploads)
        local = True
    if call.stdin is not None and any(field.static in {"@-", "-"} for field in [*sent, *uploads]):
        local = True
    call.read(*parsed.values("E", "cert", "key", "netrc-file", "b"))
    if parsed.has("K", "config"):
        # It may name other addresses, and what to send there.
        call.opaque("reads more options from a file")
        call.connect("?", upload=True)
        call.read(*parsed.values("K", "config"))
    if parsed.has("n", "netrc"):
        call.secret("passwords in ~/.netrc")
    call.write(
        *parsed.values(
            "o",
            "output",
            "c",
            "cookie-jar",
            "D",
            "dump-header",
            "trace",
            "trace-ascii",
            "stderr",
            "libcurl",
            "etag-save",
            "hsts",
        )
    )
    urls = [*parsed.operands, *parsed.values("url")]
    body = bool(sent or uploads) and not parsed.has("G", "get")
    if _changes(call, parsed.values("X", "request"), body=body, urls=urls):
        local = True
    directory = parsed.values("output-dir")
    if parsed.has("O", "remote-name", "remote-name-all"):
        for url in urls:
            name = basename((url.static or "").split("?", 1)[0].rstrip("/")) or "index"
            where = (directory[-1].static or ".") if directory else "."
            call.write(plain(f"{where}/{name}", url.span))
    if parsed.has("unix-socket", "abstract-unix-socket"):
        call.connect("unix-socket", upload=True)
    for field in parsed.values("x", "proxy", "preproxy", "socks5", "socks5-hostname", "socks4", "doh-url"):
        connect_field(call, field, upload=True)
    for field in parsed.values("connect-to", "resolve"):
        call.connect("?", upload=local) if field.static is None else connect_to(
            call,
            field.static.split(":")[-1 if parsed.has("resolve") else 2]
            if field.static.count(":") > 1
            else "?",
            upload=local,
        )
    for url in urls:
        text = url.static or url.prefix
        if text.startswith("file:"):
            call.read(plain("/" + text.removeprefix("file:").lstrip("/"), url.span))
        else:
            # Without a scheme curl guesses http.
            connect_field(call, url, upload=local)
    call.output = (Hole("what a server sends"),)


def _wget(call: Call) -> None:
    parsed = call.parse(_WGET)
    files = parsed.values("post-file", "body-file")
    data = parsed.values("post-data", "body-data")
    call.read(*files, *parsed.values("i", "input-file", "load-cookies"))
    if parsed.has("e", "execute", "use-askpass", "config"):
        call.opaque("takes more options from elsewhere")
    call.write(
        *[
            f
            for f in parsed.values(
                "O", "output-document", "o", "output-file", "a", "append-output", "save-cookies"
            )
            if f.static != "-"
        ]
    )
    local = bool(files) or any(field.static is None for field in data)
    if _changes(call, parsed.values("method"), body=bool(files or data), urls=parsed.operands):
        local = True
    where = parsed.values("P", "directory-prefix")
    for url in parsed.operands:
        connect_field(call, url, upload=local)
        if not parsed.has("O", "output-document", "spider"):
            name = basename((url.static or "").split("?", 1)[0].rstrip("/")) or "index.html"
            call.write(plain(f"{(where[-1].static if where else None) or '.'}/{name}", url.span))
    if parsed.has("i", "input-file"):
        call.connect("?")
    if parsed.has("r", "recursive", "m", "mirror"):
        call.write(*(where or [plain(".", call.span)]), recursive=True, append=True)
    call.output = (Hole("what a server sends"),)


def _ssh(call: Call) -> None:
    parsed = call.parse(_SSH)
    call.read(*parsed.values("i", "F"))
    for field in parsed.values("o"):
        key = (field.static or "?").replace("=", " ").split(" ", 1)[0].lower()
        if key in {
            "?",
            "proxycommand",
            "localcommand",
            "permitlocalcommand",
            "knownhostscommand",
            "include",
            "match",
        }:
            call.opaque("an option that runs a program here")
    if parsed.has("F"):
        call.opaque("a configuration that may run programs here")
    if parsed.has("L", "D", "w"):
        call.say(Listen())
    if parsed.operands:
        # What runs over there we cannot see; what is typed or piped in leaves this machine.
        connect_field(call, _host_only(parsed.operands[0]), upload=True)
        call.opaque("runs a command on another machine")


def _host_only(field: Field) -> Field:
    text = field.static
    return plain(text.removeprefix("ssh://"), field.span) if text is not None else field


def _remote_name(field: Field) -> bool:
    text = field.static or field.prefix
    head = text.split("/", 1)[0]
    return ":" in head or "://" in text


def _scp(call: Call) -> None:
    parsed = call.parse(_SCP)
    if parsed.has("S", "o", "F", "D"):
        call.opaque("an option that may run a program here")
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
    if parsed.has("e", "rsh", "rsync-path", "M", "remote-option", "daemon", "config"):
        call.opaque("an option that runs a program")
    call.read(*parsed.values("files-from", "exclude-from", "include-from", "password-file"))
    call.write(*parsed.values("log-file", "write-batch", "backup-dir", "partial-dir", "T", "temp-dir"))
    if parsed.has("n", "dry-run"):
        return
    operands = parsed.operands
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
    parsed = call.parse(grammar("e c p s w i q x X g G I O P T exec sh-exec lua-exec proxy source-port"))
    if parsed.has("e", "c", "exec", "sh-exec", "lua-exec"):
        call.opaque("gives a program to whoever is at the other end")
    if parsed.has("l", "listen"):
        call.say(Listen())
    elif parsed.operands:
        connect_field(call, parsed.operands[0], upload=call.stdin is not None or not parsed.has("z"))


def _socat(call: Call) -> None:
    call.opaque("joins programs, files and sockets as its arguments say")
    for field in call.args:
        text = (field.static or "").lower()
        if text.startswith(("tcp", "udp", "openssl", "ssl")) and ":" in text and "listen" not in text:
            connect_to(call, text.split(":", 1)[1], upload=True)


def _asks_name(call: Call) -> None:
    """A name server is asked: the name itself can carry data out."""
    parsed = call.parse(grammar("t p k f b q x y c i W w s I Q m S T M N l"))
    servers = [field for field in parsed.operands if (field.static or "").startswith("@")]
    for field in servers:
        call.connect((field.static or "@?")[1:])
    for field in parsed.operands:
        if field.static is None:
            call.connect("?", 53, upload=True)
        elif field not in servers:
            call.connect(host_of(field.static)[0], 53)


def _file_transfer(call: Call) -> None:
    operands = [field for field in call.args if not (field.static or "").startswith("-")]
    call.opaque("a session that takes commands")
    if operands:
        connect_field(call, operands[0], upload=True)


def _http(call: Call) -> None:
    """HTTPie: ``http [METHOD] URL [ITEM...]``; an item with ``@`` is a file, one with ``=`` a body."""
    parsed = call.parse(
        grammar(
            "style s format-options print p output o session session-read-only auth a auth-type A proxy max-redirects "
            "timeout verify ssl ciphers cert cert-key default-scheme raw boundary response-charset max-headers"
        )
    )
    call.write(*parsed.values("output", "o", "session"))
    call.read(*parsed.values("cert", "cert-key", "session-read-only"))
    operands = list(parsed.operands)
    methods: list[Field] = []
    if operands and (operands[0].static is None or operands[0].static.isalpha()) and len(operands) > 1:
        methods = [operands.pop(0)]
    items = operands[1:]
    for item in items:
        name, at, path = (item.static or "").partition("@")
        if at and path:
            call.read(plain(path, item.span))
        elif item.static is None and not name:
            call.opaque("an item that is not known before it runs may be a file")
    body = parsed.has("raw") or call.stdin is not None or any(set("=@") & set(item.text) for item in items)
    changes = _changes(call, methods, body=body, urls=operands[:1])
    for url in operands[:1]:
        # `:8000/x` is this machine.
        text = url.static or ""
        connect_field(
            call, plain(f"localhost{text}", url.span) if text.startswith(":") else url, upload=changes
        )
    call.output = (Hole("what a server sends"),)


_SHOWS_PUBLIC = frozenset("x509 crl verify pkcs7 asn1parse ocsp ts cms".split())
"""What they print of a file is public: certificates, requests, signatures."""


def _openssl(call: Call) -> None:
    verb = call.args[0].static if call.args else ""
    call.args = call.args[1:]
    parsed = call.parse(
        grammar(
            "connect in out key inkey cert CA CAkey CAfile passin passout pass k K iv S keyfile config host port accept servername "
            "starttls subj days newkey set_serial extfile rand verify inform outform name extensions reqexts addext "
            "signature sign prverify cipher md digest showcerts_ alpn proxy sess_out sess_in nameopt certfile signer recip untrusted "
            "engine provider provider-path writerand keyout export caname purpose attime policy",
            single_dash_long=True,
        )
    )
    if verb is None:
        call.opaque("what openssl is told to do is not known before it runs")
        return
    if parsed.has("engine", "provider", "provider-path"):
        call.opaque("loads a library")
    if verb not in _SHOWS_PUBLIC:
        call.read(*parsed.values("in"))
    call.read(*parsed.values("inkey", "key", "keyfile", "CAkey", "signer", "config", "extfile", "rand"))
    call.write(*parsed.values("out", "keyout", "writerand", "sess_out"))
    for field in parsed.values("connect", "host", "proxy"):
        # Without anything on its input it only shakes hands.
        given = call.stdin is not None and "".join(p for p in call.stdin if isinstance(p, str)).strip()
        unknown = call.stdin is not None and any(not isinstance(p, str) for p in call.stdin)
        connect_field(call, field, upload=bool(given) or unknown)
    if verb in {"s_server", "s_time"}:
        call.say(Listen())
        call.opaque("serves something")
    if verb in {"dgst", "base64", "enc"}:
        call.read(*parsed.operands)


HANDLERS: dict[str, Callable[[Call], None]] = {
    "curl": _curl,
    "wget": _wget,
    "http": _http,
    "https": _http,
    "aria2c": _wget,
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
