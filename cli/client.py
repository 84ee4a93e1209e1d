"""How the command line finds the five services and speaks to them.

In: the data directory of a local stack, or for services elsewhere ``WEERKLANK_URL_<SERVICE>`` and ``WEERKLANK_TOKEN``, or
``WEERKLANK_CLIENT_ID`` and ``WEERKLANK_CLIENT_SECRET``, which get a token from routing. Out: decoded JSON answers, or one sentence about why there
is none.
"""

import os
import ssl
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from cli import kept
from cli.errors import NOTHING_RUNS, WRONG, CommandError, Refused
from cli.stack import keys, state
from cli.stack.ports import SERVICES

TIMEOUT_S = 30.0
TOKEN_LIFETIME = timedelta(hours=12)


class Client:
    """Calls to the services with a token of the role that each call needs. Close it, or use it in a ``with``."""

    def __init__(self, data_dir: Path, environment: Mapping[str, str] | None = None) -> None:
        self.data_dir = data_dir
        self._environment = os.environ if environment is None else environment
        self._tokens: dict[tuple[str, tuple[str, ...], str], str] = {}
        self._own: tuple[str, float] | None = None
        # A proxy of this machine has no way to its own services. They speak plain HTTP: to read whom to trust takes longer than they do.
        nobody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._open = ExitStack()
        self._local = self._open.enter_context(httpx.Client(timeout=TIMEOUT_S, trust_env=False, verify=nobody))

    @cached_property
    def _elsewhere(self) -> httpx.Client:
        """Other hosts are reached as the environment says."""
        return self._open.enter_context(httpx.Client(timeout=TIMEOUT_S))

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def elsewhere(self, service: str) -> str | None:
        """Where the environment says that a service is; none: in the local stack."""
        return self._environment.get(f"WEERKLANK_URL_{service.upper()}")

    def url(self, service: str) -> str:
        """Where a service answers. Raises ``CommandError`` when nobody says where, or nothing runs here."""
        if service not in SERVICES:
            raise CommandError(f"There is no service {service!r}: it is one of {', '.join(SERVICES)}.", WRONG)
        if told := self.elsewhere(service):
            return told.rstrip("/")
        observed = state.observe(self.data_dir)
        part = observed.parts.get(service) if observed else None
        if part is None or part.pid is None:
            raise CommandError(
                f"No {service} runs on {self.data_dir}: start the stack with 'weerklank up', name its --data-dir, "
                f"or set WEERKLANK_URL_{service.upper()} and WEERKLANK_TOKEN for one elsewhere.",
                NOTHING_RUNS,
            )
        return f"http://127.0.0.1:{part.port}"

    def token(self, role: str, brand: str | Sequence[str], subject: str = "cli") -> str:
        """``WEERKLANK_TOKEN``, one for this machine client, or one that the local stack's own issuer signs for the brand or brands."""
        if told := self._environment.get("WEERKLANK_TOKEN"):
            return told
        client_id, secret = (self._environment.get(f"WEERKLANK_CLIENT_{name}") for name in ("ID", "SECRET"))
        if client_id and secret:
            return self._own_token(client_id, secret)
        brands = (brand,) if isinstance(brand, str) else tuple(brand)
        wanted = (role, brands, subject)
        if wanted not in self._tokens:
            self._tokens[wanted] = local_token(self.data_dir, role, brands, subject, TOKEN_LIFETIME)
        return self._tokens[wanted]

    def _own_token(self, client_id: str, secret: str) -> str:
        """A machine client's own token, asked for again a minute before it expires. Its role and brands are the client's, whatever a call needs."""
        if self._own is None or time.monotonic() > self._own[1]:
            asked = time.monotonic()
            answer = self._ask("routing", "POST", "/v1/oauth/token", data={"grant_type": "client_credentials"}, auth=(client_id, secret))
            if not answer.is_success:
                said = answer.json() if answer.headers.get("content-type") == "application/json" else {}
                why = said.get("error_description", f"it answered {answer.status_code} {answer.reason_phrase}")
                raise Refused(f"routing gives WEERKLANK_CLIENT_ID no token: {why}", answer.status_code, said)
            given = answer.json()
            self._own = given["access_token"], asked + given["expires_in"] - 60
        return self._own[0]

    def send(
        self, service: str, method: str, path: str, brand: str | Sequence[str], *, role: str = "admin", subject: str = "cli", **request: Any
    ) -> httpx.Response:
        """The answer, whatever its status. Raises ``CommandError`` when there is none."""
        self.url(service)
        headers = {"authorization": f"Bearer {self.token(role, brand, subject)}", **request.pop("headers", {})}
        if method == "POST":
            headers.setdefault("idempotency-key", str(uuid4()))
        return self._ask(service, method, path, headers=headers, **request)

    def _ask(self, service: str, method: str, path: str, **request: Any) -> httpx.Response:
        url = self.url(service)
        is_elsewhere = f"WEERKLANK_URL_{service.upper()}" in self._environment
        try:
            return (self._elsewhere if is_elsewhere else self._local).request(method, url + path, **request)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise CommandError(
                f"{service} at {url} does not answer ({type(error).__name__}): 'weerklank status' shows what is the matter."
            ) from error

    def public(self, service: str, path: str, **request: Any) -> Any:
        """The decoded answer to a POST that takes no token. Raises ``Refused`` with the service's own explanation."""
        return answer_of(service, self._ask(service, "POST", path, **request))

    def call(
        self, service: str, method: str, path: str, brand: str | Sequence[str], *, role: str = "admin", subject: str = "cli", **request: Any
    ) -> Any:
        """The decoded answer. Raises ``Refused`` with the service's own explanation."""
        return answer_of(service, self.send(service, method, path, brand, role=role, subject=subject, **request))

    def get(self, service: str, path: str, brand: str, **request: Any) -> Any:
        return self.call(service, "GET", path, brand, **request)

    def items(self, service: str, path: str, brand: str, **request: Any) -> Iterator[dict[str, Any]]:
        """Every item of a paged list."""
        params = dict(request.pop("params", {}))
        while True:
            page = self.get(service, path, brand, params=params, **request)
            yield from page["items"]
            if page["next"] is None:
                return
            params["cursor"] = page["next"]

    def status(self, service: str) -> dict[str, Any]:
        """A service's own account: readiness, lag, ledger. It takes no token."""
        url = self.url(service)
        is_elsewhere = f"WEERKLANK_URL_{service.upper()}" in self._environment
        try:
            answer = (self._elsewhere if is_elsewhere else self._local).get(f"{url}/v1/status", timeout=5)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise CommandError(f"{service} at {url} does not answer ({type(error).__name__}).") from error
        found: dict[str, Any] = answer_of(service, answer)
        return found


