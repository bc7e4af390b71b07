"""What data cannot say of converters: which argument is the output, and which names are more than names."""

from guard.effects.call import Call
from guard.effects.commands.hosts import connect_field
from guard.effects.options import Parsed
from guard.effects.values import Field, plain

# ------------------------------------------------------------------ ffmpeg
_FF_ALONE = frozenset(
    "y n an vn sn dn hide_banner nostdin stdin stats nostats shortest copyts re version formats codecs encoders decoders filters protocols "
    "pix_fmts bsfs muxers demuxers devices layouts sample_fmts colors buildconf license L accurate_seek noaccurate_seek copy_unknown bitexact "
    "ignore_unknown xerror autorotate noautorotate hwaccels start_at_zero debug_ts benchmark shortest_buf_duration copyinkf".split()
)
_FF_TAKES = frozenset(
    "f c codec vcodec acodec scodec b ab vb r s ss t to ar ac vf af filter filter_complex lavfi map crf preset profile level pix_fmt q qscale "
    "movflags loglevel v threads frames vframes aframes loop stream_loop metadata tune g bf maxrate minrate bufsize aspect pass x264-params "
    "x265-params tag sseof itsoffset start_number framerate pattern_type segment_time segment_format hls_time hls_list_size hls_playlist_type "
    "compression_level update fps_mode vsync async map_metadata map_chapters map_channel disposition video_size safe probesize analyzeduration "
    "sample_fmt channel_layout vol bsf sc_threshold keyint_min refs cq rc quality lossless deadline cpu-used row-mt tile-columns hwaccel "
    "hwaccel_device hwaccel_output_format gop color_range colorspace color_primaries color_trc fs timelimit itsscale rtsp_transport "
    "thread_queue_size fflags flags sws_flags max_muxing_queue_size avoid_negative_ts strict timeout reconnect user_agent h help vtag atag dpi "
    "print_format show_entries select_streams of read_intervals sections".split()
)
_FF_FILTERS = ("file=", "log_path", "ladspa", "frei0r", "movie", "stats_file", "filename=", "zmq", "sendcmd", "lv2", "dnn", "subtitles", "ass=", "textfile")  # fmt: skip
_PLAYLISTS = (".m3u8", ".m3u", ".ffconcat", ".mpd", ".sdp", ".concat")
_PROTOCOL_FILES = ("file:", "concat:", "crypto:", "subfile", "tee:", "cache:", "async:", "data:")


def ffmpeg(call: Call, parsed: Parsed) -> None:
    """Inputs come after ``-i``; what no option takes is an output."""
    del parsed
    args = iter(call.args)
    graph = False
    for field in args:
        text = field.static
        if text is None:
            if field.open or field.prefix[:1] in ("", "-"):
                call.opaque("an argument that is not known before it runs may be an option")
            call.write(field)
            continue
        if not text.startswith("-") or text == "-":
            _media(call, field, out=True)
            continue
        name = text[1:].partition(":")[0]
        if name in {"h", "help", "?"}:
            return
        if name in _FF_ALONE:
            continue
        value = next(args, None)
        if value is None:
            return
        if name == "i" and graph:
            _graph(call, value)
            graph = False
        elif name == "i":
            _media(call, value, out=False)
        elif name in {"passlogfile", "vstats_file"}:
            call.write(value)
        elif name not in _FF_TAKES:
            call.opaque(f"nothing is known about `{call.name} {text}`")
        elif name in {"vf", "af", "filter", "filter_complex", "lavfi"}:
            _graph(call, value)
        elif name == "f" and value.static == "lavfi":
            graph = True
        elif name == "f" and value.static in {"tee", "segment", "hls", "dash", "stream_segment", "concat"}:
            if value.static == "concat":
                call.opaque("more inputs stand in a file")
            else:
                call.write(plain(".", value.span), recursive=True)


def _graph(call: Call, field: Field) -> None:
    words = field.static
    if words is None or any(word in words for word in _FF_FILTERS):
        call.opaque("a filter that may read, write or load files")


def ffprobe(call: Call, parsed: Parsed) -> None:
    """It only reads, from wherever it is told."""
    for field in [*parsed.values("i"), *parsed.operands]:
        _media(call, field, out=False)


def _media(call: Call, field: Field, *, out: bool) -> None:
    text = field.static
    if text in {"-", "pipe:", "pipe:0", "pipe:1", "pipe:2", "/dev/null"}:
        return
    if text is None:
        if "://" in field.prefix or not field.prefix:
            call.opaque("where it reads or writes is not known")
    elif "://" in text:
        connect_field(call, field, upload=out)
        return
    elif text.startswith(_PROTOCOL_FILES) or text.endswith(_PLAYLISTS):
        call.opaque(f"`{text}` names other files")
        return
    if out:
        call.write(field)
    else:
        call.read(field)


# ------------------------------------------------------------------ ImageMagick
_MAGICK_SAFE = frozenset("png png8 png24 png32 jpg jpeg gif webp bmp tiff ico ppm pgm xc canvas gradient label null info rgb rgba gray radial-gradient plasma rose logo pattern heic avif inline histogram txt".split())  # fmt: skip


