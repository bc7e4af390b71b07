"""Commands made of parts: what is done, how a name is spelled, and what stands around it. No part names anything outside."""

import random
import shlex
import sys
from collections.abc import Iterator

OPERATIONS = (
    "rm {a}", "rm -f -- {a} {b}", "rm -r {d}", "rm -rf {d} {a}", "rm -v {a}", "rm -d empty", "unlink {a}", "rmdir empty",
    "rmdir -p deep/er", "mv {a} {n}", "mv {a} {d}", "mv -t {d} {a} {b}", "mv -f {a} {b}", "mv {d} {n}", "mv -T {a} {n}", "mv -n {a} {n}",
    "cp {a} {n}", "cp -f {a} {b}", "cp -r {d} {n}", "cp -a {d} {n}", "cp {a} {b} {d}", "cp -t {d} {a}", "cp -T {a} {b}", "cp -l {a} {n}",
    'cp -s "$PWD/"b.txt {n}', "cp --parents sub/one.txt empty", "cp -b {a} {b}", "cp --backup=numbered {a} {b}",
    "ln -s {a} {n}", "ln {a} {n}", "ln -sf {a} {b}", "ln -s -t {d} ../b.txt", "ln -sfn {d} link", "ln -T {a} {n}",
    "touch {n}", "touch {a} {n}", "mkdir {n}", "mkdir -p {n}/x/y", "mkdir -m 700 {n}", "truncate -s 0 {a}", "truncate -s +3 {n}",
    "sed -i s/a/c/ {a}", "sed -i.bak s/a/c/ {a}", "sed -n '1w {n}' {a}", "sort -o {b} {a}", "sort -u {a} -o {n}", "uniq {a} {n}",
    "tee {n} < {a}", "tee -a {a} <<< x", "tee {n} {b} <<< x", "dd if={a} of={n} status=none", "dd of={a} bs=1 count=1 conv=notrunc status=none <<< z",
    "install -m 600 {a} {n}", "install -d {n}/x", "install -D {a} {n}/y/z", "install -t {d} {a}", "chmod 600 {a}", "chmod -R go= {d}", "chmod u-w {a} {b}",
    "echo x > {n}", "echo x >> {a}", "echo x >| {a}", "cat {a} > {n}", ": > {a}", "> {n}", "cat {a} {b} &> {n}", "ls nothere 2> {n}", "echo x > {n} 2>&1",
    "cat > {n} <<< x", "printf '%s\\n' a b > {n}", "exec 3> {n}; echo x >&3", "{{ echo x; echo y; }} > {n}", "( cat {a}; echo ) >> {b}",
    "find {d} -type f -delete", "find {d} -name '*.txt' -exec rm {{}} +", "find {d} -type f -exec sh -c 'rm \"$1\"' _ {{}} ';'",
    "find {d} -type f | xargs rm -f", "find {d} -type f -print0 | xargs -0 rm", "find . -maxdepth 1 -name '*.txt' -exec mv {{}} {d} ';'",
    "find {d} -depth -delete", "find . -name one.txt -execdir touch made ';'", "find . -name a.txt -fprint {n}", "ls {d} | xargs -I{{}} touch {d}/{{}}.x",
    "echo {a} | xargs rm", "printf '%s\\0' {a} {b} | xargs -0 rm -f", "echo {a} | xargs -I{{}} cp {{}} {{}}.bak",
    'for f in *.txt; do mv "$f" "$f.old"; done', 'for f in {a} {b}; do rm "$f"; done', 'while read -r f; do rm -f "$f"; done <<< {a}',
    "split -l 1 {a} {n}", "csplit -s -f {n} {a} 2", "gzip {a}", "gzip -k {a}", "gzip -c {a} > {n}", "gzip {a} && gunzip {a}.gz && rm {b}",
    "tar cf {n} {d}", "tar cf all.tar {d} && tar xf all.tar -C empty", "tar czf {n} {a} {b}", "tar cf {n} {d} --remove-files",
    "shred -u {a}", "cd {d} && touch here", "cd {d}; touch here", "(cd {d} && rm -f one.txt)", "pushd {d} > /dev/null; touch here; popd; touch there",
    "x={a}; rm $x", 'x={n}; touch "$x"', 'x=({a} {b}); rm "${{x[@]}}"', 'set -- {a} {b}; rm "$@"', 'x={a}; rm "${{x%.txt}}.txt"', "x={a}; mv $x ${{x/a/q}}",
    'y=x x={a}; rm "${{!y}}"', "printf -v x '%s' {a}; rm $x", "read -r x y <<< '{a} {b}'; rm $x $y", 'mapfile -t x <<< {a}; rm "${{x[0]}}"', "i=0; while (( i < 2 )); do touch made$i; i=$((i+1)); done",
    "touch made{{1..3}}", "rm {{a,b}}.txt", "rm ?.txt", "rm [ab].txt", "cp *.txt {d}", "rm -r */", 'touch "$(basename {d}).made"', "case x in x) rm {a};; esac",
    "[ -f {a} ] && rm {a}", "test -e nothere || touch {n}", "[[ -d {d} ]] && rm -r {d}", "patch_=1; cp {a} {n} && sed -i 1d {n}", "awk '{{print > \"made\"}}' {a}", "awk 1 {a} > {n}",
    "python3 -c 'open(\"made\",\"w\").write(\"x\")'", "perl -e 'unlink \"a.txt\"'", 'd=$(dirname {d}/x); rm -r "$d"', "touch -r {a} {n}", "chmod --reference={a} {b}", "cat {a} | tee {n} > {b}",
)  # fmt: skip
FILES = (
    "a.txt", "./a.txt", "sub/../a.txt", "'a.txt'", '"a.txt"', "a.tx?", "a.*", "{a,}.txt", '"$PWD/a.txt"', "$(echo a.txt)", "`echo a.txt`", "${NO:-a.txt}",
    "a\\.txt", "$'a.txt'", '"$(printf a.txt)"', "sub/one.txt", "sub/more/two.txt", "'two words/x y.txt'", "two\\ words/x\\ y.txt", "link", "${NO-a}.txt", "~+/a.txt",
)  # fmt: skip
DIRECTORIES = (
    "sub",
    "./sub",
    "sub/",
    "sub/more",
    "'two words'",
    "deep",
    "empty",
    '"$PWD"/sub',
    "s?b",
    "$(echo sub)",
    "sub/../deep",
)
NEW = (
    "new",
    "./new",
    "sub/new",
    "'new name'",
    "empty/new",
    "$(echo new)",
    "new.txt",
    '"$PWD/new"',
    "~/new",
    "../w/new",
)


