"""One question to a model, through the anthropic SDK, in a process of its own: it can be ended in time, and loads alone.

One JSON object on standard input, one on standard output: the body of the answer, or in one sentence why there is none.
It decides nothing and reads nothing of the answer. The environment it is started with is empty: no proxy, certificate or
setting of the agent's session has a say in who is asked.
"""

import contextlib
import json
import os
import resource
import sys
from typing import Any, cast

MAX_BODY = 1024 * 1024
_MEMORY = 2 << 30
_PACKAGE = "the package `anthropic` is not installed: pip install 'execguard[reviewer]'"


def main() -> int:
    """The exit status is 0 whatever came of it: what is not said on standard output did not happen."""
    answer = os.dup(1)
    os.dup2(2, 1)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    said = answer_to(sys.stdin.buffer.read())
    with os.fdopen(answer, "wb") as stream:
        stream.write(said)
    return 0


def answer_to(order: bytes) -> bytes:
    """Never raises."""
    try:
        said = _asked(json.loads(order))
    except MemoryError:
        said = {"problem": "its answer is too long"}
    except Exception as error:  # noqa: BLE001 - the border: whatever went wrong is no answer, and is said
        said = {"problem": f"{type(error).__name__}: {error}"[:300]}
    return json.dumps(said).encode()


def _asked(order: dict[str, Any]) -> dict[str, Any]:
    try:
        import anthropic  # noqa: PLC0415 - an extra, and slow to load
    except ImportError:
        return {"problem": _PACKAGE}
    try:
        with (
            anthropic.Anthropic(
                api_key=order["key"],
                base_url=order["base_url"],
                timeout=order["timeout_s"],
                # A person waits: who asks again asks them.
                max_retries=0,
                # The key goes to whom the policy names, and not to where they point.
                http_client=anthropic.DefaultHttpxClient(follow_redirects=False, trust_env=False),
            ) as client,
            cast("Any", client).messages.with_streaming_response.create(**order["request"]) as response,
        ):
            return _read(response)
    except anthropic.APITimeoutError:
        return {"problem": f"no answer within {order['timeout_s']:g} s"}
    except anthropic.APIStatusError as error:
        return {"problem": _status(error.status_code), "status": error.status_code}
    except anthropic.APIConnectionError as error:
        return {"problem": f"{order['base_url']} cannot be reached: {error.__cause__ or error}"[:300]}


def _read(response: Any) -> dict[str, Any]:
    """``response``: the body as it comes, and headers. What the SDK would make of it is not asked: it is lenient."""
    body = b""
    for block in response.iter_bytes():
        body += block
        if len(body) > MAX_BODY:
            return {"problem": "its answer is too long"}
    return {"body": body.decode(errors="replace"), "request": response.headers.get("request-id", "")}


def _status(code: int) -> str:
    known = {
        401: "the key is not taken",
        403: "the key may not be used for this",
        404: "there is no such model, or no such address",
        413: "the question is too long",
        429: "it was asked too often, or the account has no credit",
        529: "it is overloaded",
    }
    return f"HTTP {code}: {known[code]}" if code in known else f"HTTP {code}"


if __name__ == "__main__":
    sys.exit(main())
