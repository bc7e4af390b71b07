"""As much of the SDK as the guard calls, for tests with real processes: the SDK itself takes seconds to load on a busy machine."""

import http.client
import json
from contextlib import contextmanager
from urllib.parse import urlsplit


class APIConnectionError(Exception):
    pass


class APITimeoutError(APIConnectionError):
    pass


class APIStatusError(Exception):
    status_code = 0


class DefaultHttpxClient:
    def __init__(self, **said):
        assert said == {"follow_redirects": False, "trust_env": False}


class _Response:
    def __init__(self, answer):
        self.headers = dict(answer.getheaders())
        self._body = answer.read()

    def iter_bytes(self):
        yield self._body


class Anthropic:
    def __init__(self, *, api_key, base_url, timeout, max_retries, http_client):
        assert max_retries == 0
        assert http_client
        self._key, self._url, self._timeout = api_key, urlsplit(base_url), timeout
        self.messages = self.with_streaming_response = self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    @contextmanager
    def create(self, **request):
        connection = http.client.HTTPConnection(self._url.netloc, timeout=self._timeout)
        connection.request("POST", "/v1/messages", json.dumps(request), {"x-api-key": self._key})
        yield _Response(connection.getresponse())
        connection.close()
