"""Programs that send requests: what they fetch, send, change over there and keep here."""

from posixpath import basename

from guard.effects.call import Call
from guard.effects.commands.hosts import connect_field, connect_to
from guard.effects.options import grammar
from guard.effects.values import Field, Hole, plain
from guard.model.effect import MutateCloud
from guard.model.paths import KnownPath
from guard.model.typed import Callable

_CURL = grammar(
    "o output T upload-file d data data-raw data-binary data-ascii data-urlencode json F form form-string K config X request H header "
    "u user A user-agent e referer b cookie c cookie-jar D dump-header m max-time x proxy U proxy-user E cert key cacert capath "
    "connect-timeout retry retry-delay retry-max-time w write-out url resolve connect-to interface local-port limit-rate r range y Y z "
    "max-redirs noproxy output-dir socks5 socks5-hostname socks4 preproxy stderr trace trace-ascii unix-socket abstract-unix-socket "
    "netrc-file pinnedpubkey ciphers oauth2-bearer C continue-at t telnet-option Q quote P ftp-port aws-sigv4 doh-url dns-servers "
    "proto proto-default rate parallel-max variable etag-save etag-compare hsts alt-svc krb mail-from mail-rcpt max-filesize "
    "create-file-mode libcurl url-query etag-save proxy-header proxy-cert proxy-key proxy-cacert engine delegation tls-max ftp-account "
    "happy-eyeballs-timeout-ms keepalive-time keepalive-cnt local-port login-options max-time mail-auth proxy-user sasl-authzid service-name "
    "socks5-gssapi-service speed-limit speed-time tlspassword tlsuser curves crlfile cert-type key-type pass pubkey hostpubmd5 "
    "expect100-timeout ftp-alternative-to-user ftp-method ftp-ssl-ccc-mode haproxy-clientip ip-tos ipfs-gateway proxy1.0 proxy-pass "
    "proxy-ciphers proxy-tls13-ciphers proxy-tlsuser proxy-tlspassword proxy-pinnedpubkey tls13-ciphers trace-config socks4a vlan-priority"
)
_SENDS = ("d", "data", "data-raw", "data-binary", "data-ascii", "data-urlencode", "json", "F", "form")
_WGET = grammar(
    "O output-document o output-file a append-output i input-file e execute P directory-prefix t tries T timeout w wait Q quota "
    "user password header post-data post-file body-data body-file method U user-agent referer load-cookies save-cookies "
    "A accept R reject D domains l level B base limit-rate certificate private-key ca-certificate use-askpass cut-dirs "
    "config default-page proxy-user proxy-password http-user http-password rejected-log warc-file max-redirect dns-timeout "
    "connect-timeout read-timeout waitretry bind-address restrict-file-names report-speed retry-on-http-error start-pos progress "
    "prefer-family local-encoding remote-encoding compression secure-protocol certificate-type private-key-type ca-directory crl-file "
    "pinnedpubkey ciphers ftp-user ftp-password warc-header warc-max-size warc-dedup warc-tempdir accept-regex reject-regex regex-type "
    "exclude-domains follow-tags ignore-tags I include-directories X exclude-directories hsts-file dns-servers preferred-location"
)


def _sent(call: Call, fields: list[Field], encoded: list[Field]) -> bool:
    """Whether local files or values nobody knows are in what is sent; files are read."""
    local = False
    for field in fields:
        text = field.static
        if text is None:
            local = True
            continue
        if field in encoded and "@" in text.partition("=")[0]:
            # `name@file`
            local = True
            call.read(plain(text.partition("@")[2], field.span))
            continue
        body = text.partition("=")[2] if "=" in text and text.partition("=")[2][:1] in {"@", "<"} else text
        if body[:1] in {"@", "<"} and len(body) > 1:
            local = True
            call.read(*[plain(name, field.span) for name in body[1:].split(";", 1)[0].split(",")])
    return local


def _proves(call: Call, fields: list[Field]) -> None:
    """A certificate and its key say who asks; they are neither shown nor sent. The workspace's are there for that."""
    workspace = call.evaluator.facts.workspace.rstrip("/") + "/"
    for field in fields:
        # `FILE:PASSWORD`
        text = field.static.partition(":")[0] if field.static is not None else None
        named = field if text is None else plain(text, field.span)
        within = [
            isinstance(path, KnownPath) and path.text.startswith(workspace) for path in call.paths(named)
        ]
        if not within or not all(within) or ".." in (text or "..").split("/"):
            call.read(named)


_LOOKS = frozenset({"GET", "HEAD", "OPTIONS"})


def _loses(address: str) -> bool:
    """Databases that are spoken to by HTTP name what is done by a word after a low line: ``/index/_delete_by_query``."""
    parts = address.partition("?")[0].lower().split("/")
    return any(part.startswith("_") and any(word in part for word in _LOSSES) for part in parts)


