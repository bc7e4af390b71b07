"""What data cannot say of build tools: any of several targets may be the one that counts."""

from guard.effects.call import Call
from guard.effects.options import Parsed
from guard.model.effect import Connect, PublishPackage

_PUBLISHING = ("deploy", "publish", "release:perform", "site-deploy", "site:deploy", "release")


def deploys(call: Call, parsed: Parsed) -> None:
    """``mvn clean deploy``, ``gradle :core:publishToMavenCentral``; ``publishToMavenLocal`` stays here."""
    targets = [field.static or "" for field in parsed.operands]
    if any(
        target.startswith(_PUBLISHING) or target.rpartition(":")[2].startswith(_PUBLISHING)
        for target in targets
        if "local" not in target.lower() and not target.startswith("release:prepare")
    ):
        call.say(PublishPackage())
        call.say(Connect(host="package-index", upload=True))
