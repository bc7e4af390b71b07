"""Forges and trackers: looking is free, what others read or what runs on their machines is asked about."""

from guard.effects.knowledge.schema import PRINTS, Row, alike

_LOOKS: Row = {"does": ("connect api.github.com",)}
_CHANGES: Row = {
    "options": {"F body-file notes-file input template": "read"},
    "does": ("connect api.github.com", "cloud"),
}
_SECRET: Row = {"does": ("secret a token for a forge",)}
_LOGIN: Row = {"does": ("connect api.github.com", "persist credentials of a forge")}
_FETCHES: Row = {"options": {"O output D dir o": "write"}, "does": ("connect api.github.com", "append .")}
_TREE: Row = {"does": ("connect api.github.com", "write-deep .")}
_TAKES = (
    "R repo hostname q jq t template json L limit s state S search A author a assignee l label B base H head b body title m milestone "
    "c created updated archived visibility language sort order e env o org w workflow u user branch f field tag p pattern k key n name j job"
)
_MORE: dict[str, Row] = {
    "list ls view status diff checks watch browse search show get": _LOOKS,
    "*": _CHANGES,
}
_GROUP: Row = {"takes": _TAKES, "verbs": _MORE}

PROGRAMS: dict[str, Row] = {
    "gh": {
        "about": "works with GitHub",
        "takes": _TAKES,
        "help": "h",
        "verbs": {
            "help version completion": PRINTS,
            "api": {
                "takes": "H header hostname p preview q jq t template cache",
                "options": {"input": "read"},
                "python": "knowledge.forge_words:api",
            },
            "auth": {
                "verbs": {
                    "status": {"fresh": True, "takes": "h hostname", "when": {"t show-token": _SECRET}, "does": ("connect api.github.com",)},
                    "token": _SECRET,
                    "*": _LOGIN,
                }
            },
            "browse status search": _LOOKS,
            "repo": {
                "takes": _TAKES,
                "verbs": {
                    "list view license gitignore autolink deploy-key": {"verbs": {"list view": _LOOKS, "add create delete": _CHANGES}, "otherwise": _LOOKS, "bare": _LOOKS},
                    "clone": {"python": "knowledge.forge_words:clone"},
                    "set-default": {"when": {"v view": PRINTS}, "does": ("persist which repository is meant",)},
                    "sync": _CHANGES,
                    "delete": {"does": ("connect api.github.com", "cloud", "database a repository")},
                    "*": _CHANGES,
                },
            },
            "pr": {"takes": _TAKES, "verbs": {"checkout co": _TREE, **_MORE}},
            "issue": {"takes": _TAKES, "verbs": {"develop": {"tame": {"list l": _LOOKS}, **_CHANGES}, **_MORE}},
            "run": {"takes": _TAKES, "verbs": {"download": _FETCHES, **_MORE}},
            "release": {"takes": _TAKES, "verbs": {"download": _FETCHES, "verify verify-asset": _LOOKS, **_MORE}},
            "attestation": {"takes": _TAKES, "verbs": {"verify inspect trusted-root": _LOOKS, "download": _FETCHES, "*": _CHANGES}},
            "gist": {"takes": _TAKES, "verbs": {"clone": {"python": "knowledge.forge_words:clone"}, **_MORE}},
            "project": {"takes": _TAKES + " owner format", "verbs": {"list view field-list item-list": _LOOKS, "*": _CHANGES}},
            "secret": {"takes": _TAKES, "verbs": {"list": _LOOKS, "*": _CHANGES}},
            "variable": {"takes": _TAKES, "verbs": {"list get": _LOOKS, "*": _CHANGES}},
            "config": {"verbs": {"get list": PRINTS, "*": {"does": ("persist settings of gh",)}}},
            "alias": {"verbs": {"list": PRINTS, "*": {"does": ("persist aliases of gh, which can run anything",)}}},
            "extension extensions ext": {"verbs": {"list search browse": _LOOKS, "*": {"does": ("connect api.github.com", "install", "opaque runs or installs programs of others")}}},
            "codespace cs": {"takes": _TAKES, "verbs": {"list view logs ports": _LOOKS, "ssh jupyter code": {"does": ("upload api.github.com", "cloud", "opaque runs something on another machine")}, "*": _CHANGES}},
            "copilot agent-task models": {"does": ("upload api.github.com", "opaque asks a model that can act")},
            "ssh-key gpg-key": {"verbs": {"list": _LOOKS, "*": _CHANGES}},
            "cache ruleset rs label workflow org": {"takes": _TAKES, "verbs": {"check": _LOOKS, **_MORE}},
        },
    },
    "hub": {"about": "works with GitHub", "verbs": {"issue pr release ci-status browse compare api help version": {"verbs": {"show list": _LOOKS, "create delete edit update close": _CHANGES}, "bare": _LOOKS, "otherwise": _LOOKS}, "*": _CHANGES}},
    "glab": {
        "about": "works with GitLab",
        "takes": _TAKES + " g group P page per-page F output",
        "help": "h",
        "verbs": {
            "help version completion check-update": PRINTS,
            "api": {"takes": "H header hostname X method F field f raw-field", "options": {"input": "read"}, "python": "knowledge.forge_words:api"},
            "auth": {"verbs": {"status": {"fresh": True, "takes": "h hostname", "when": {"t show-token": _SECRET}, "does": ("connect api.github.com",)}, "*": _LOGIN}},
            "config": {"verbs": {"get": PRINTS, "*": {"does": ("persist settings of glab",)}}},
            "repo project": {"takes": _TAKES, "verbs": {"clone": {"python": "knowledge.forge_words:clone"}, "view list search contributors": _LOOKS, "*": _CHANGES}},
            "mr": {"takes": _TAKES, "verbs": {"checkout": _TREE, "list ls view show diff issues approvers": _LOOKS, "*": _CHANGES}},
            "ci pipeline pipe": {"takes": _TAKES, "verbs": {"list view status trace get lint config": _LOOKS, "artifact": _FETCHES, "*": _CHANGES}},
            "release": {"takes": _TAKES, "verbs": {"download": _FETCHES, "list view": _LOOKS, "*": _CHANGES}},
            "variable": {"takes": _TAKES, "verbs": {"list": _LOOKS, "get export": _SECRET, "*": _CHANGES}},
            "*": _GROUP,
        },
    },
    **alike("tea jira linear acli", {
        "about": "works with a forge or a tracker",
        "takes": _TAKES + " project type status output login remote",
        "verbs": {
            "help version completion me whoami serverinfo open": _LOOKS,
            "login logout auth init": _LOGIN,
            "workitem": {"takes": _TAKES, "verbs": _MORE},
            "jira confluence": {"verbs": {"workitem project board sprint filter field dashboard space page": {"takes": _TAKES, "verbs": _MORE}, "*": _CHANGES}},
            "issues issue i pulls pull pr epic sprint board project release repos repo branches times notifications": {"takes": _TAKES, "verbs": _MORE, "bare": _LOOKS},
            "*": _CHANGES,
        },
    }),
}  # fmt: skip