def plain(operation: str) -> str:
    return fill(operation, "a.txt", "sub", "new")


def fill(operation: str, file: str, directory: str, new: str) -> str:
    return operation.format(a=file, b="b.txt", d=directory, n=new)


def _script(command: str) -> str:
    return f"cat > run.sh <<'STOP'\n{command}\nSTOP\nbash run.sh"


AROUND = (
    lambda c: c,
    lambda c: f"( {c}\n)",
    lambda c: f"{{ {c}\n}}",
    lambda c: f"eval {shlex.quote(c)}",
    lambda c: f"bash -c {shlex.quote(c)}",
    lambda c: f"true && {{ {c}\n}}",
    lambda c: f"false || {{ {c}\n}}",
    lambda c: f"if true; then {c}\nfi",
    lambda c: f"if false; then :; else {c}\nfi",
    lambda c: f"for unused in 1; do {c}\ndone",
    lambda c: f"while :; do {c}\nbreak; done",
    lambda c: f"until false; do {c}\nbreak\ndone",
    lambda c: f"case a in a) {c}\n;; esac",
    lambda c: f"act() {{ {c}\n}}; act",
    lambda c: f"act() {{ if true; then {c}\nreturn; fi; }}; act; touch after",
    lambda c: f"printf '%s\\n' {shlex.quote(c)} | bash",
    lambda c: f"bash <<'STOP2'\n{c}\nSTOP2",
    lambda c: f"bash <<< {shlex.quote(c)}",
    lambda c: f". <(printf '%s\\n' {shlex.quote(c)})",
    _script,
    lambda c: f"unused=$({c}\n)",
    lambda c: f"{{ {c}\n}} & wait",
    lambda c: f"{{ {c}\n}} | cat",
    lambda c: f": | {{ {c}\n}}",
    lambda c: f"cat < <({c}\n)",
    lambda c: f"trap {shlex.quote(c)} EXIT",
    lambda c: f'cmd={shlex.quote(c)}; eval "$cmd"',
    lambda c: f"time {{ {c}\n}}",
    lambda c: f"! {{ {c}\n}}",
    lambda c: f"cd sub; cd ..; {c}",
    lambda c: f"cd sub && cd - > /dev/null && {{ {c}\n}}",
    lambda c: f"set -e; {c}",
    lambda c: f"timeout 9 bash -c {shlex.quote(c)}",
    lambda c: f"env X=1 bash -c {shlex.quote(c)}",
    lambda c: f"echo $'\\x68' > /dev/null; {c}",
    lambda c: f"printf %s {shlex.quote(c)} | base64 -w0 | base64 -d | bash",
    lambda c: f"(exit 1); {c}",
    lambda c: f"{c}\ntouch after",
    lambda c: f"touch before; {c}",
)


