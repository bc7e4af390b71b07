"""Exit codes, the same for every command. Documented in docs/cli.md; a test holds the two together."""

OK = 0
"""Allowed; or the command did what it was asked."""
FINDINGS = 1
"""``policy check`` and ``audit verify`` found something; ``doctor`` sees a level below what was asked."""
USAGE = 2
"""The input is malformed. Nothing was run."""
FAILED = 3
"""We failed. Nothing was run that had not been recorded."""
ASK = 10
"""A person has to be asked; not run."""
DENY = 11
"""Denied; not run."""
HELD = 12
"""``exec`` ran it, and its changes are held."""
