"""Variables by which a shell or an interpreter runs something else first. Clients take them out of a repository's files."""

QUIET: tuple[tuple[str, str], ...] = tuple(
    (name, "")
    for name in (
        "BASH_ENV",
        "ENV",
        "LD_PRELOAD",
        "LD_AUDIT",
        "LD_LIBRARY_PATH",
        "NODE_OPTIONS",
        "BUN_OPTIONS",
    )
)
"""Set and empty: a `.env` adds what is not set, and overrides nothing. The hook is started by a shell, which would obey."""
