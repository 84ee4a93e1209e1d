"""A bounded load on a running stack: mentions through ingest, and an agent who answers. Both remember what they were promised."""

import itertools
import random
import re
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx

from tests.asking import ask
from tests.system import System

CITIES = ("Utrecht", "Zwolle", "Breda", "Assen", "Delft", "Gouda", "Tiel", "Ede", "Venlo", "Sneek")
VARIABLE = re.compile(r"\{\w+\}")
PROBLEMS = (
    "mijn internet ligt eruit",
    "mijn rekening klopt niet",
    "waar blijft mijn bestelling",
    "de wifi valt steeds weg",
    "ik wil opzeggen",
)


@dataclass
class Load:
    """Posts batches of ten from a few hundred authors, each batch until it is accepted; stops by itself after `most` mentions."""

    system: System
    name: str
    seed: int
    most: int = 1500
    per_second: int = 75
    accepted: set[str] = field(default_factory=set)
    approved: set[str] = field(default_factory=set)
    refused: int = 0
    _stop: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._threads = [threading.Thread(target=self._write), threading.Thread(target=self._answer)]
        self._random = random.Random(self.seed)

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(120)
            assert not thread.is_alive(), "the load did not stop"

    def finish(self) -> None:
        """Wait until all mentions are accepted: however long a busy machine takes, within the test's own limit."""
        self._threads[0].join(600)
        assert not self._threads[0].is_alive(), f"only {len(self.accepted)} of {self.most} mentions were accepted"

    def _mention(self, number: int) -> dict[str, Any]:
        who = f"{self.name}{self._random.randrange(300)}"
        what = f"{self._random.choice(PROBLEMS)} in {self._random.choice(CITIES)}, al {number} minuten"
        return {
            "channel": "twitter",
            "kind": "post",
            "external_id": f"{self.name}-{number}",
            "author": {"name": who, "identities": [{"kind": "handle", "value": who, "channel": "twitter"}]},
            "text": what,
            "posted_at": datetime.now(UTC).isoformat(),
        }

    def _url(self) -> str:
        """An instance of ingest that is meant to run."""
        live = [s for s in list(self.system.services.values()) if s.name == "ingest" and s.process and s.process.poll() is None]
        return self._random.choice(live).url if live else self.system.url("ingest")

    def _write(self) -> None:
        token = self.system.issuer.token("connector", ["vaart"])
        for first in itertools.takewhile(lambda n: n < self.most, itertools.count(0, 10)):
            batch = [self._mention(number) for number in range(first, first + 10)]
            while True:
                try:
                    answer = ask(
                        "POST",
                        f"{self._url()}/v1/brands/vaart/mentions",
                        json=batch,
                        headers={"authorization": f"Bearer {token}"},
                        timeout=20,
                    )
                    if answer.status_code == 202:
                        self.accepted |= {item["id"] for item in answer.json()["items"]}
                        break
                    assert answer.status_code in (429, 503), answer.text
                except httpx.HTTPError:
                    pass
                self.refused += 1
                if self._stop.wait(0.3):
                    return
            if self._stop.wait(10 / self.per_second):
                return

    def _answer(self) -> None:
        """The writers of drafts complete what a script leaves open, submit, and approve their own text, as the brand book allows."""
        base = self.system.url("responder") + "/v1/brands/vaart/replies"
        with httpx.Client(timeout=10) as client:
            while not self._stop.wait(0.2):
                try:
                    found = client.get(base, params={"state": "draft", "limit": 5}, headers=self._as("admin", "tester"))
                    for reply in found.json()["items"]:
                        self._approve(client, f"{base}/{reply['id']}", reply)
                except (httpx.HTTPError, ValueError, KeyError):
                    continue

    def _approve(self, client: httpx.Client, url: str, reply: dict[str, Any]) -> None:
        headers = self._as("agent", reply["writer"])
        body = {"text": VARIABLE.sub("vijf uur", reply["text"])}
        edited = client.put(url, json=body, headers=headers | {"if-match": f'"{reply["version"]}"'})
        if edited.status_code != 200:
            return
        submitted = client.post(f"{url}/submit", headers=headers | {"if-match": edited.headers["etag"]})
        if submitted.status_code == 200:
            self.approved.add(reply["id"])
            asked = {verdict["code"] for verdict in edited.json()["verdicts"] if verdict["severity"] == "confirm"}
            seen = {"digest": edited.json()["digest"], "confirmed": sorted(asked)}
            client.post(f"{url}/approve", json=seen, headers=headers | {"if-match": submitted.headers["etag"]})

    def _as(self, role: str, subject: str) -> dict[str, str]:
        return {"authorization": f"Bearer {self.system.issuer.token(role, ['vaart'], subject)}"}


def pause(seconds: float) -> None:
    """Let a fault last. A fault's length is part of the scenario; no condition is waited for here."""
    time.sleep(seconds)
