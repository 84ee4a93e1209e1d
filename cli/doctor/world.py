"""What doctor was pointed at: a data directory with or without a stack, and what the environment says is elsewhere.

Whatever several checks need (a service's status, the broker's account of itself) is asked once, under a time limit, and shared.
"""

import asyncio
import json
import os
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

import httpx

from cli.client import Client
from cli.errors import CommandError
from cli.stack import ports, postgres, state
from cli.stack.errors import StackError
from cli.stack.ports import SERVICES
from cli.stack.state import PartState, StackState
from libs.common.auth import EVERY_BRAND
from libs.common.checks import CannotAsk, in_thread

T = TypeVar("T")
ANSWER_S = 6.0
CHECKS_S = 16.0
"""For a service's own checks: it tries mail servers, and has limits of its own below this one."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A service's `/v1/status`, and when it was asked for and came; `date` is the clock that the service's answer names (whole seconds)."""

    status: dict[str, Any]
    asked: datetime
    answered: datetime
    date: str | None


class Unanswered(Exception):
    """A service told its status, and did not answer when it was asked to check itself: nothing keeps us from asking it, so that is amiss."""


@dataclass
class World:
    """`base_port` none: as the stack that was started here, else 8600."""

    data_dir: Path
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    external: bool = False
    brand: str | None = None
    wanted_base_port: int | None = None
    _shared: "dict[str, asyncio.Task[Any]]" = field(default_factory=dict)

    # --- what runs here -----------------------------------------------------------------------------------------------------------------

    @cached_property
    def state_problem(self) -> str:
        """Why the stack's state cannot be read; empty when it can, or when there is none."""
        try:
            state.observe(self.data_dir)
        except (StackError, OSError) as error:
            return str(error)
        return ""

    @cached_property
    def observed(self) -> StackState | None:
        """The local stack, where one was ever started in the data directory."""
        try:
            return state.observe(self.data_dir)
        except (StackError, OSError):
            return None

    @property
    def runs(self) -> bool:
        """Whether anything of the local stack runs."""
        return self.observed is not None and any(part.pid is not None for part in self.observed.parts.values())

    def part(self, name: str) -> PartState | None:
        return self.observed.parts.get(name) if self.observed and self.runs else None

    @property
    def own_servers(self) -> bool:
        """Whether Kafka and PostgreSQL are the embedded ones."""
        if self.observed is not None and self.runs:
            return not self.observed.external
        return not (self.external or self.environment.get("WEERKLANK_KAFKA"))

    @property
    def base_port(self) -> int:
        if self.wanted_base_port is not None:
            return self.wanted_base_port
        return self.observed.base_port if self.observed else ports.BASE_PORT

    # --- where things are ---------------------------------------------------------------------------------------------------------------

    @property
    def bootstrap(self) -> str:
        """Kafka's address. Raises `CannotAsk` when nobody says where it is."""
        if not (self.runs and self.own_servers) and (told := self.environment.get("WEERKLANK_KAFKA")):
            return told
        part = self.part("kafka")
        if part is not None:
            return f"127.0.0.1:{part.port}"
        raise CannotAsk("No Kafka runs here, and WEERKLANK_KAFKA names none.")

    def database_url(self, service: str) -> str:
        """The URL of a service's database. Raises `CannotAsk` when nobody says where it is."""
        if not (self.runs and self.own_servers) and (told := self.environment.get(f"WEERKLANK_{service.upper()}_DATABASE_URL")):
            return told
        part = self.part("postgres")
        if part is None:
            raise CannotAsk(f"No PostgreSQL runs here, and WEERKLANK_{service.upper()}_DATABASE_URL names none.")
        home = self.data_dir / "postgres"
        try:
            known = json.loads((home / "passwords.json").read_bytes())
        except (OSError, ValueError) as error:
            raise CannotAsk(f"{home / 'passwords.json'} cannot be read ({type(error).__name__}).") from error
        if service not in known:  # asking for its URL would make one up, and doctor changes nothing
            raise CannotAsk(f"{home / 'passwords.json'} has no password of {service}.")
        return postgres.url(home, part.port, service)

    def where(self, service: str) -> str:
        """The URL of a service. Raises `CannotAsk` when it runs nowhere that is known."""
        try:
            return self._client.url(service)
        except (CommandError, StackError) as error:
            raise CannotAsk(f"{service} does not run here, and WEERKLANK_URL_{service.upper()} names none.") from error

    @property
    def services(self) -> list[str]:
        """Those that run, should run, or are named in the environment."""
        return [name for name in SERVICES if self.part(name) is not None or self.environment.get(f"WEERKLANK_URL_{name.upper()}")]

    @cached_property
    def _client(self) -> Client:
        return Client(self.data_dir, self.environment)

    # --- asked once ---------------------------------------------------------------------------------------------------------------------

    async def shared(self, name: str, ask: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """The one answer to a question that several checks have. It goes on where one of them no longer waits."""
        if name not in self._shared:
            self._shared[name] = asyncio.create_task(ask())
        found: T = await asyncio.shield(self._shared[name])
        return found

    async def status(self, service: str) -> Answer:
        """Raises `CannotAsk` when the service does not answer: `service.reachable` says so."""
        return await self.shared(f"status {service}", lambda: self.fresh_status(service))

    async def fresh_status(self, service: str) -> Answer:
        """The same, asked now."""
        url = await in_thread(lambda: self.where(service))
        asked = datetime.now(UTC)
        try:
            answer = await self._get(service, url, "/v1/status", {}, ANSWER_S)
            status = answer.json()
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise CannotAsk(f"{service} at {url} does not answer ({type(error).__name__}).") from error
        if not answer.is_success or not isinstance(status, dict) or "ledger" not in status:
            detail = status.get("detail") if isinstance(status, dict) else None
            raise CannotAsk(f"{service} at {url} answers {answer.status_code}: {detail or 'that is no service of ours'}")
        return Answer(status, asked, datetime.now(UTC), answer.headers.get("date"))

    async def checks(self, service: str) -> httpx.Response:
        """A service's own checks, asked once.

        Raises `CannotAsk` when it does not even tell its status, or there is no token to ask with; `Unanswered` when it does, and its checks
        do not come.
        """
        return await self.shared(f"checks {service}", lambda: self._fresh_checks(service))

    async def _fresh_checks(self, service: str) -> httpx.Response:
        await self.status(service)  # one that is frozen is not waited for twice
        url = self.where(service)
        try:
            token = await in_thread(lambda: self._client.token("admin", EVERY_BRAND))
        except StackError as error:
            raise CannotAsk(f"There is no token to ask with: set WEERKLANK_TOKEN. {error}") from error
        params = {"brand": self.brand} if self.brand else {}
        try:
            async with asyncio.timeout(CHECKS_S):  # httpx's own limit is for each read
                return await self._get(service, url, "/v1/checks", {"authorization": f"Bearer {token}"}, CHECKS_S, params)
        except (httpx.HTTPError, TimeoutError) as error:
            raise Unanswered(f"{service} at {url} does not answer when asked to check itself ({type(error).__name__}).") from error

    async def _get(
        self,
        service: str,
        url: str,
        path: str,
        headers: Mapping[str, str],
        timeout_s: float,
        params: Mapping[str, str] = MappingProxyType({}),
    ) -> httpx.Response:
        # A proxy of this machine has no way to its own services; other hosts are reached as the environment says.
        elsewhere = f"WEERKLANK_URL_{service.upper()}" in self.environment
        async with httpx.AsyncClient(timeout=timeout_s, trust_env=elsewhere) as client:
            return await client.get(url + path, headers=headers, params=params)

    async def close(self) -> None:
        """Let go of what nobody waits for any more."""
        for task in self._shared.values():
            task.cancel()
        await asyncio.wait(self._shared.values(), timeout=1) if self._shared else None
