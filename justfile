# The same commands as in .ci/run.

python := ".venv/bin/python"

# style, types, import contracts
check:
    .venv/bin/ruff check .
    .venv/bin/ruff format --check .
    .venv/bin/mypy
    .venv/bin/pyright
    .venv/bin/lint-imports

test *args:
    {{python}} -m pytest {{args}}

# every test, with a Docker engine of its own (root)
test-docker *args:
    tests/sandbox/with_dockerd.sh {{python}} -m pytest {{args}}

# the docker sandbox on a Podman of its own: contract, terminal, crashes, escapes (root, podman, crun; ten minutes)
test-podman *args="tests/sandbox tests/escapes":
    tests/sandbox/with_podman.sh {{python}} -m pytest -m docker {{args}}

# the contract on an engine that sees none of our files and processes (root; three minutes)
test-remote *args:
    tests/sandbox/with_remote_dockerd.sh {{python}} -m pytest -m remote tests/sandbox {{args}}

# the contract on the engine of an ordinary user (root, rootlesskit, uidmap; a minute)
test-rootless *args:
    tests/sandbox/with_rootless_dockerd.sh {{python}} -m pytest -m rootless tests/sandbox {{args}}

# the same on the Podman of an ordinary user (root, podman, crun, uidmap)
test-rootless-podman *args:
    GUARD_TEST_ROOTLESS_ENGINE=podman tests/sandbox/with_rootless_dockerd.sh {{python}} -m pytest -m rootless tests/sandbox {{args}}

# a developer's tools in the sandbox, with Rust, which the ordinary run leaves out
work:
    GUARD_TEST_CARGO=1 {{python}} -m pytest tests/enforce/test_work.py -q

# the decision cases only
cases:
    {{python}} -m pytest tests/engine/test_cases.py -q

# an hour of mutated shell texts against real bash; prints what runs and is not shown
mutate seconds="3600" seed="1":
    {{python}} tests/differential/mutate.py --seconds {{seconds}} --seed {{seed}}

# what takes too long for every change: policies against brute force a hundred times as long, and all of the mutations
nightly examples="100": mutations
    GUARD_TEST_EXAMPLES={{examples}} {{python}} -m pytest tests/properties/test_policy_diff.py -q

# an hour of commands put together by chance, run in a toy tree; prints changes that were not predicted
effects-mutate seconds="3600" seed="1":
    {{python}} -m tests.differential.commands --seconds {{seconds}} --seed {{seed}}

# what agents send, with something changed, a hundred thousand times for each client: half an hour; agents by name for fewer
mutations count="100000" seed="1" *agents:
    {{python}} -m tests.agents.mutations --count {{count}} --seed {{seed}} {{agents}}

# every mistake in the built-in policies against their tests, and proof of those that change nothing; a minute
mistakes:
    .venv/bin/guard policy test --mutate --coverage policies/builtin/*/policy.yaml policies/builtin/profiles/*.yaml

# the versions that .ci/run checks with, from a new environment on Python 3.11; then run the checks
versions:
    rm -rf .venv-versions && python3.11 -m venv .venv-versions && .venv-versions/bin/pip install -q -U pip
    .venv-versions/bin/pip install -q -e . --group dev
    .venv-versions/bin/pip freeze --exclude-editable --exclude pip --exclude setuptools >.ci/versions.txt
    rm -rf .venv-versions

# ratios, never asserted
bench:
    {{python}} benchmarks/hook.py
    {{python}} benchmarks/decide.py
    {{python}} benchmarks/parse.py
    {{python}} benchmarks/sandbox.py
    {{python}} benchmarks/build.py
    {{python}} benchmarks/changes.py --files 10000
    {{python}} benchmarks/policy.py
    {{python}} -m benchmarks.policy_diff

# the docker sandbox against `docker run`, with an engine of its own (root)
bench-docker:
    tests/sandbox/with_dockerd.sh {{python}} benchmarks/docker.py

# how much of what bash accepts is read: files of one-liners, or directories of scripts
coverage *places="/usr /etc":
    {{python}} benchmarks/coverage.py {{places}}

# one page for each program, from its description and the cases
pages:
    {{python}} docs/generate.py

# modules to look at twice: more than 400 lines
long:
    wc -l $(git ls-files 'guard/*.py' 'sandbox/*.py') | awk '$1 > 400 && $2 != "total"'
