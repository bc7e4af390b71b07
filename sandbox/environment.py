"""Which variables never enter a sandbox: the ones that make a loader, shell or interpreter run other code."""

_NAMES = frozenset(
    """
    BASH_ENV ENV SHELLOPTS BASHOPTS PS4 PROMPT_COMMAND IFS CDPATH GLOBIGNORE FPATH ZDOTDIR
    PYTHONSTARTUP PYTHONPATH PYTHONHOME PYTHONINSPECT PYTHONBREAKPOINT PYTHONUSERBASE PYTHONPLATLIBDIR
    NODE_OPTIONS NODE_PATH RUBYOPT RUBYLIB PERL5OPT PERL5LIB PERL5DB PERLLIB LUA_INIT LUA_PATH LUA_CPATH
    JAVA_TOOL_OPTIONS _JAVA_OPTIONS JDK_JAVA_OPTIONS CLASSPATH DOTNET_STARTUP_HOOKS PHPRC PHP_INI_SCAN_DIR
    GCONV_PATH LOCPATH NLSPATH HOSTALIASES RESOLV_HOST_CONF GETCONF_DIR TZDIR GLIBC_TUNABLES
    GIT_SSH GIT_SSH_COMMAND GIT_EXTERNAL_DIFF GIT_PAGER GIT_EDITOR GIT_SEQUENCE_EDITOR GIT_ASKPASS GIT_DIR
    GIT_EXEC_PATH GIT_PROXY_COMMAND GIT_TEMPLATE_DIR GIT_WORK_TREE GIT_INDEX_FILE
    GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES SSH_ASKPASS SUDO_ASKPASS
    LESSOPEN LESSCLOSE MANPAGER BROWSER MAKEFLAGS MAKEFILES GNUMAKEFLAGS RUSTC_WRAPPER
    SSH_AUTH_SOCK SSH_AGENT_PID GPG_AGENT_INFO DBUS_SESSION_BUS_ADDRESS DBUS_SYSTEM_BUS_ADDRESS XDG_RUNTIME_DIR
    WAYLAND_DISPLAY DISPLAY XAUTHORITY DOCKER_HOST CONTAINER_HOST KUBECONFIG TMUX TMUX_PANE STY
    PYTHONWARNINGS NODE_EXTRA_CA_CERTS NODE_REPL_EXTERNAL_MODULE PAGER LESSEDIT SYSTEMD_PAGER VISUAL EDITOR
    RUSTC CARGO_BUILD_RUSTC CARGO_BUILD_RUSTC_WRAPPER GCC_EXEC_PREFIX COMPILER_PATH GDBHISTFILE
    ANTHROPIC_BASE_URL OPENAI_BASE_URL YARN_REGISTRY BUN_CONFIG_REGISTRY GOPROXY GOFLAGS
    HOME OLDPWD PWD TMPDIR
    """.split()
)
_SERVICES = frozenset(("ANTHROPIC_BASE_URL", "OPENAI_BASE_URL"))
"""Dropped all the same, unless a person named them: they lead an agent's own talk elsewhere, and make nothing run."""
_PREFIXES = tuple(
    "LD_ DYLD_ BASH_FUNC_ GIT_CONFIG GIT_TRACE MALLOC_ npm_config_ NPM_CONFIG_ PIP_ UV_ YARN_NPM_".split()
)

DEFAULT_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"


def dropped(name: str, *, named: bool) -> bool:
    """Whether this variable enters no sandbox. ``named``: a person asked for it."""
    return (name in _NAMES and not (named and name in _SERVICES)) or name.startswith(_PREFIXES)


def inside(
    given: tuple[tuple[str, str], ...],
    *,
    home: str,
    cwd: str,
    proxied: bool = False,
    named: tuple[str, ...] = (),
) -> dict[str, str]:
    """The environment of the command: what was given less injection, with the places that are true inside.

    Proxies are those of the machine, with passwords, unless ``proxied`` says that they are the sandbox's own.
    """
    kept = {
        name: value
        for name, value in given
        # An empty one makes nothing run, and keeps a program from taking another value out of a file.
        if (not value or not dropped(name, named=name in named)) and name and "=" not in name
        if proxied or not name.lower().endswith("_proxy")
    }
    kept.setdefault("PATH", DEFAULT_PATH)
    return kept | {"HOME": home, "PWD": cwd, "TMPDIR": "/tmp"}  # noqa: S108 - the sandbox's own, empty /tmp