def magick(call: Call, parsed: Parsed) -> None:
    """Images come first, the output last; a name may be a program (``|cmd``), a script or an address."""
    words = [
        field
        for field in call.args
        if not (field.static or "x").startswith(("-", "+")) or field.static == "-"
    ]
    for field in call.args:
        _image(call, field)
    if parsed.uncertain:
        call.opaque("an argument that is not known before it runs may be an option")
    if call.name == "identify":
        call.read(*words)
        return
    statics = call.statics
    for index, text in enumerate(statics):
        if text in {"-write", "+write", "-path", "-log"} and index + 1 < len(statics):
            call.write(call.args[index + 1], recursive=text == "-path")
        elif text in {"-process", "-script", "-remote", "-launch"}:
            call.opaque(f"`{text}` loads or runs something")
    if call.name == "mogrify":
        call.write(*words)
        return
    call.read(*words[:-1])
    call.write(
        *[field for field in words[-1:] if field.static != "-" and not (field.static or "").endswith(":")]
    )


def _image(call: Call, field: Field) -> None:
    text = field.static if field.static is not None else field.prefix
    coder, colon, rest = text.partition(":")
    if text.startswith(("|", "@")) or "|" in rest[:1]:
        call.opaque(f"`{text}` is run, or names more arguments")
    elif text.lower().endswith((".msl", ".mvg")):
        call.opaque(f"`{text}` is a program for pictures")
    elif "://" in text:
        connect_field(call, field)
    elif (
        colon
        and not text.startswith("-")
        and coder.lower() not in _MAGICK_SAFE
        and "/" not in coder
        and coder.isalnum()
        and not coder.isdigit()
    ):
        call.opaque(f"`{coder}:` may run or write something")
    elif rest.startswith("@"):
        call.read(plain(rest[1:], field.span))


def piped(call: Call, parsed: Parsed) -> None:
    """``sox '|cmd' out``: a name that begins with a bar is a command."""
    for field in parsed.operands:
        if (field.static or "|").startswith("|"):
            call.opaque(f"`{field.text}` may be a command")
        elif "://" in field.prefix:
            connect_field(call, field)


# ------------------------------------------------------------------ others
_EXIF_RUNS = frozenset("if config @ api p printformat execute stay_open userparam geotag if2 if3 if4".split())
_EXIF_TAKES = frozenset(
    "o out w textout ext x exclude d dateformat c coordformat charset lang fileorder i ignore sep srcfile tagsfromfile geotag".split()
)


def exiftool(call: Call, parsed: Parsed) -> None:
    """``-TAG=VALUE`` writes; conditions and formats are Perl."""
    del parsed
    files: list[Field] = []
    writes = False
    args = iter(call.args)
    for field in args:
        text = field.static
        if text is None:
            if field.open or field.prefix[:1] in ("", "-"):
                call.opaque("an argument that is not known before it runs may be an option")
            files.append(field)
        elif not text.startswith("-") or text == "-":
            files.append(field)
        else:
            name = text[1:].lower()
            if "<=" in text:
                call.read(plain(text.partition("<=")[2], field.span))
            if name.startswith("geotag="):
                call.read(plain(text.partition("=")[2], field.span))
            if name.rstrip("0123456789") in _EXIF_RUNS:
                call.opaque(f"`{text}` may be a program of its own")
            writes = (
                writes
                or "=" in name
                or "<" in name
                or name in {"tagsfromfile", "delete_original", "restore_original"}
            )
            if name in _EXIF_TAKES:
                value = next(args, None)
                if value is not None and name in {"o", "out", "w", "textout"}:
                    call.write(value, recursive=True)
                elif value is not None and name in {"tagsfromfile", "srcfile", "geotag"}:
                    call.read(value)
    deep = "-r" in call.statics or "-recurse" in call.statics
    if writes:
        call.write(*files, recursive=deep)
    else:
        call.read(*files, recursive=deep)


def pdftotext(call: Call, parsed: Parsed) -> None:
    """Without an output the text goes beside the document."""
    call.read(*parsed.operands[:1])
    if len(parsed.operands) > 1:
        call.write(*[field for field in parsed.operands[1:2] if field.static != "-"])
        return
    for field in parsed.operands:
        text = field.static
        call.write(field if text is None else plain(text.removesuffix(".pdf") + ".txt", field.span))


def pandoc(call: Call, parsed: Parsed) -> None:
    """Inputs may be addresses; readers and writers may be programs in Lua."""
    for field in parsed.operands:
        if "://" in field.prefix:
            connect_field(call, field)
        else:
            call.read(field)
    for field in parsed.values("f", "from", "r", "read", "t", "to", "w", "write"):
        if field.static is None or "/" in field.static or field.static.partition("+")[0].endswith(".lua"):
            call.opaque("a format that is a program")


def dot(call: Call, parsed: Parsed) -> None:
    """``-O`` names outputs after inputs."""
    call.read(*parsed.operands)
    if parsed.has("O"):
        for field in parsed.operands:
            text = field.static
            kinds = [value.static or "x" for value in parsed.values("T")] or ["dot"]
            for kind in kinds:
                call.write(field if text is None else plain(f"{text}.{kind.partition(':')[0]}", field.span))


def ghostscript(call: Call, parsed: Parsed) -> None:
    """PostScript is a programming language; ``%pipe%`` as an output is a command."""
    del parsed
    for text, field in zip(call.statics, call.args, strict=True):
        if text and text.startswith("-sOutputFile=") and "%pipe" not in text:
            call.write(plain(text.partition("=")[2], field.span))
    if call.args:
        call.opaque("runs a document, which is a program")


def unless_alone(call: Call, parsed: Parsed) -> None:
    """A document or nothing: its scripts run while it is drawn."""
    for field in parsed.operands:
        if "://" in field.prefix:
            connect_field(call, field)
