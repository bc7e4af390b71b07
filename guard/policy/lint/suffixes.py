"""Suffixes of host names under which anybody can have a name. Not the whole list of them: the ones that policies name. Pure."""

_TOP = frozenset(
    (
        "com org net info biz io dev app ai co me tv cc xyz online site cloud top edu gov mil int eu de uk fr nl es it pl se no"
        " fi dk ch at be ie pt cz ru cn jp kr in au nz br mx ar za ca us il sg hk tw id tr gr ro hu ua"
    ).split()
)
_PRIVATE = frozenset(
    "local internal lan intranet corp home arpa localhost test example invalid private".split()
)
_SECOND = frozenset("co com org net ac gov edu ne or".split())
_OWNERS: dict[str, str] = {
    "any of Amazon's customers": "amazonaws.com cloudfront.net awsapps.com elasticbeanstalk.com on.aws",
    "any of Microsoft's customers": "azure.com azurewebsites.net windows.net azureedge.net cloudapp.net sharepoint.com",
    "any of Google's customers": "appspot.com googleapis.com googleusercontent.com run.app web.app firebaseapp.com",
    "any of GitHub's users": "github.io",
    "any of GitLab's users": "gitlab.io",
    "any of Bitbucket's users": "bitbucket.io",
    "any of Heroku's customers": "herokuapp.com",
    "any of Vercel's customers": "vercel.app now.sh",
    "any of Netlify's customers": "netlify.app",
    "any of Cloudflare's customers": "pages.dev workers.dev r2.dev",
    "any of DigitalOcean's customers": "digitaloceanspaces.com ondigitalocean.app",
    "any customer of a storage service": "linodeobjects.com backblazeb2.com wasabisys.com",
    "any customer of a hosting service": "fly.dev onrender.com railway.app deno.dev surge.sh glitch.me replit.dev",
    "any customer": "myshopify.com atlassian.net slack.com blogspot.com wordpress.com",
    "anybody": "trycloudflare.com ngrok.io ngrok-free.app ngrok.app loca.lt duckdns.org",
    "any address there is": "nip.io sslip.io xip.io",
}
_SERVICES = {suffix: owner for owner, suffixes in _OWNERS.items() for suffix in suffixes.split()}
_LABELS = frozenset(
    (
        "s3 s3-website s3-accelerate dualstack execute-api elb compute compute-1 lambda-url blob core file queue table dfs"
        " database vault raw storage r a us eu ap"
    ).split()
)
"""What stands for a service or a place rather than for one customer; so do regions."""


def whose(suffix: str) -> str:
    """Who has names under ``*.suffix``, in words; empty where that is somebody in particular, as far as known."""
    parts = suffix.split(".")
    if suffix in _TOP or (len(parts) == 1 and suffix not in _PRIVATE):
        return "a whole top-level domain: anybody can register a name in it"
    if len(parts) == 2 and parts[0] in _SECOND and len(parts[1]) == 2:
        return "where a registry sells names: anybody can register one"
    for length in range(2, len(parts) + 1):
        owner = _SERVICES.get(".".join(parts[-length:]))
        # `*.s3.amazonaws.com` and `*.blob.core.windows.net` are everybody's too; a name before them is somebody's.
        if owner is not None and all(_of_service(part) for part in parts[:-length]):
            return f"the name of a host of {owner}"
    return ""


def _of_service(part: str) -> bool:
    # `eu-central-1`.
    return part in _LABELS or (part[:2].isalpha() and part.count("-") == 2 and part[-1].isdigit())
