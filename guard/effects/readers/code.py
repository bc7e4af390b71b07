"""Reads perl, ruby, php and JavaScript word by word. What is made of words that only compute is quiet; the rest is opaque.

What acts is said with its arguments where they are literal, whether the rest is understood or not.
"""

import posixpath

from guard.effects.call import Call
from guard.effects.readers.code_tokens import Scanner, Token, Unsure
from guard.effects.readers.code_words import ACTS, FOLLOWED, JS_DENIED, JS_MODULES, WORDS
from guard.effects.values import Field, Hole, plain
from guard.model.facts import LookPath, PathFact
from guard.model.paths import FileKind, KnownPath

_MAX_TEXT = 32 * 1024
_END = Token("sign", ";")
_UNKNOWN = Hole("a value that code makes")
_PERL_MODULES = frozenset(
    "strict warnings utf8 feature POSIX JSON Data List Time MIME Digest constant integer bigint Scalar".split()
)
_RUBY_STREAMS = frozenset({"STDIN", "ARGF", "$stdin", "$stdout", "STDOUT", "$stderr", "STDERR", "$<"})
_JS_DECLARES = frozenset({"const", "let", "var", "function", "catch"})


def read_code(call: Call, source: str, language: str, *, inline: bool = True) -> bool:
    """Say what ``source`` does; whether all of it was followed.

    ``inline``: it stands in the command itself, so names in it are relative to where that runs.
    """
    if len(source) > _MAX_TEXT:
        call.opaque(f"{language} code that is too long to read")
        return False
    try:
        tokens = Scanner(source, language).scan()
    except (Unsure, RecursionError):
        call.opaque(f"{language} code that cannot be read")
        return False
    reading = Code(call, tokens, language, inline=inline)
    reading.read()
    return not reading.said