def cases() -> Iterator[str]:
    """Each operation in each place with plain names, and each with each spelling of a name."""
    for operation in OPERATIONS:
        command = plain(operation)
        for around in AROUND:
            yield around(command)
    for operation in OPERATIONS:
        if "{a}" in operation:
            yield from (fill(operation, name, "sub", "new") for name in FILES[1:])
        if "{d}" in operation:
            yield from (fill(operation, "a.txt", name, "new") for name in DIRECTORIES[1:])
        if "{n}" in operation:
            yield from (fill(operation, "a.txt", "sub", name) for name in NEW[1:])


def mutants(seed: int) -> Iterator[str]:
    """Without end: several operations, any spelling, places in places."""
    choose = random.Random(seed)
    while True:
        parts = [
            fill(
                choose.choice(OPERATIONS),
                choose.choice(FILES),
                choose.choice(DIRECTORIES),
                choose.choice(NEW),
            )
            for _ in range(choose.choice((1, 1, 2, 3)))
        ]
        command = choose.choice(("; ", "\n", " && ", " || ")).join(f"{{ {part}\n}}" for part in parts)
        for _ in range(choose.choice((0, 1, 1, 2))):
            command = choose.choice(AROUND)(command)
        yield command


def main() -> None:
    """``just effects-mutate``: mutants for so many seconds; prints each change that nobody foretold."""
    import argparse
    import tempfile
    import time
    from pathlib import Path

    from tests.differential.toy import Toy

    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--seconds", type=float, default=3600)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    count = opaque = misses = 0
    with tempfile.TemporaryDirectory() as directory:
        toy = Toy(Path(directory))
        end = time.monotonic() + args.seconds
        for command in mutants(args.seed):
            if time.monotonic() > end:
                break
            missed, understood, _ = toy.missed(command)
            count, opaque = count + 1, opaque + (not understood)
            if missed:
                misses += 1
                sys.stdout.write(f"{command!r}\n    {sorted(missed)}\n")
    sys.stdout.write(
        f"{count} commands, {opaque} said to be anything, {misses} with a change nobody foretold\n"
    )
    raise SystemExit(1 if misses else 0)


if __name__ == "__main__":
    main()
