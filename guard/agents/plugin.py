"""What our own plugins say to the hook, and are told: for clients that load code instead of starting a command.

A plugin takes no answer, and any that it does not know, for a deny; so does it with another exit status than 0.
"""

from guard.agents.dialect import ARGUMENTS, REASON, Form

DENY: Form = {"decision": "deny", "reason": REASON}
REWRITE: Form = {"decision": "allow", "arguments": ARGUMENTS}
ALLOW = b'{"decision": "allow"}\n'
