"""Requests of tests to servers on this machine."""

from typing import Any

import httpx

_CERTIFICATES = httpx.create_ssl_context()
"""Read once: it takes longer than most answers, and tests ask thousands of times."""


def ask(method: str, url: str, **request: Any) -> httpx.Response:
    """By a connection of its own: the server may have been killed since the last."""
    return httpx.request(method, url, verify=_CERTIFICATES, trust_env=False, **request)