class Code:
    def __init__(self, call: Call, tokens: list[Token], language: str, *, inline: bool) -> None:
        self._call = call
        self._inline = inline
        call.in_order = True
        self._tokens = [token for token in tokens if token.text != "\n" or language != "javascript"]
        self._language = language
        self._words = WORDS[language]
        self._acts = ACTS[language]
        self._locals = self._declared()
        self._functions = self._callable()
        texts = {token.text.removeprefix("node:") for token in self._tokens if token.kind == "text"}
        self._runs = "child_process" in texts or any(token.text == "child_process" for token in self._tokens)
        self._modules = self._required()
        self._files = any(token.text == "fs" for token in self._tokens) or bool(
            texts & {"fs", "fs/promises", "fs-extra", "rimraf", "del"}
        )
        self.said = False
        self._imported = self._unpacked()

    def _opaque(self, why: str) -> None:
        if not self.said:
            self.said = True
            self._call.opaque(f"{self._language} code: {why}")

    def _at(self, index: int) -> Token:
        return self._tokens[index] if 0 <= index < len(self._tokens) else _END

    def read(self) -> None:
        for index, token in enumerate(self._tokens):
            match token.kind:
                case "name":
                    self._name(index, token.text)
                case "command":
                    if token.exact:
                        self._call.run_text((token.text,))
                    else:
                        self._opaque("a command that is not known before it runs")
                case "text" if self._language == "javascript" and token.text in JS_DENIED:
                    self._opaque(f"`{token.text}`")
                case "var":
                    self._variable(index, token.text)
                case "sign":
                    self._sign(index, token.text)
                case _:
                    pass

    # ------------------------------------------------------------------ words

    def _name(self, index: int, name: str) -> None:
        before, after = self._at(index - 1), self._at(index + 1)
        whole = self._whole(index, name)
        if whole in self._acts and self._acts_here(index, whole, after):
            exact = self._act(index, whole)
            if not exact or whole not in FOLLOWED[self._language]:
                self._opaque(f"`{whole}`")
            return
        if self._is_key(index, before, after):
            return
        if self._language == "javascript":
            self._javascript(index, name, before, after)
        elif name.removesuffix("!") not in self._words and not self._is_known(index, name, before, after):
            self._opaque(f"`{name}` is not followed")
        elif self._language == "perl" and name == "use" and after.text not in _PERL_MODULES:
            self._opaque(f"`use {after.text}`")
        elif (
            self._language == "ruby"
            and name in {"read", "readlines", "write"}
            and self._at(index - 2).text not in _RUBY_STREAMS
        ):
            self._opaque(f"`{name}` of something")
        elif (
            self._language == "ruby"
            and name == "require"
            and not (after.kind == "text" and after.text in self._words)
        ):
            self._opaque("loads code")

    def _whole(self, index: int, name: str) -> str:
        if (
            self._language == "ruby"
            and self._at(index - 1).text in {".", "::"}
            and self._at(index - 2).kind == "name"
        ):
            return f"{self._at(index - 2).text}.{name}"
        return name

    def _acts_here(self, index: int, whole: str, after: Token) -> bool:
        before = self._at(index - 1)
        if self._language == "javascript":
            # As a property it may be of data; a function that is handed on is opaque.
            given = (
                self._runs if self._acts[whole] in {"shell", "program"} else self._files or whole == "fetch"
            )
            return after.text == "(" and given and before.text != "function"
        if self._language == "perl":
            return after.text not in {"=>", "}"} and before.text not in {"->", "sub"}
        if self._language == "php":
            return after.text == "(" and before.text not in {"->", "::", "function"}
        return "." in whole or (before.text != "." and after.text not in {"=", ":"})

    def _is_key(self, index: int, before: Token, after: Token) -> bool:
        """``{name}`` of a hash, ``name =>``, ``name:``."""
        if after.text == "=>":
            return self._language != "javascript"
        if self._language == "perl":
            return (
                before.text == "{"
                and after.text == "}"
                and (self._at(index - 2).kind == "var" or self._at(index - 2).text in {"->", "}", "]"})
            )
        if self._language == "ruby":
            return after.text == ":" or (
                before.text == ":"
                and name_is_symbol(self._at(index - 2))
                and self._at(index).text in self._words
            )
        return False

    def _is_known(self, index: int, name: str, before: Token, after: Token) -> bool:
        if name in self._locals:
            return True
        if self._language == "php":
            return before.text == "->" and after.text != "("
        if self._language == "ruby":
            return (
                name in {"File", "Dir", "FileUtils"}
                and after.text in {".", "::"}
                and self._whole(index + 2, self._at(index + 2).text) in self._acts
            )
        return False

    def _javascript(self, index: int, name: str, before: Token, after: Token) -> None:
        if name in JS_DENIED:
            self._opaque(f"`{name}`")
        elif name == "require" and after.text == "(" and self._is_data(index + 2):
            self._call.read(plain(self._at(index + 2).text, self._call.span))
        elif name == "import" and before.text != ".":
            source = self._imports(index)
            if source is None or source.text not in JS_MODULES:
                self._opaque("loads code")
        elif name == "require":
            module = self._at(index + 2)
            bound = self._at(index - 1).text == "=" and self._at(index + 4).text in {
                ";",
                ",",
                ")",
                "const",
                "let",
                "var",
            }
            if (
                after.text != "("
                or (self._at(index + 4).text != "." and not bound)
                or module.kind != "text"
                or module.text not in JS_MODULES
                or self._at(index + 3).text != ")"
            ):
                self._opaque("loads code")
        elif (
            before.text != "."
            and name in self._modules
            and after.text != "."
            and index not in self._imported
            and before.text not in _JS_DECLARES
        ):
            # Handed on or looked into, a module gives all of its functions.
            self._opaque(f"`{name}` is handed on")
        elif before.text == ".":
            if after.text == "(":
                if name not in self._words:
                    self._opaque(f"`.{name}()` is not followed")
            elif name.removesuffix("Sync") in _JS_POWERS or name in self._acts:
                self._opaque(f"`.{name}` is handed on")
            elif name == "env" and after.text not in {".", "["}:
                self._call.secret("the environment of this session")
            elif self._at(index - 2).text == "process" and name not in self._words:
                self._opaque(f"`process.{name}`")
        elif after.text == ":" or name == "fs" or index in self._imported:
            return
        elif name in self._locals:
            if name.removesuffix("Sync") in _JS_POWERS or (
                after.text == "(" and name not in self._functions and before.text != "function"
            ):
                self._opaque(f"calls `{name}`")
        elif name not in self._words or (
            after.text == "(" and before.text != "new" and not _is_callable_global(name)
        ):
            self._opaque(f"`{name}` is not followed")

    # ------------------------------------------------------------------ variables and signs

    def _variable(self, index: int, name: str) -> None:
        before, after = self._at(index - 1), self._at(index + 1)
        bare = name.lstrip("$@%&#")
        if (
            name.startswith("&")
            or (self._language == "php" and after.text == "(")
            or (self._language == "perl" and after.text == "->" and self._at(index + 2).text == "(")
        ):
            self._opaque(f"calls what `{name}` holds")
        if self._language == "perl":
            if bare in {"INC", "SIG", "^P", "0"} or (
                bare == "ARGV"
                and (after.text == "=" or before.text in {"push", "unshift", "local", "splice", "("})
            ):
                self._opaque(f"`{name}`")
            if after.text == "->" and self._at(index + 2).kind in {"name", "var"}:
                self._opaque(f"a method of `{name}`")
            if bare == "ENV" and not name.startswith("$"):
                self._call.secret("the environment of this session")
            if bare == "ARGV" and any(self._at(index + ahead).text == "=" for ahead in range(1, 6)):
                self._opaque(f"`{name}`")
        elif self._language == "php" and bare in {"_ENV", "_SERVER"} and after.text != "[":
            self._call.secret("the environment of this session")
        elif self._language == "php" and (
            after.text == "::"
            or bare == "GLOBALS"
            or (after.text == "->" and self._at(index + 3).text == "(")
        ):
            self._opaque(f"a method of `{name}`")
        elif self._language == "ruby" and bare in {"0", ":", '"'}:
            self._opaque(f"`{name}`")

    def _sign(self, index: int, sign: str) -> None:
        after = self._at(index + 1)
        if self._language == "javascript" and sign == "(" and self._at(index - 1).text in {")", "]"}:
            self._opaque("calls what an expression gives")
        elif self._language == "javascript" and sign == "[" and _is_value(self._at(index - 1)):
            close = self._at(index + 2)
            # What is called through a name that is computed could be any function.
            if (
                close.text != "]"
                or after.kind not in {"number", "text", "name"}
                or self._at(index + 3).text == "("
            ):
                self._opaque("a property whose name is computed")
        elif self._language == "perl" and (
            (sign in {"*", "&", "$", "@"} and after.text == "{")
            or (sign == "\\" and after.kind == "var" and after.text.startswith("&"))
            or (sign == "\\" and after.text == "&")
        ):
            self._opaque("code that is reached by a name")
        elif (
            self._language == "perl"
            and sign == "->"
            and after.kind == "name"
            and after.text not in {"new", "pretty", "canonical", "encode", "decode", "utf8"}
        ):
            self._opaque(f"the method `{after.text}`")
        elif (
            self._language == "ruby"
            and sign == "&"
            and after.text not in {":", "&", "."}
            and self._at(index - 1).text in {"(", ","}
        ):
            self._opaque("a block that is handed on")
        elif (
            self._language == "php"
            and sign == "("
            and (self._at(index - 1).text in {")", "]", "}"} or self._at(index - 1).kind == "text")
        ):
            self._opaque("calls what a value names")

    # ------------------------------------------------------------------ what code declares itself

    def _declared(self) -> set[str]:
        """Names that JavaScript declares, and parameters of blocks and methods in ruby and functions everywhere."""
        found: set[str] = set()
        for index, token in enumerate(self._tokens):
            if self._language == "javascript":
                if token.text == "import" and self._imports(index) is not None:
                    found.update(self._until(index + 1, {"from"}) - {"as"})
                elif token.text in _JS_DECLARES and token.kind == "name":
                    found.update(
                        self._until(
                            index + 1,
                            {"=", "of", "in", "{"} if self._at(index + 1).text != "{" else {"=", "of", "in"},
                        )
                    )
                elif token.text == "=>":
                    found.update(self._parameters(index - 1))
            elif self._language == "ruby":
                if token.text == "|" and self._at(index - 1).text in {"{", "do"}:
                    found.update(self._until(index + 1, {"|"}))
                elif (
                    token.kind == "name"
                    and self._at(index + 1).text == "="
                    and self._at(index - 1).text not in {".", "::"}
                ):
                    found.add(token.text)
                elif token.text == "def":
                    found.update(self._until(index + 1, {"\n", ";"}))
            elif token.text in {"sub", "function"} and self._at(index + 1).kind == "name":
                found.add(self._at(index + 1).text)
        return found - self._words if self._language != "javascript" else found

    def _required(self) -> set[str]:
        """Names that hold modules; some do from the start."""
        found = {"fs", "path", "os", "util", "url", "crypto", "process"}
        for index, token in enumerate(self._tokens):
            if (
                token.text == "require"
                and self._at(index - 1).text == "="
                and self._at(index + 4).text != "."
                and not self._is_data(index + 2)
            ):
                found.add(self._at(index - 2).text)
            elif token.text == "import" and self._imports(index) is not None:
                found.update(self._until(index + 1, {"from", "{"}))
        return found - {"}", "as"}

    def _imports(self, index: int) -> Token | None:
        """What ``import {readFile} from "node:fs"`` loads, where nothing but names stand between."""
        if self._language != "javascript" or self._at(index).kind != "name":
            return None
        at = index + 1
        while self._at(at).kind == "name" or self._at(at).text in {"{", "}", ",", "*"}:
            if self._at(at).text == "from" and self._at(at + 1).kind == "text":
                return self._at(at + 1)
            at += 1
        return None

    def _is_data(self, index: int) -> bool:
        """``require("./package.json")``: a file of this name is data, unless it is a link to something that is none."""
        token = self._at(index)
        if (
            self._language != "javascript"
            or not self._inline
            or token.kind != "text"
            or not token.exact
            or not token.text.endswith(".json")
            or not token.text.startswith(("./", "../", "/"))
            or self._at(index + 1).text != ")"
        ):
            return False
        paths = self._call.paths(plain(token.text, self._call.span))
        return bool(paths) and all(
            isinstance(path, KnownPath)
            and posixpath.normpath(path.text) not in self._call.state.written
            and isinstance(fact := self._call.evaluator.ask(LookPath(path.text)), PathFact)
            and fact.kind is FileKind.FILE
            and not fact.is_link
            for path in paths
        )

    def _unpacked(self) -> set[int]:
        """Places in ``const {readFileSync} = require("fs")``, where names are only named."""
        found: set[int] = set()
        for index, token in enumerate(self._tokens):
            if token.text in {"const", "let", "var"} and self._at(index + 1).text == "{":
                close = self._close(index + 1)
                if self._at(close + 1).text == "=" and self._at(close + 2).text == "require":
                    found.update(range(index + 2, close))
            elif token.text == "import" and self._imports(index) is not None:
                at = index + 1
                while self._at(at).kind != "text":
                    found.add(at)
                    at += 1
        return found

    def _callable(self) -> set[str]:
        """Of those, names that hold functions of the code itself."""
        found: set[str] = set()
        for index, token in enumerate(self._tokens):
            if token.text == "function" and self._at(index + 1).kind == "name":
                found.add(self._at(index + 1).text)
            elif (
                token.kind == "name"
                and self._at(index + 1).text == "="
                and self._at(index - 1).text in {"const", "let", "var"}
            ):
                at = index + 2
                if self._at(at).text == "async":
                    at += 1
                if (
                    self._at(at).text == "function"
                    or self._at(at + 1).text == "=>"
                    or (self._at(at).text == "(" and self._at(self._close(at) + 1).text == "=>")
                ):
                    found.add(token.text)
        return found

    def _until(self, index: int, ends: set[str]) -> set[str]:
        found: set[str] = set()
        while index < len(self._tokens) and self._at(index).text not in ends and len(found) < 32:
            if self._at(index).kind == "name":
                found.add(self._at(index).text)
            index += 1
        return found

    def _parameters(self, index: int) -> set[str]:
        if self._at(index).kind == "name":
            return {self._at(index).text}
        depth, found = 0, set[str]()
        while index >= 0:
            token = self._at(index)
            depth += {")": 1, "(": -1}.get(token.text, 0) if token.kind == "sign" else 0
            if token.kind == "name":
                found.add(token.text)
            if depth == 0:
                break
            index -= 1
        return found

    def _close(self, index: int) -> int:
        depth = 0
        for at in range(index, len(self._tokens)):
            token = self._at(at)
            if token.kind == "sign":
                depth += 1 if token.text in {"(", "[", "{"} else -1 if token.text in {")", "]", "}"} else 0
            if depth == 0:
                return at
        return len(self._tokens)

    # ------------------------------------------------------------------ arguments and effects

    def _act(self, index: int, whole: str) -> bool:
        """Say what the call does; whether all of its arguments are known."""
        arguments = self._arguments(index + 1)
        action = self._acts[whole]
        call = self._call
        first = arguments[:1]
        exact = bool(first) and first[0].static is not None
        match action:
            case "read" if first and "://" in first[0].prefix and not first[0].prefix.startswith("php://"):
                self._connect(first[0], upload=first[0].static is None)
                exact = exact and first[0].prefix.startswith(("http", "ftp"))
            case "read":
                call.read(*(first or [self._hole()]))
                return True
            case "write":
                call.write(*(first or [self._hole()]), append="append" in whole)
            case "delete" | "delete-deep":
                for field in arguments or [self._hole()]:
                    if field.static is None or not field.static.startswith(("rm_", "recursive")):
                        call.delete(field, recursive=action == "delete-deep")
                exact = exact and all(field.static is not None for field in arguments)
            case "mode":
                call.mode(
                    *[field for field in arguments if not (field.static or "").isdigit()] or [self._hole()]
                )
            case "move" | "copy" if len(arguments) > 1:
                call.read(first[0], recursive=True)
                if action == "move":
                    call.delete(first[0], recursive=True)
                call.write(arguments[1], recursive=True)
                exact = exact and arguments[1].static is not None
            case "link" if len(arguments) > 1:
                call.link(arguments[0], arguments[1])
                exact = False
            case "shell":
                self._shell(arguments)
                exact = False
            case "program":
                self._program(index, arguments)
                exact = False
            case "connect":
                for field in first or [self._hole()]:
                    self._connect(field, upload=len(arguments) > 1)
                exact = False
            case "pattern":
                call.read(plain(".", call.span), recursive=True)
                exact = False
            case _:
                return action in {"", "join"}
        return exact

    def _connect(self, field: Field, *, upload: bool) -> None:
        from guard.effects.commands.hosts import connect_field  # noqa: PLC0415 - rare

        connect_field(self._call, field, upload=upload)

    def _hole(self) -> Field:
        return Field((_UNKNOWN,), self._call.span)

    def _shell(self, arguments: list[Field]) -> None:
        if len(arguments) == 1 or (arguments and self._language in {"javascript", "php"}):
            if arguments[0].static is not None:
                self._call.run_text((arguments[0].static,))
        elif arguments and arguments[0].static is not None:
            self._call.run(arguments)

    def _program(self, index: int, arguments: list[Field]) -> None:
        """``spawnSync("rm", ["-rf", "x"])``."""
        texts: list[Field] = []
        close = self._close(index + 1)
        for at in range(index + 2, close):
            token = self._at(at)
            if (
                token.kind == "text"
                and token.exact
                and self._at(at + 1).text != ":"
                and self._at(at - 1).text != ":"
            ):
                texts.append(plain(token.text, self._call.span))
            elif token.text == "{":
                break
        if texts and arguments and arguments[0].static is not None:
            self._call.run(texts)

    def _arguments(self, index: int) -> list[Field]:
        """Up to the end of the call, or of the statement where there are no brackets."""
        bracketed = self._at(index).text == "("
        end = self._close(index) if bracketed else len(self._tokens)
        index += 1 if bracketed else 0
        fields: list[Field] = []
        part: list[Token] = []
        depth = 0
        while index < end:
            token = self._at(index)
            if token.kind == "sign":
                if depth == 0 and not bracketed and token.text in {";", "\n", "}", ")"}:
                    break
                depth += 1 if token.text in {"(", "[", "{"} else -1 if token.text in {")", "]", "}"} else 0
                if token.text == "," and depth == 0:
                    fields.append(self._value(part))
                    part = []
                    index += 1
                    continue
            if (
                not bracketed
                and depth == 0
                and token.kind == "name"
                and token.text in {"if", "unless", "for", "foreach", "while", "or", "and"}
            ):
                break
            part.append(token)
            index += 1
        if part:
            fields.append(self._value(part))
        return fields[:16]

    def _value(self, part: list[Token]) -> Field:
        """Texts put together with the home directory, or something nobody can tell."""
        home = self._call.evaluator.facts.home
        out: list[str] = []
        shown = "".join(token.text for token in part if token.kind != "sign")
        listing = shown.startswith(("glob", "Dirglob"))
        expands = shown.startswith(("Fileexpand_path", "glob", "Dirhome"))
        joins = any(token.text in {"join", "resolve"} for token in part)
        texts = [token for token in part if token.kind in {"text", "number"}]
        if "HOME" in shown or "homedir" in shown or shown.startswith("Dirhome"):
            out.append(home)
        for token in texts:
            if token.text == "HOME":
                continue
            if not token.exact:
                if "HOME" in token.text and token.text.startswith(
                    ("$ENV{HOME}", "#{ENV[", "${process.env.HOME}", "${os.homedir()}", "{$_SERVER")
                ):
                    rest = token.text.partition("}")[2].removeprefix("]").removeprefix("}")
                    return (
                        Field((home + "/", Hole("a name in it")), self._call.span)
                        if set(rest) & set("$@#{")
                        else plain(home + rest, self._call.span)
                    )
                return self._hole()
            if out and joins:
                out.append("/")
            out.append(token.text)
        names = {token.text for token in part if token.kind in {"name", "var"}}
        understood = names <= {
            "glob",
            "Dir",
            "File",
            "expand_path",
            "join",
            "path",
            "resolve",
            "process",
            "env",
            "HOME",
            "os",
            "homedir",
            "home",
            "ENV",
            "$ENV",
            "getenv",
            "require",
            "recursive",
            "force",
            "true",
            "$_SERVER",
            "fetch",
        }
        if not out or not understood or (texts and any(token.kind == "regex" for token in part)):
            return self._hole()
        text = "".join(out)
        if expands and (text == "~" or text.startswith("~/")):
            text = home + text[1:]
        if listing:
            return (
                plain(text.rstrip("*").rstrip("/") or "/", self._call.span)
                if text.startswith("/")
                else self._hole()
            )
        return plain(text, self._call.span)