def answer_of(service: str, answer: httpx.Response) -> Any:
    """The JSON of a good answer, None where it has no body. Raises ``Refused`` for any other."""
    if answer.is_success:
        return answer.json() if answer.content else None
    problem: dict[str, object] = {}
    try:
        decoded = answer.json()
    except ValueError:
        decoded = None
    if isinstance(decoded, dict):
        problem = decoded
    detail = problem.get("detail") or f"it answered {answer.status_code} {answer.reason_phrase}"
    raise Refused(f"{service}: {detail}", answer.status_code, problem)


def local_token(data_dir: Path, role: str, brands: Sequence[str], subject: str, lifetime: timedelta) -> str:
    """A token of the local stack's issuer. Raises ``StackError`` when no stack was ever started in ``data_dir``."""
    return keys.issue(data_dir, {"sub": subject, "role": role, "brands": list(brands)}, datetime.now(UTC), lifetime)


def known_brands(data_dir: Path) -> list[str]:
    """The brands that ``weerklank apply`` made known from this data directory, oldest first."""
    found = kept.read(data_dir / "brands.json", ", and name the brand with --brand.")
    return [brand for brand in found if isinstance(brand, str)] if isinstance(found, list) else []


def remember_brand(data_dir: Path, brand: str) -> None:
    """Adds to what ``known_brands`` returns."""
    brands = known_brands(data_dir)
    if brand not in brands:
        kept.write(data_dir / "brands.json", [*brands, brand])


def brands_of(data_dir: Path, brand: str | None) -> list[str]:
    """The brand that was named, or every one that is known here. Raises ``CommandError`` when there is none."""
    found = [brand] if brand else known_brands(data_dir)
    if not found:
        raise CommandError("Say which brand with --brand: none was applied from this data directory.", WRONG)
    return found
