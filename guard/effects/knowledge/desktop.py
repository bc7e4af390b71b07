"""What belongs to a person's desktop, to their accounts elsewhere and to the other system on the same machine."""

from guard.effects.knowledge.schema import PRINTS, Row, alike

_SETTINGS: Row = {"does": ("persist settings of the desktop",)}
_WALLS: Row = {"does": ("privilege takes down walls of the system",)}

PROGRAMS: dict[str, Row] = {
    **alike("gsettings dconf xfconf-query kwriteconfig5 kwriteconfig6 gconftool-2", {
        "about": "looks at and sets preferences of the desktop",
        "takes": "c p file group key",
        "help": "h",
        "verbs": {"get list list-keys list-schemas list-children list-recursively describe range writable read dump monitor help": PRINTS, "*": _SETTINGS},
        "bare": PRINTS,
    }),
    **alike("xdg-mime xdg-settings", {"about": "says which program opens what", "verbs": {"query get check": PRINTS, "*": _SETTINGS}}),
    **alike("xdg-desktop-menu xdg-desktop-icon xdg-icon-resource desktop-file-install", {"about": "adds to the menus of the desktop", "does": ("persist menus of the desktop",)}),
    "xhost": {"about": "says who may use the display", "tame": {"help": {}}, "operands": "skip", "bare": PRINTS, **_WALLS},
    **alike("xdotool ydotool wtype wmctrl xte", {"about": "types and clicks for a person", "does": ("privilege acts for the person at the desktop",)}),
    "xprop": {"about": "shows properties of windows", "takes": "id name f", "operands": "skip"},
    "machinectl": {
        "about": "controls containers and machines of systemd",
        "takes": "p property n lines o output H host M machine uid",
        "help": "h",
        "verbs": {"list list-images status show show-image image-status": PRINTS, "shell login": {"does": ("privilege becomes somebody else", "opaque opens a shell")}, "*": {"does": ("privilege controls machines",)}},
        "bare": PRINTS,
    },
    **alike("sudoedit rootsh sudoreplay", {"about": "changes files as somebody else", "takes": "u g", "operands": "write", "does": ("privilege changes files as somebody else", "opaque opens an editor")}),
    **alike("polkit-agent-helper-1 pkttyagent pkaction pkcheck", {"about": "asks for rights", "does": ("privilege asks for rights",)}),
    "net": {
        "about": "changes accounts, shares and services of Windows, or of Samba",
        "help": "h V",
        "verbs": {"help statistics view time": PRINTS, "*": {"does": ("privilege changes accounts, shares or services",)}},
        "bare": PRINTS,
    },
    **alike("sc sc.exe reg reg.exe bcdedit bcdedit.exe netsh netsh.exe schtasks schtasks.exe wmic wmic.exe vssadmin vssadmin.exe wevtutil wevtutil.exe fsutil fsutil.exe dism dism.exe diskpart diskpart.exe net.exe cipher.exe", {
        "about": "looks at and changes Windows",
        "verbs": {"query queryex qc list /query /? show": PRINTS, "*": {"does": ("privilege changes Windows", "persist settings of Windows")}},
    }),
    **alike("takeown takeown.exe", {"about": "looks at and changes who may do what with files of Windows", "operands": "skip", "does": ("privilege changes who may do what",)}),
    **alike("taskkill taskkill.exe tskill tskill.exe", {"about": "ends processes of Windows", "does": ("kill ?",)}),
    **alike("chflags", {"about": "changes flags of files", "takes": "f", "first": "skip", "operands": "mode-deep"}),
    "fstrim": {"about": "tells disks what is free", "help": "h V", "tame": {"n dry-run": {}}, "does": ("privilege changes file systems or partitions",)},
    **alike("trash-put trash-rm rimraf del-cli del move-file-cli trash-cli gvfs-trash", {"about": "removes files", "help": "h version", "takes": "max-retries retry-delay backoff impl", "operands": "delete-deep"}),
    "trash-empty": {"about": "empties the trash", "does": ("delete-deep ~/.local/share/Trash",)},
    **alike("wipe secure-delete sfill sswap smem nwipe scrub", {"about": "removes files for good", "help": "h v", "takes": "k Q l o", "operands": "delete-deep"}),
}  # fmt: skip
