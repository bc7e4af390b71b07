"""Editors. They take commands, from arguments, scripts and files; what they are given to open they may write."""

from guard.effects.knowledge.schema import Row, alike

_VI: Row = {
    "about": "edits files, and runs commands that they are given",
    "takes": "c cmd S s t T u U i W w V o O p r",
    "optional": "V o O p r",
    "options": {"S s u U": "config", "w W": "write", "startuptime": "write", "log": "write"},
    "help": "h",
    "operands": "write",
    "does": ("prompt an editor that takes commands",),
}

PROGRAMS: dict[str, Row] = {
    **alike("vi vim nvim ex vimdiff gvim mvim kak helix hx", _VI),
    **alike("view rview", {**_VI, "operands": "read", "about": "shows files, and runs commands that it is given"}),
    **alike("nano pico micro joe jed mcedit ne mg tilde", {"about": "edits files", "takes": "r T Y s o", "help": "h V", "operands": "write", "does": ("prompt an editor that takes commands",)}),
    **alike("ed red", {"about": "edits files with commands from its input", "takes": "p", "help": "h V", "operands": "write", "does": ("prompt an editor that takes commands",)}),
    **alike("emacs emacsclient xemacs", {"about": "edits files, and is a language of its own", "takes": "eval execute f funcall l load Q s socket-name a", "long": True, "operands": "write", "does": ("prompt an editor that takes commands",)}),
    **alike("code code-insiders codium cursor windsurf", {
        "about": "opens files in an editor, and manages its extensions",
        "takes": "user-data-dir profile sync locale log g goto category",
        "help": "h v s status list-extensions telemetry locate-shell-integration-path",
        "options": {"extensions-dir": "opaque", "add-mcp": "opaque"},
        "when": {"install-extension uninstall-extension update-extensions": {"does": ("install", "connect package-index")}},
        "operands": "read",
        "does": ("opaque opens an editor, whose extensions run",),
    }),
    **alike("subl atom zed mate bbedit idea pycharm webstorm gedit kate notepad xed", {"about": "opens files in an editor", "help": "h", "operands": "read", "does": ("opaque opens an editor, whose extensions run",)}),
}  # fmt: skip
