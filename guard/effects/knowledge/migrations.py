"""Tools that carry databases from one version to the next: back is where data is lost."""

from guard.effects.knowledge.phrases import BUILDS
from guard.effects.knowledge.schema import PRINTS, Row, alike

_RUNS: Row = {"does": ("opaque runs the project's code",)}
_LOSES: Row = {"does": ("database the project's database", "opaque runs the project's code")}
_TAKES = "d dir path database url e env c config configFiles schemas table driver s source f file u user p password changelog-file migrations-dir"

_CONSOLE_VERBS: dict[str, Row] = {
    "doctrine:database:drop doctrine:schema:drop doctrine:fixtures:load doctrine:migrations:execute doctrine:query:sql dbal:run-sql": _LOSES,
    "migrations": {"verbs": {"rollback": _LOSES, "*": _RUNS}, "bare": _RUNS},
    "*": _RUNS,
}
_CONSOLE: Row = {
    "about": "runs the code of a PHP project",
    "always": True,
    "verbs": _CONSOLE_VERBS,
    "bare": _RUNS,
}

PROGRAMS: dict[str, Row] = {
    **alike("dbmate atlas sqitch diesel sqlx sea-orm-cli refinery migrate-mongo node-pg-migrate db-migrate mikro-orm kysely knex-migrator umzug yoyo phinx piccolo aerich", {
        "about": "migrates databases",
        "takes": _TAKES,
        "help": "h v",
        "verbs": {
            "status version help show list pending history completions log plan tag rework": PRINTS,
            "new create add init generate make prepare": BUILDS,
            "down drop rollback reset revert redo fresh refresh down-to force erase clean undo purge": _LOSES,
            "schema migration database migrate db": {
                "takes": _TAKES,
                "verbs": {
                    "inspect fmt status list info lint validate diff hash new add generate create dump": BUILDS,
                    "clean drop reset revert down rollback redo fresh refresh refresh undo": _LOSES,
                    "*": _RUNS,
                },
                "bare": _RUNS,
            },
            "*": _RUNS,
        },
    }),
    **alike("goose migrate golang-migrate", {
        "about": "migrates databases",
        "takes": _TAKES,
        "long": True,
        "help": "h v version",
        "python": "knowledge.elsewhere_words:migrate",
        "does": ("opaque changes a database",),
    }),
    **alike("flyway liquibase", {
        "about": "migrates databases",
        "help": "h v",
        "takes": _TAKES,
        "long": True,
        "stops": True,
        "verbs": {
            "info validate version help status history diff snapshot": _RUNS,
            "clean undo rollback rollback-count rollback-to-date rollbackCount drop-all dropAll rollback-one-changeset": _LOSES,
            "*": _RUNS,
        },
    }),
    **alike("console cake", _CONSOLE),
    "symfony": {
        "about": "runs the code of a PHP project",
        "verbs": {
            "console": {"verbs": _CONSOLE_VERBS, "bare": _RUNS},
            "deploy cloud:deploy push cloud:push": {"does": ("upload ?", "cloud", "opaque runs the project's code")},
            "*": _RUNS,
        },
        "bare": _RUNS,
    },
    **alike("wp drush", {
        "about": "works on a website of PHP",
        "takes": "path url user ssh http root uri l r",
        "options": {"ssh": "upload", "require exec": "opaque"},
        "verbs": {
            "db": {"verbs": {"reset drop clean": _LOSES, "query cli": {"does": ("database statements that are not known", "opaque runs statements")}, "*": _RUNS}},
            "site": {"verbs": {"empty delete": _LOSES, "*": _RUNS}},
            "sql-drop sql:drop site-install si site:install sql-query sql:query sqlq pm-uninstall": _LOSES,
            "*": _RUNS,
        },
        "bare": _RUNS,
    }),
}  # fmt: skip