_LOSSES = ("delete", "purge", "truncate", "drop")


def _changes(call: Call, methods: list[Field], *, body: bool, urls: list[Field]) -> bool:
    """Whether the request changes something over there; what it deletes is said of any host, this one included.

    A request with a body to a server on this machine is how a developer tries what is being built: a connection like
    any other. Elsewhere it is more than looking.
    """
    method = methods[-1].static if methods else "POST" if body else "GET"
    told = method is not None and method.upper() not in _LOOKS and any(_loses(url.prefix) for url in urls)
    if method is None or method.upper() == "DELETE" or told:
        where = " ".join(url.text for url in urls[:2])
        call.say(MutateCloud(detail=f"{method or 'a request of a kind that is not known'} {where}"[:120]))
    return method is None or method.upper() not in _LOOKS


def _curl(call: Call) -> None:
    parsed = call.parse(_CURL)
    if parsed.has("help", "version", "V", "M", "manual") or call.statics[:1] == ["-h"]:
        return
    sent = parsed.values(*_SENDS)
    local = _sent(call, sent, parsed.values("data-urlencode"))
    headers = [
        field for field in parsed.values("H", "header", "proxy-header") if field.prefix.startswith("@")
    ]
    if headers:
        call.read(*[plain((field.static or "@")[1:], field.span) for field in headers])
        local = True
    if parsed.has("variable") or any(name.startswith("expand-") for name, _ in parsed.options):
        call.opaque("puts variables and files into other options")
    if parsed.has("engine"):
        call.opaque("loads a library")
    uploads = parsed.values("T", "upload-file")
    if uploads:
        call.read(*uploads)
        local = True
    if call.stdin is not None and any(field.static in {"@-", "-"} for field in [*sent, *uploads]):
        local = True
    _told_afterwards(call, parsed.values("w", "write-out"))
    if any(
        field.static is None or field.static.lstrip("-+*").partition(" ")[0].upper() not in _FTP_LOOKS
        for field in parsed.values("Q", "quote")
    ):
        call.say(MutateCloud(detail="commands for the server in the place of a request"))
    call.read(*parsed.values("netrc-file", "b"))
    _proves(call, parsed.values("E", "cert", "key"))
    if parsed.has("K", "config"):
        # It may name other addresses, and what to send there.
        call.opaque("reads more options from a file")
        call.connect("?", upload=True)
        call.read(*parsed.values("K", "config"))
    if parsed.has("n", "netrc"):
        call.secret("passwords in ~/.netrc")
    directory = parsed.values("output-dir")
    into = directory[-1] if directory else None
    for field in parsed.values("o", "output"):
        if field.static != "-":
            call.write(_below(into, field))
    logs = (
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
        "alt-svc",
    )
    call.write(*[field for field in parsed.values(*logs) if field.static not in {"-", "%"}])
    urls = [*parsed.operands, *parsed.values("url")]
    body = bool(sent or uploads) and not parsed.has("G", "get")
    methods = [*parsed.values("X", "request"), *_method_in(parsed.values("H", "header"))]
    if _changes(call, methods, body=body, urls=urls):
        local = True
    if parsed.has("O", "remote-name", "remote-name-all"):
        for url in urls:
            # With `-J` the server chooses the name.
            call.write(_below(into, _last_part(url, "index", unknown=parsed.has("J", "remote-header-name"))))
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
        if text.lower().startswith(("gopher:", "gophers:", "dict:")):
            call.say(MutateCloud(detail=f"words of any protocol, sent as an address: {text}"[:120]))
        if text.startswith("file:"):
            call.read(plain("/" + text.removeprefix("file:").lstrip("/"), url.span))
        else:
            # Without a scheme curl guesses http.
            connect_field(call, url, upload=local)
    call.output = (Hole("what a server sends"),)


def _told_afterwards(call: Call, formats: list[Field]) -> None:
    """``-w``: the form of what is told afterwards stands in a file, and can lead to one."""
    for field in formats:
        text = field.static if field.static is not None else field.prefix
        if text.startswith("@") and text != "@-":
            call.read(plain(text[1:], field.span))
        for part in text.split("%output{")[1:]:
            name, closed, _ = part.partition("}")
            if closed:
                call.write(plain(name.removeprefix(">>"), field.span), append=name.startswith(">>"))
            else:
                call.opaque("a name that is not known before it runs is written to")


_FTP_LOOKS = frozenset(
    "NOOP NLST LIST MLSD MLST LS PWD CWD CD CDUP PASV EPSV PORT EPRT STAT SYST FEAT TYPE MODE OPTS MDTM SIZE HELP REST ABOR QUIT".split()
)
_INSTEAD = frozenset({"x-http-method", "x-http-method-override", "x-method-override"})


