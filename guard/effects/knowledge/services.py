"""Services that others run and their own command lines: deployment, payment, mail, switches, search, monitoring, queues."""

from guard.effects.knowledge.schema import Row, alike

_TAKES = (
    "a app api-key c config config-dir d domain e env environment f fields filter format host i id l limit n name namespace namespace-id number o org "
    "output p page per-page project project-id profile q query r region remote s scope server service service-id site sort status t team tenant token "
    "u url user w workspace context zone zone-id type version-id space page-size"
)


def _service(about: str) -> Row:
    return {"about": about, "takes": _TAKES, "help": "h", "python": "knowledge.service_words:service"}


PROGRAMS: dict[str, Row] = {
    **alike("heroku fly flyctl railway render vercel vc netlify wrangler firebase supabase planetscale pscale neonctl amplify eb eas",
            _service("deploys what the project is")),
    "copilot": {**_service("deploys what the project is, or is an agent"), "python": "knowledge.service_words:copilot"},
    **alike("stripe twilio auth0 okta sentry-cli datadog-ci newrelic circleci travis", _service("works with a service")),
    **alike("ldcli flipt unleash statsig", _service("switches features on and off")),
    **alike("fastly algolia apigeecli deck", _service("works with a service that stands before others")),
    **alike("temporal pulsar-admin", _service("works on queues and work flows")),
    **alike("influx", _service("asks and changes measurements")),
    **alike(
        "kafka-topics kafka-consumer-groups kafka-configs kafka-acls kafka-get-offsets kafka-log-dirs kafka-broker-api-versions kafka-console-consumer "
        "kafka-console-producer kafka-delete-records kafka-delegation-tokens kafka-cluster kafka-topics.sh kafka-consumer-groups.sh kafka-configs.sh "
        "kafka-acls.sh kafka-get-offsets.sh kafka-log-dirs.sh kafka-broker-api-versions.sh kafka-console-consumer.sh "
        "kafka-delete-records.sh",
        {
            "about": "works on queues",
            "takes": "bootstrap-server broker-list zookeeper bootstrap-controller topic group partitions replication-factor config entity-type entity-name "
            "max-messages partition offset timeout property formatter command-config consumer.config time",
            "python": "knowledge.service_words:kafka",
        },
    ),
    **alike("pd pagerduty opsgenie datadog honeycomb splunk", _service("asks and tends monitoring")),
}  # fmt: skip