_JS_POWERS = frozenset(
    "appendFile chmod chown copyFile cp createWriteStream fchmod fchown fdatasync fsync ftruncate futimes lchmod lchown link lutimes mkdir mkdtemp open opendir rename rm rmdir symlink truncate "
    "unlink unwatchFile utimes watch watchFile write writeFile writev promises readFile createReadStream readdir readlink mainModule binding dlopen kill chdir getBuiltinModule _linkedBinding "
    "exec spawn execFile fork setuid setgid abort report emit on once addListener execve access stat lstat exists read readv cpSync".split()
)


def _is_value(token: Token) -> bool:
    return (
        token.kind in {"name", "text"}
        and token.text not in {"return", "of", "in", "case", "typeof", "const", "let", "var", "else", "do"}
    ) or token.text in {")", "]"}


def _is_callable_global(name: str) -> bool:
    return name in {
        "require",
        "parseInt",
        "parseFloat",
        "isNaN",
        "isFinite",
        "String",
        "Number",
        "Boolean",
        "BigInt",
        "Symbol",
        "encodeURIComponent",
        "decodeURIComponent",
        "encodeURI",
        "decodeURI",
        "structuredClone",
        "if",
        "for",
        "while",
        "switch",
        "catch",
        "function",
        "return",
        "typeof",
        "Array",
        "Object",
        "Date",
        "Error",
        "await",
        "of",
        "in",
        "async",
        "throw",
        "void",
        "case",
        "else",
        "do",
    }


def name_is_symbol(before: Token) -> bool:
    """Whether a colon after this begins a symbol of ruby."""
    return before.text in {"(", ",", "&", "[", "{", "=", " ", "|"} or before.kind == "name"