def _method_in(headers: list[Field]) -> list[Field]:
    """A header by which many servers take another method for the one that is sent."""
    named = [(field, *(field.static or "").partition(":")[::2]) for field in headers]
    return [
        plain(value.strip(), field.span) for field, name, value in named if name.strip().lower() in _INSTEAD
    ]


def _below(directory: Field | None, name: Field) -> Field:
    """A file's name in the directory that an option names."""
    if directory is None or (name.static or "").startswith("/"):
        return name
    if directory.static is None or name.static is None:
        return Field((*directory.parts, "/", *name.parts), name.span, open=directory.open or name.open)
    return plain(f"{directory.static or '.'}/{name.static}", name.span)


def _last_part(url: Field, otherwise: str, *, unknown: bool = False) -> Field:
    """The name under which what an address leads to is kept."""
    if url.static is None or unknown:
        return Field((Hole("a name that the address or the server says"),), url.span)
    return plain(basename(url.static.split("?", 1)[0].rstrip("/")) or otherwise, url.span)


def _wget(call: Call) -> None:
    parsed = call.parse(_WGET)
    if parsed.has("help", "h", "version", "V"):
        return
    for field in parsed.values("use-askpass"):
        call.run([field])
    files = parsed.values("post-file", "body-file")
    data = parsed.values("post-data", "body-data")
    call.read(*files, *parsed.values("i", "input-file", "load-cookies"))
    if parsed.has("e", "execute", "use-askpass", "config"):
        call.opaque("takes more options from elsewhere")
    call.write(
        *[
            f
            for f in parsed.values(
                "O",
                "output-document",
                "o",
                "output-file",
                "a",
                "append-output",
                "save-cookies",
                "rejected-log",
                "hsts-file",
                "warc-file",
                "warc-tempdir",
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
            name = _last_part(
                url, "index.html", unknown=parsed.has("content-disposition", "trust-server-names")
            )
            call.write(_below(where[-1] if where else None, name))
    if parsed.has("i", "input-file"):
        call.connect("?")
    if parsed.has("r", "recursive", "m", "mirror"):
        call.write(*(where or [plain(".", call.span)]), recursive=True, append=True)
    call.output = (Hole("what a server sends"),)


def _http(call: Call) -> None:
    """HTTPie: ``http [METHOD] URL [ITEM...]``; an item with ``@`` is a file, one with ``=`` a body."""
    parsed = call.parse(
        grammar(
            "style s format-options print p output o session session-read-only auth a auth-type A proxy max-redirects "
            "timeout verify ssl ciphers cert cert-key default-scheme raw boundary response-charset max-headers"
        )
    )
    call.write(*parsed.values("output", "o", "session"))
    call.read(*parsed.values("session-read-only"))
    _proves(call, parsed.values("cert", "cert-key"))
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


_ARIA = grammar(
    "d dir o out i input-file l log j max-concurrent-downloads s split x max-connection-per-server k min-split-size t timeout m max-tries "
    "header referer U user-agent load-cookies save-cookies http-user http-passwd ftp-user ftp-passwd all-proxy http-proxy https-proxy "
    "ftp-proxy checksum max-download-limit max-overall-download-limit retry-wait connect-timeout file-allocation seed-time seed-ratio "
    "summary-interval console-log-level log-level select-file",
    optional="c continue q quiet Z force-sequential V check-integrity allow-overwrite auto-file-renaming remote-time conditional-get "
    "show-console-readout enable-color follow-torrent follow-metalink always-resume dry-run",
    flags="h help v version c q Z V n no-netrc R a",
)


def _aria(call: Call) -> None:
    parsed = call.parse(_ARIA)
    if parsed.has("h", "help", "v", "version"):
        return
    if parsed.unknown or parsed.uncertain:
        # `--on-download-complete` and the like run programs, `--conf-path` names more options.
        call.opaque("an option that is not known, which may run a program")
    into = parsed.values("d", "dir")
    call.read(*parsed.values("i", "input-file", "load-cookies"))
    call.write(*parsed.values("l", "log", "save-cookies"))
    if parsed.has("i", "input-file"):
        call.connect("?")
    for field in parsed.values("all-proxy", "http-proxy", "https-proxy", "ftp-proxy"):
        connect_field(call, field, upload=True)
    for url in parsed.operands:
        connect_field(call, url)
        name = parsed.values("o", "out")
        call.write(_below(into[-1] if into else None, name[-1] if name else _last_part(url, "index")))
    call.output = (Hole("what a server sends"),)


HANDLERS: dict[str, Callable[[Call], None]] = {
    "curl": _curl,
    "wget": _wget,
    "http": _http,
    "https": _http,
    "aria2c": _aria,
}
