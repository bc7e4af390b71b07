"""Every finding there is about a policy file, by a code that stays what it is. docs/policy-check.md is made from this table."""

from guard.model.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Code:
    name: str
    """For people, and for SARIF: a few words with hyphens."""
    severity: str
    says: str
    """What is wrong, in general."""
    help: str
    """The next step, in general."""


CODES: dict[str, Code] = {
    "GP001": Code(
        "unreadable",
        "error",
        "The file cannot be read as law: the YAML, a key, a name or a value. With it in force everything is asked about.",
        "mend the place that is named",
    ),
    "GP002": Code(
        "example-fails",
        "error",
        "A rule does not speak of an example under `match`, or speaks of one under `no_match`.",
        "mend the rule's conditions or the example",
    ),
    "GP003": Code(
        "test-fails",
        "error",
        "A command under `tests` is not decided as it says.",
        "mend the rules or the test; a stricter layer cannot be loosened from here",
    ),
    "GP004": Code(
        "profile-clamped",
        "error",
        "A profile gives what no other layer permits, or sets a limit above the most that is permitted.",
        "remove it, or ask the machine's owner to permit it (docs/profiles.md)",
    ),
    "GP010": Code(
        "exception-expired",
        "warning",
        "An exception has ended. It changes nothing, and a reader takes it for one that holds. An error from the eighth day on.",
        "delete it",
    ),
    "GP011": Code(
        "exception-too-long",
        "error",
        "An exception ends later than `max_exception_days` of the floor permits.",
        "let it end earlier; it can be renewed in a pull request",
    ),
    "GP012": Code(
        "exception-voids-rule",
        "error",
        "An exception is met by everything that its rule is met by, so the rule says nothing until it ends. A warning where it"
        " repeats conditions of the rule, an error where it has none.",
        "narrow it with zones, programs, hosts or branches, or change the rule",
    ),
    "GP013": Code(
        "exception-self-approved",
        "error",
        "The owner of an exception has approved it.",
        "let somebody else approve it",
    ),
    "GP014": Code(
        "exception-in-vain",
        "error",
        "An exception changes nothing: its rule is not there or takes none, or nothing that meets the rule meets it.",
        "delete it",
    ),
    "GP020": Code(
        "rule-never-met",
        "error",
        "No effect can meet the rule: its conditions exclude each other, or its effects have nothing of what they ask.",
        "mend the conditions, or delete the rule",
    ),
    "GP021": Code(
        "rule-overridden",
        "error",
        "Another layer is stricter about everything that the rule speaks of, so it never decides.",
        "delete it, or ask the owner of the stricter layer",
    ),
    "GP022": Code(
        "rule-dead",
        "warning",
        "Other rules of the same file are stricter about all that the rule, or one effect of it, speaks of: it never decides.",
        "carve its place out of the other rule with `except_zones` or `except_hosts`, or delete it",
    ),
    "GP023": Code(
        "rule-repeats",
        "note",
        "Without the rule everything would be decided as it is: others say the same.",
        "delete it, or keep it for its reason and its `instead`",
    ),
    "GP024": Code(
        "rule-overridden-in-part",
        "note",
        "Another layer is stricter about a part of what the rule speaks of.",
        "nothing to do where that is known",
    ),
    "GP025": Code(
        "rule-only-watches",
        "note",
        "The rule asks or denies, and says `mode: shadow`: it stops nothing.",
        "remove `mode: shadow` when its records are as expected",
    ),
    "GP026": Code(
        "rule-not-proved",
        "note",
        "There is too much in the file, or its patterns meet in too many ways, to tell whether a rule ever decides.",
        "begin patterns at a directory, and keep `**` for the end",
    ),
    "GP030": Code(
        "zone-without-its-root",
        "warning",
        "The patterns of a zone hold what lies in a directory and not the directory itself, or only its first level: what moves,"
        " links or removes the directory, or what lies deeper, is judged as if the zone were not there.",
        "write `dir/**`, which holds the directory and all below it",
    ),
    "GP031": Code(
        "stars-in-a-name",
        "warning",
        "`**` beside other characters is no more than `*`, and a bracket is a bracket: the pattern holds less than it seems to.",
        "write `**` as a name of its own, and alternatives in braces",
    ),
    "GP032": Code(
        "pattern-matches-nothing",
        "error",
        "No path can be spelled as the pattern says.",
        "write the place as it really is",
    ),
    "GP033": Code(
        "pattern-in-another",
        "warning",
        "A value holds nothing that another one of the same list does not hold.",
        "remove it",
    ),
    "GP034": Code(
        "too-many-deep-patterns",
        "warning",
        "More than ten patterns have `**` before a name: a change of such a file cannot be proved to be harmless any more.",
        "begin patterns at a directory, or say it with braces",
    ),
    "GP035": Code(
        "no-such-directory",
        "warning",
        "A directory that a zone names is not in the workspace, and one with nearly the same name is.",
        "write the name as it is there",
    ),
    "GP040": Code(
        "zone-unused", "warning", "No rule or exception speaks of the zone.", "use it, or delete it"
    ),
    "GP041": Code(
        "host-group-unused",
        "warning",
        "No rule or exception speaks of the host group.",
        "use it, or delete it",
    ),
    "GP042": Code(
        "profile-unused",
        "warning",
        "No rule of the file gives the profile, and no other layer has one of this name.",
        "name it in `run` or `grants` of a rule, or delete it",
    ),
    "GP043": Code(
        "no-such-host-group",
        "warning",
        "A name without a dot stands among hosts and is no host group: it is taken for a machine of that name.",
        "write the group's name as it is under `hosts`, or the host in full",
    ),
    "GP050": Code(
        "host-suffix-without-dot",
        "warning",
        "A pattern for hosts ends in a name and does not stop at a dot: whoever registers a name that ends so is meant, too.",
        "write `*.` before the name, and the name itself beside it",
    ),
    "GP051": Code(
        "host-suffix-of-others",
        "warning",
        "Anybody can have a host under this suffix: a registry's, or a service that gives each customer a name.",
        "name the hosts that are meant",
    ),
    "GP052": Code(
        "network-too-wide",
        "warning",
        "A rule that allows speaks of a network that is a great part of the internet.",
        "name the network that is meant, or `anywhere` if all of them are",
    ),
    "GP053": Code(
        "network-is-another",
        "warning",
        "An address stands before a prefix that does not hold all of its bits: another network is meant than it seems.",
        "write the network's own address",
    ),
    "GP054": Code(
        "branch-star-stops",
        "warning",
        "`*` does not cross `/` in names of branches: a pattern such as `agent*` holds `agents` and not `agent/fix`.",
        "write `agent/*`, or `agent/**` for what lies deeper too",
    ),
    "GP060": Code(
        "reviewer-is-nobody",
        "note",
        "A rule says `reviewer: may_allow`, and no layer has a reviewer, or one is against any: the rule asks a person.",
        "nothing to do where a reviewer is set up elsewhere; else remove it (docs/reviewer.md)",
    ),
    "GP061": Code(
        "reviewer-of-the-unread",
        "warning",
        "A rule lets a model answer about `exec.opaque`: what the guard could not read is decided by a guess.",
        "name effects that were read, or let a person answer",
    ),
}
