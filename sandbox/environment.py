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
    WAYLAND_DISPLAY DISPLAY XAUTHORITY DOCKER_HOST CONTAINER_HOST KUBECONFIG
    HOME OLDPWD PWD TMPDIR
    """.split()
)
_PREFIXES = ("LD_", "DYLD_", "BASH_FUNC_", "GIT_CONFIG", "GIT_TRACE", "MALLOC_")

DEFAULT_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"


def inside(
    given: tuple[tuple[str, str], ...], *, home: str, cwd: str, proxied: bool = False
) -> dict[str, str]:
    """The environment of the command: what was given less injection, with the places that are true inside.

    Proxies are those of the machine, with passwords, unless ``proxied`` says that they are the sandbox's own.
    """
    kept = {
        name: value
        for name, value in given
        if name not in _NAMES and not name.startswith(_PREFIXES) and name and "=" not in name
        if proxied or not name.lower().endswith("_proxy")
    }
    kept.setdefault("PATH", DEFAULT_PATH)
    return kept | {"HOME": home, "PWD": cwd, "TMPDIR": "/tmp"}  # noqa: S108 - the sandbox's own, empty /tmp
