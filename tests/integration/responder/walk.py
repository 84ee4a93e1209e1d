"""People, programs, strangers and the machine do whatever they can to a brand's replies, in any order and at the same time; and what must be so after it.

`Walk.calls` is the test's own record of who approved what: nothing of it comes from the code under test but that the approval was answered as done.
"""

import asyncio
import email.policy
import hashlib
import json
import random
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from typing import Any, NamedTuple
from uuid import UUID, uuid4, uuid5

import httpx
from fastapi.routing import iter_route_contexts

from cli.example_events import _examples
from libs.common.case_events import Case, CaseEvent, CaseMention
from libs.common.delivery_events import DeliveryReported
from libs.common.errors import InvalidEvent
from libs.common.events import Event, HoldScope, Mention, SendingHeld, SendingHold, SendingLease, SendingReleased
from libs.common.incident_events import IncidentEvent
from services.responder import attempts, consumer, expiry, keeper, reviewer, updater
from services.responder.sender import Sender
from services.responder.settings import Settings
from tests.integration.responder.conftest import AT, Direct, case_of, in_reach, mention, real
from tests.integration.responder.desk_person import OURS, AtDesk
from tests.mail_server import MailServer

TEAM = [
    {"id": "gs", "first_name": "Guus", "initials": "gs"},
    {"id": "an", "first_name": "Anke", "initials": "an"},
    {"id": "mk", "first_name": "Mila", "initials": "mk", "role": "lead"},
    {"id": "jur", "first_name": "Jur", "initials": "ju"},
    {"id": "tr", "first_name": "Tess", "initials": "tr", "role": "trainee"},
]
SELF, LEAD = "each their own", "the lead"
RULES: dict[str, list[dict[str, Any]]] = {
    SELF: [
        {"when": {"role": "trainee"}, "by": ["agent"]},
        {"when": {"risk_any": ["press"]}, "by": ["lead"], "also": ["legal"]},
        {"by": ["self", "agent"]},
    ],
    LEAD: [{"by": ["lead"]}],
}
STAFF = {"gs": "agent", "an": "agent", "jur": "agent", "mk": "lead"}
"""Whose approval may count at all, by the test's own word."""


class Actor(NamedTuple):
    subject: str
    role: str
    how: str = ""
    """"": a person of the brand. stranger: of another one. machine, ended, forged: a token that opens nothing, or not that."""


PEOPLE = [Actor(subject, role) for subject, role in STAFF.items()]
OTHERS = [
    Actor("tr", "trainee"),
    Actor("tr", "trainee"),
    Actor("root", "admin"),
    Actor("bot", "trainee", "machine"),
    Actor("bot", "lead", "machine"),
    Actor("mk", "lead", "stranger"),
    Actor("mk", "lead", "ended"),
    Actor("mk", "lead", "forged"),
    Actor("an", "analyst"),
    Actor("in", "connector"),
]


LIKELY = [
    *[("POST", "/v1/brands/{brand}/cases/{case_id}/replies")] * 4,
    *[("POST", "/v1/brands/{brand}/replies/{reply_id}/approve")] * 5,
    ("POST", "/desk/brands/{brand}/replies/{reply_id}/approve"),
    ("POST", "/v1/brands/{brand}/held/approve"),
    ("PUT", "/v1/brands/{brand}/replies/{reply_id}"),
    ("PUT", "/v1/brands/{brand}/replies/{reply_id}/attachments"),
    ("POST", "/v1/brands/{brand}/replies/{reply_id}/submit"),
    ("POST", "/v1/brands/{brand}/updates"),
    ("POST", "/v1/brands/{brand}/updates/{update_id}/approve"),
    ("POST", "/v1/brands/{brand}/delegations"),
]
"""What a walk is full of, so that something leaves at all."""


@dataclass(frozen=True)
class Call:
    """An approval that was answered as done. `rules`: the books that were in force while it was asked."""

    reply_id: str
    actor: Actor
    digest: str
    rules: frozenset[str]
    begun: datetime
    ended: datetime
    update: str | None = None


class What(NamedTuple):
    """What a digest stands for, put together anew."""

    channel: str
    kind: str
    value: str
    text: str
    writer: str | None
    writer_role: str
    press: bool
    post: bool = False


def digest_of(reply: dict[str, Any]) -> str:
    """As the documentation says: SHA-256 of channel, recipient, text, parts and files."""
    to = reply["recipient"]
    key = "\x1f".join((to["kind"], to["value"], reply["visibility"], to["answers"] or ""))
    more: list[Any] = [{"parts": reply["parts"]}] if reply.get("parts") else []
    files = [[file["name"], file["media_type"], file["sha256"], file["alt"]] for file in reply.get("attachments", [])]
    more += [{"files": files}] if files else []
    return hashlib.sha256(json.dumps([reply["channel"], key, reply["text"], *more], separators=(",", ":")).encode()).hexdigest()


def digest_of_post(post: dict[str, Any]) -> str:
    """As the documentation says: SHA-256 of channel, account, text and moment."""
    key = "\x1f".join(("account", post["account"], "public", ""))
    moment = datetime.fromisoformat(post["publish_at"]).astimezone(UTC).isoformat() if post["publish_at"] else None
    return hashlib.sha256(json.dumps([post["channel"], key, post["text"], {"post": moment}], separators=(",", ":")).encode()).hexdigest()


@dataclass
class Walk:
    desk: Direct
    server: MailServer
    rng: random.Random
    people_approve: bool
    calls: list[Call] = field(default_factory=list)
    texts: dict[str, What] = field(default_factory=dict)
    whose: dict[tuple[str, str], What] = field(default_factory=dict)
    """By reply and digest: of two with the same text to the same target, each has its own writer."""
    lent: dict[str, list[datetime]] = field(default_factory=dict)
    cases: dict[UUID, Case] = field(default_factory=dict)
    messages: dict[UUID, list[Mention]] = field(default_factory=dict)
    ids: dict[str, list[str]] = field(default_factory=dict)
    rules: str = SELF
    pilot: bool = True
    holds: dict[UUID, SendingHold] = field(default_factory=dict)
    hold_version: int = 1
    desks: dict[Actor, AtDesk] = field(default_factory=dict)
    strange: list[str] = field(default_factory=list)

    # --- the world ---

    async def begin(self) -> None:
        await self.publish()
        for number, channel in enumerate(("twitter", "email", "email", "twitter")):
            first = mention(self.desk.brand, f"klant{number}", channel)
            case = case_of(first, labels=["storing"] if number == 0 else [], risk=["press"] if number == 2 else [])
            self.cases[case.id], self.messages[case.id] = case, [first]
            await self.desk.says(case)
        self.ids = {"case_id": [str(id) for id in self.cases], "mention_id": [str(m.id) for ms in self.messages.values() for m in ms]}
        if self.rng.random() < 0.5:
            ends_at = (datetime.now(UTC) + timedelta(days=1)).isoformat()
            await self.desk.call("POST", "/delegations", json={"to": "an", "ends_at": ends_at, "reason": "vrij"}, role="lead", subject="mk")
            self.lent["mk>an>"] = [datetime.now(UTC)]
        for actor in (*PEOPLE, OTHERS[0]):
            self.desks[actor] = await AtDesk(self.desk, actor.role, actor.subject).log_in()

    async def publish(self) -> None:
        conduct = {"approvals": RULES[self.rules], "approval_expires": "1h", "legal_check": {"blocks_sending": False}}
        live = {} if self.pilot else real(self.server)
        departments = [{"id": "webcare", "members": ["gs", "an", "mk", "tr"]}, {"id": "legal", "members": ["jur"]}]
        guard = {"severity": [{"codes": ["missing_signature", "wrong_signature"], "severity": "hint"}]}
        voice = {"forbidden_words": ["kosteloos"]}
        hook = {"id": "hook", "type": "webhook", "url": "https://hook.example/in", "for": ["forum"]}
        hook["secret"] = f"env:{self.desk.brand.upper().replace('-', '_')}_HOOK"
        live["channels"] = [*live.get("channels", []), hook]
        await self.desk.publish(team=TEAM, departments=departments, conduct=conduct, guard=guard, voice=voice, **live)

    def settings(self) -> Settings:
        return self.desk.settings(**in_reach(self.server))

    # --- somebody asks ---

    def token(self, actor: Actor) -> str:
        issuer, brand = self.desk.issuer, self.desk.brand
        if actor.how == "machine":
            return issuer.token(actor.role, [brand], actor.subject, client_id=actor.subject)
        if actor.how == "stranger":
            return issuer.token(actor.role, ["other"], actor.subject)
        if actor.how == "ended":
            return issuer.token(actor.role, [brand], actor.subject, exp=datetime.now(UTC) - timedelta(hours=1))
        token = issuer.token(actor.role, [brand], actor.subject)
        return token[:-6] + "AAAAAA" if actor.how == "forged" else token

    async def ask(self, actor: Actor, method: str, path: str, **given: Any) -> httpx.Response:
        """`path` has the brand filled in. A fault of ours is one."""
        headers = {
            "authorization": f"Bearer {self.token(actor)}",
            "if-match": "*",
            "idempotency-key": str(uuid4()),
            **given.pop("headers", {}),
        }
        transport = httpx.ASGITransport(app=self.desk.app, raise_app_exceptions=False)  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            answer = await client.request(method, path, headers=headers, **given)
        if answer.status_code == 500:
            self.strange.append(f"{method} {path}: 500")
        return answer

    def anybody(self) -> Actor:
        return self.rng.choice(PEOPLE if self.rng.random() < 0.7 else OTHERS)

    def one(self, name: str) -> str:
        known = self.ids.get(name) or []
        return self.rng.choice(known[-6:]) if known and self.rng.random() < 0.95 else str(uuid4())

    def fill(self, path: str) -> str:
        brand = self.desk.brand if self.rng.random() < 0.95 else "other"
        more = {"script_id": "storing", "name": "desk.js", "topic": "weerklank.cases.v1", "partition": "0", "key": "p1", "who": "tr"}
        return re.sub(r"\{(\w+)\}", lambda found: brand if found[1] == "brand" else more.get(found[1]) or self.one(found[1]), path)

    # --- what somebody knows of a reply ---

    async def read(self, reply_id: str) -> dict[str, Any] | None:
        answer = await self.desk.call("GET", f"/replies/{reply_id}", role="lead", subject="mk")
        if answer.status_code != 200:
            return None
        found: dict[str, Any] = answer.json()
        self.know(found)
        return found

    def know(self, found: dict[str, Any]) -> None:
        said = bool(found["by_hand"]) or found["keeps"] is not None  # the digest is of that too
        assert said or digest_of(found) == found["digest"], "the digest is not of what is documented"
        to = found["recipient"]
        press = "press" in self.cases[UUID(found["case_id"])].risk
        what = What(found["channel"], to["kind"], to["value"], found["text"], found["writer"], found["writer_role"], press)
        self.texts[found["digest"]] = self.whose[found["id"], found["digest"]] = what

    async def knows_of_approval(self, actor: Actor) -> bool:
        """Whether this one's approval is to be kept from counting in this walk."""
        return self.people_approve or actor.subject not in STAFF or bool(actor.how)

    def done(self, reply_id: str, actor: Actor, digest: str, rules: set[str], begun: datetime, update: str | None = None) -> None:
        self.calls.append(Call(reply_id, actor, digest, frozenset({*rules, self.rules}), begun, datetime.now(UTC), update))

    async def approval(self, actor: Actor) -> tuple[str, dict[str, Any], bool] | None:
        """What they would say to approve a reply that they have read; sometimes of another text than they read."""
        waiting = await self.desk.pool.fetch("select id from reply where brand = $1 and state = 'submitted' order by id", self.desk.brand)
        reply_id = str(self.rng.choice(waiting)["id"]) if waiting and self.rng.random() < 0.8 else self.one("reply_id")
        found = await self.read(reply_id)
        if found is None:
            return None
        forged = self.rng.random() < 0.15 or not await self.knows_of_approval(actor)
        digest = self.rng.choice([*self.texts, "0" * 64]) if forged else found["digest"]
        if digest == found["digest"] and not await self.knows_of_approval(actor):
            digest = "0" * 64
        newest = self.messages[UUID(found["case_id"])][-1].id
        sent = [id for id in self.ids.get("reply_id", []) if id != reply_id]
        body = {
            "digest": digest,
            "confirmed": sorted({verdict["code"] for verdict in found["verdicts"]}),
            "despite": str(newest),
            "despite_reply": self.rng.choice(sent) if sent else None,
        }
        if self.rng.random() < 0.2:
            body["overrides"] = [{"code": verdict["code"], "reason": "zo bedoeld"} for verdict in found["verdicts"]]
        return reply_id, body, digest == found["digest"]

    async def approve(self, actor: Actor, path: str) -> None:
        if (asked := await self.approval(actor)) is None:
            return
        reply_id, body, _ = asked
        brand = path.split("/")[3]
        rules, begun = {self.rules}, datetime.now(UTC)
        path = f"/v1/brands/{brand}/replies/{reply_id}/approve"
        answer = await self.ask(actor, "POST", path, json=body)
        if answer.status_code == 409 and "sibling" in answer.json():
            answer = await self.ask(actor, "POST", path, json={**body, "despite_reply": answer.json()["sibling"]})
        if answer.status_code == 200:
            self.know(answer.json())
            self.done(reply_id, actor, body["digest"], rules, begun)

    async def approve_held(self, actor: Actor, path: str) -> None:
        if (asked := await self.approval(actor)) is None:
            return
        reply_id, body, _ = asked
        rules, begun = {self.rules}, datetime.now(UTC)
        answer = await self.ask(actor, "POST", path, json={"replies": [{"id": reply_id, **body}]})
        if answer.status_code == 200 and reply_id in answer.json()["approved"] + answer.json()["signed"]:
            self.done(reply_id, actor, body["digest"], rules, begun)

    async def approve_at_desk(self, actor: Actor, path: str) -> None:
        if actor not in self.desks or (asked := await self.approval(actor)) is None:
            return
        reply_id, body, _ = asked
        found = await self.read(reply_id)
        assert found is not None
        boxes = {f"confirmed.{code}": "on" for code in body["confirmed"]}
        given = {"digest": body["digest"], "version": str(found["version"]), "despite": body["despite"], **boxes}
        rules, begun = {self.rules}, datetime.now(UTC)
        answer = await self.desks[actor].send(f"/replies/{reply_id}/approve", **given)
        if answer.status_code == 303 and any(f"done={done}" in answer.headers["location"] for done in ("approved", "signed")):
            self.done(reply_id, actor, body["digest"], rules, begun)

    async def approve_update(self, actor: Actor, path: str) -> None:
        update_id = self.one("update_id")
        here = f"/updates/{update_id}"
        found = await self.desk.call("GET", here, role="lead", subject="mk")
        if found.status_code != 200 or found.json()["state"] != "draft":
            return
        listed = (await self.desk.call("GET", f"{here}/conversations", role="lead", subject="mk")).json()["items"]
        digest = found.json()["digest"] if await self.knows_of_approval(actor) else "0" * 64
        body = {"digest": digest, "confirmed": sorted({code for item in listed for code in (item["asks"] or {}).get("confirm", [])})}
        rules, begun = {self.rules}, datetime.now(UTC)
        answer = await self.ask(actor, "POST", path.rsplit("/updates", 1)[0] + f"{here}/approve", json=body)
        if answer.status_code == 200:
            for item in listed:
                if item["state"] == "ready":
                    self.done(f"{update_id}/{item['case_id']}", actor, item["digest"], rules, begun, update=item["text"])

    async def posts(self, actor: Actor, path: str) -> None:
        moment = (datetime.now(UTC) + timedelta(seconds=self.rng.choice((1, 3600)))).isoformat() if self.rng.random() < 0.3 else None
        answer = await self.ask(actor, "POST", path, json={"account": "hook", "text": self.text(), "publish_at": moment})
        if answer.status_code == 201:
            self.keep("post_id", answer.json()["id"])
            self.know_post(answer.json())
            if self.rng.random() < 0.8:
                await self.ask(actor, "POST", f"/v1/brands/{self.desk.brand}/posts/{answer.json()['id']}/submit")

    def know_post(self, found: dict[str, Any]) -> None:
        assert digest_of_post(found) == found["digest"], "the digest is not of what is documented"
        what = What(found["channel"], "account", found["account"], found["text"], found["writer"], found["writer_role"], False, post=True)
        self.texts[found["digest"]] = self.whose[found["id"], found["digest"]] = what

    async def approve_post(self, actor: Actor, path: str) -> None:
        post_id = self.one("post_id")
        answer = await self.desk.call("GET", f"/posts/{post_id}", role="lead", subject="mk")
        if answer.status_code != 200:
            return
        found = answer.json()
        self.know_post(found)
        forged = self.rng.random() < 0.15 or not await self.knows_of_approval(actor)
        others = [digest for digest in self.texts if digest != found["digest"]]
        digest = self.rng.choice([*others, "0" * 64]) if forged else found["digest"]
        body = {"digest": digest, "confirmed": sorted({verdict["code"] for verdict in found["verdicts"]})}
        rules, begun = {self.rules}, datetime.now(UTC)
        answer = await self.ask(actor, "POST", f"/v1/brands/{path.split('/')[3]}/posts/{post_id}/approve", json=body)
        if answer.status_code == 200:
            self.done(post_id, actor, digest, rules, begun)

    async def delegates(self, actor: Actor, path: str) -> None:
        to = self.rng.choice([member["id"] for member in TEAM])
        ends_at = (datetime.now(UTC) + timedelta(days=1)).isoformat()
        begun = datetime.now(UTC)
        answer = await self.ask(actor, "POST", path, json={"to": to, "ends_at": ends_at, "reason": "even weg"})
        if answer.status_code == 201:
            assert to != "tr"
            self.lent[f"{actor.subject}>{to}>{answer.json()['id']}"] = [begun]
            self.keep("delegation_id", answer.json()["id"])

    async def revokes(self, actor: Actor, path: str) -> None:
        answer = await self.ask(actor, "DELETE", path)
        if answer.status_code == 204:
            for name, when in self.lent.items():
                if name.endswith(path.rsplit("/", 1)[1]):
                    when.append(datetime.now(UTC))

    def keep(self, name: str, value: str) -> None:
        known = self.ids.setdefault(name, [])
        if value not in known:
            known.append(value)

    def text(self) -> str:
        who = self.rng.choice(("gs", "an", "mk", "tr"))
        greeting = self.rng.choice(("Hoi Sanne, ", "Hallo, ", "", "Hoi, kosteloos: "))
        signed = {"gs": "Guus", "an": "Anke", "mk": "Mila", "tr": "Tess"}[who] if self.rng.random() < 0.5 else f"^{who}"
        return f"{greeting}ik kijk er nu naar, {self.rng.randrange(10**9)}. {signed}"

    async def writes(self, actor: Actor, path: str) -> None:
        body = {"text": self.text(), "update_due": self.rng.random() < 0.5}
        answer = await self.ask(actor, "POST", path, json=body)
        if answer.status_code == 201:
            self.keep("reply_id", answer.json()["id"])
            self.know(answer.json())
            if self.rng.random() < 0.8:
                await self.ask(actor, "POST", f"/v1/brands/{self.desk.brand}/replies/{answer.json()['id']}/submit")

    async def writes_quickly(self, actor: Actor, path: str) -> None:
        answer = await self.ask(actor, "POST", path, json={"within": "2h"})
        if answer.status_code == 201:
            self.keep("reply_id", answer.json()["id"])
            self.know(answer.json())

    async def attaches(self, actor: Actor, path: str) -> None:
        headers = {"content-type": "application/octet-stream"}
        answer = await self.ask(actor, "PUT", path, params={"name": "stappen.txt"}, content=self.text().encode(), headers=headers)
        if answer.status_code == 200:
            self.know(answer.json())

    async def updates(self, actor: Actor, path: str) -> None:
        answer = await self.ask(actor, "POST", path, json={"texts": {"nl": f"{self.text()}"}, "per_minute": 600})
        if answer.status_code == 201:
            self.keep("update_id", answer.json()["id"])

    def said(self, body: Callable[["Walk"], Any] | None = None, method: str = "POST") -> Callable[[Actor, str], Awaitable[None]]:
        """A request of which nothing has to be known afterwards."""

        async def does(actor: Actor, path: str) -> None:
            given = {} if body is None else {"json": body(self)}
            await self.ask(actor, method, path, **given)

        return does

    def at_desk(self, **values: Callable[["Walk"], str]) -> Callable[[Actor, str], Awaitable[None]]:
        async def does(actor: Actor, path: str) -> None:
            there = self.desks.get(actor)
            given = {name: value(self) for name, value in values.items()}
            if there is None:
                await self.ask(actor, "POST", path, data=given, headers=OURS)
                return
            found = await self.read(path.split("/")[5]) if "/replies/" in path else None
            if found is not None:
                given["version"] = str(found["version"])
            await there.send(path.split("/", 4)[4].join(("/", "")) if "/brands/" in path else "", **given)

        return does

    def recipes(self) -> dict[tuple[str, str], Callable[[Actor, str], Awaitable[None]]]:
        """How each route that changes something is asked. A new route is not in here, and the test fails until somebody has thought of it."""
        brand, desk = "/v1/brands/{brand}", "/desk/brands/{brand}"
        reply, reply_desk = f"{brand}/replies/{{reply_id}}", f"{desk}/replies/{{reply_id}}"
        practice, post = f"{brand}/practice", f"{brand}/posts/{{post_id}}"
        note = lambda _: {"note": "zo"}  # noqa: E731
        invented = lambda walk: {"channel": "twitter", "customer": "Sanne", "text": "hallo?", "model_answer": walk.text()}  # noqa: E731
        reason = lambda _: {"reason": "zo"}  # noqa: E731
        digest = lambda walk: walk.rng.choice([*walk.texts, "0"])  # noqa: E731
        fact = lambda walk: {"title": "Feit", "text": walk.text(), "source": "een collega"}  # noqa: E731
        script = lambda walk: {"id": f"s{walk.rng.randrange(99)}", "text": walk.text()}  # noqa: E731
        return {
            ("POST", f"{brand}/cases/{{case_id}}/replies"): self.writes,
            ("PUT", reply): self.said(lambda walk: {"text": walk.text(), "in_parts": walk.rng.random() < 0.3}, "PUT"),
            ("POST", f"{brand}/cases/{{case_id}}/quick"): self.writes_quickly,
            ("POST", f"{brand}/preview"): self.said(lambda walk: {"text": walk.text(), "channels": ["twitter"], "member": "gs"}),
            ("POST", f"{brand}/script-suggestions/{{proposal_id}}/dismiss"): self.said(),
            ("POST", f"{brand}/snippets"): self.said(fact),
            ("PUT", f"{brand}/snippets/{{snippet_id}}"): self.said(fact, "PUT"),
            ("DELETE", f"{brand}/snippets/{{snippet_id}}"): self.said(method="DELETE"),
            ("POST", f"{brand}/snippets/{{snippet_id}}/review"): self.said(lambda _: {"valid_until": None}),
            ("PUT", f"{reply}/promises"): self.said(lambda walk: {"promises": [], "none": []}, "PUT"),
            ("POST", f"{reply}/submit"): self.said(),
            ("POST", f"{reply}/legal-check"): self.said(lambda walk: {"digest": digest(walk), "note": "gelezen"}),
            ("POST", f"{reply}/approve"): self.approve,
            ("POST", f"{reply}/discard"): self.said(reason),
            ("POST", f"{reply}/confirm"): self.said(lambda walk: {"sent": walk.rng.random() < 0.5, "note": "gezien"}),
            ("POST", f"{reply}/return"): self.said(note),
            ("POST", f"{reply}/coaching"): self.said(note),
            ("POST", f"{brand}/guard"): self.said(lambda walk: {"text": walk.text(), "channel": "twitter", "member": "gs"}),
            ("POST", f"{brand}/held/approve"): self.approve_held,
            ("POST", f"{brand}/updates"): self.updates,
            ("POST", f"{brand}/updates/{{update_id}}/approve"): self.approve_update,
            ("POST", f"{brand}/updates/{{update_id}}/stop"): self.said(reason),
            ("POST", f"{brand}/posts"): self.posts,
            ("PUT", post): self.said(lambda walk: {"text": walk.text()}, "PUT"),
            ("POST", f"{post}/submit"): self.said(),
            ("POST", f"{post}/return"): self.said(note),
            ("POST", f"{post}/legal-check"): self.said(lambda walk: {"digest": digest(walk), "note": "gelezen"}),
            ("POST", f"{post}/approve"): self.approve_post,
            ("POST", f"{post}/discard"): self.said(reason),
            ("POST", f"{post}/confirm"): self.said(lambda walk: {"sent": walk.rng.random() < 0.5, "note": "gezien"}),
            ("POST", f"{brand}/overrides/{{override_id}}/review"): self.said(lambda _: {"verdict": "fine", "note": "zo"}),
            ("POST", f"{brand}/delegations"): self.delegates,
            ("DELETE", f"{brand}/delegations/{{delegation_id}}"): self.revokes,
            ("POST", f"{brand}/scripts"): self.said(script),
            ("PUT", f"{brand}/scripts/{{script_id}}"): self.said(lambda walk: {"text": walk.text()}, "PUT"),
            ("DELETE", f"{brand}/scripts/{{script_id}}"): self.said(method="DELETE"),
            ("POST", f"{brand}/cases/{{case_id}}/suggestions"): self.said(lambda _: {}),
            ("POST", "/desk/log-in"): self.at_desk(token=lambda _: "x"),
            ("POST", "/desk/leave"): self.said(),
            ("POST", "/desk/language"): self.at_desk(language=lambda _: "nl"),
            ("POST", f"{desk}/cases/{{case_id}}/replies"): self.at_desk(),
            ("POST", f"{reply_desk}/save"): self.at_desk(text=lambda walk: walk.text()),
            ("POST", f"{reply_desk}/submit"): self.at_desk(text=lambda walk: walk.text()),
            ("POST", f"{reply_desk}/approve"): self.approve_at_desk,
            ("POST", f"{reply_desk}/discard"): self.at_desk(reason=lambda _: "zo"),
            ("POST", f"{reply_desk}/confirm"): self.at_desk(reached=lambda walk: walk.rng.choice(("yes", "no")), note=lambda _: "gezien"),
            ("POST", f"{reply_desk}/check"): self.at_desk(text=lambda walk: walk.text()),
            ("POST", f"{reply_desk}/return"): self.at_desk(note=lambda _: "zo"),
            ("PUT", f"{reply}/attachments"): self.attaches,
            ("DELETE", f"{reply}/attachments/{{attachment_id}}"): self.said(method="DELETE"),
            ("POST", f"{practice}/messages"): self.said(lambda walk: {"key": f"p{walk.rng.randrange(9)}", **invented(walk)}),
            ("PUT", f"{practice}/messages/{{key}}"): self.said(invented, "PUT"),
            ("PUT", f"{practice}/messages"): self.said(lambda walk: [{"key": "p1", **invented(walk)}], "PUT"),
            ("DELETE", f"{practice}/messages/{{key}}"): self.said(method="DELETE"),
            ("POST", f"{practice}/sessions"): self.said(lambda _: {"messages": 1}),
            ("POST", f"{practice}/sessions/{{session_id}}/answers"): self.said(lambda walk: {"position": 1, "text": walk.text()}),
            ("POST", f"{practice}/sessions/{{session_id}}/end"): self.said(),
            ("DELETE", f"{practice}/sessions/{{session_id}}"): self.said(method="DELETE"),
            ("DELETE", f"{practice}/people/{{who}}"): self.said(method="DELETE"),
            ("POST", f"{brand}/dead-letters/replay"): self.said(lambda _: {"topic": "weerklank.cases.v1", "key": "x"}),
            ("POST", f"{brand}/dead-letters/drop"): self.said(lambda _: {"topic": "weerklank.cases.v1", "key": "x"}),
            ("POST", "/v1/stream/resume"): self.said(lambda _: {"topic": "weerklank.cases.v1"}),
            ("PUT", "/v1/stream/positions/{topic}/{partition}"): self.said(lambda _: {"next_offset": 0}, "PUT"),
        }

    def routes(self) -> list[tuple[str, str]]:
        found = [(method, str(route.path)) for route in iter_route_contexts(self.desk.app.routes) for method in route.methods or ()]  # type: ignore[union-attr]
        return sorted(set(found))

    async def somebody_asks(self, key: tuple[str, str] | None = None) -> None:
        weights = self.routes()
        likely = [
            one
            for one in weights
            if one[1].endswith(("/approve", "/submit", "/cases/{case_id}/replies", "/replies/{reply_id}", "/updates"))
        ]
        method, path = key or self.rng.choice(weights if self.rng.random() < 0.4 else likely)
        does = self.recipes().get((method, path), self.said(method=method))
        await does(self.anybody(), self.fill(path))

    async def somebody_answers(self) -> None:
        """What people are here for: one writes and submits, others approve; each as far as the rest of the world lets them."""
        brand = f"/v1/brands/{self.desk.brand}"
        if self.rng.random() < 0.3:
            await self.posts(self.rng.choice([*PEOPLE, OTHERS[0]]), f"{brand}/posts")
            await self.approve_post(self.rng.choice(PEOPLE), f"{brand}/posts/{{post_id}}/approve")
        await self.writes(self.rng.choice([*PEOPLE, OTHERS[0]]), f"{brand}/cases/{self.one('case_id')}/replies")
        for _ in range(2):
            does = self.rng.choice((self.approve, self.approve, self.approve_at_desk))
            await does(self.rng.choice(PEOPLE), f"{brand}/replies/{{reply_id}}/approve")

    async def ends_well(self) -> None:
        """All holds are released, and what was approved leaves."""
        while any(one.released_at is None for one in self.holds.values()):
            await self.about_holds(SendingReleased)
        await self.keep_up()
        for _ in range(4):
            await self.somebody_answers()
            await self.sends()
        await self.everybody_is_told()
        for _ in range(3):
            await self.sends()
        for _ in range(20):
            if await self.left():
                break
            await self.somebody_answers()
            await self.sends()

    async def everybody_is_told(self) -> None:
        """An update to many, and its approval."""
        brand = f"/v1/brands/{self.desk.brand}"
        await self.updates(self.rng.choice(PEOPLE), f"{brand}/updates")
        for _ in range(4):
            await updater.step(self.desk.pool, self.desk.service.books)
        await self.approve_update(self.rng.choice(PEOPLE), f"{brand}/updates/{{update_id}}/approve")
        for _ in range(4):
            await updater.step(self.desk.pool, self.desk.service.books)

    async def keep_up(self) -> None:
        for does in (keeper.keep, expiry.put_back, reviewer.ask):
            await does(self.desk.pool, self.desk.service.books)

    # --- routing tells ---

    def changed(self) -> Case:
        """Another word on a case: mostly what matters to a reply."""
        case = self.cases[self.rng.choice(list(self.cases))]
        do = self.rng.random()
        if do < 0.25:
            channel = case.channel
            newer = mention(self.desk.brand, f"m{uuid4().hex[:8]}", channel).model_copy(update={"author": self.messages[case.id][0].author})
            self.messages[case.id].append(newer)
            parts = [CaseMention(id=m.id, channel=m.channel, visibility=m.visibility, received_at=AT) for m in self.messages[case.id]]
            case = case.model_copy(update={"latest": newer, "mentions": parts, "state": "open"})
        elif do < 0.4:
            case = case.model_copy(update={"owner": self.rng.choice(("gs", "an", "mk", None))})
        elif do < 0.5:
            case = case.model_copy(update={"state": self.rng.choice(("resolved", "waiting", "closed"))})
        else:
            case = case.model_copy(update={"state": "open"})
        self.cases[case.id] = case
        return case

    async def told(self, kind: type[Event]) -> None:
        """An event of this kind, now and then the one before it again. An example of each kind is what the documentation shows."""
        if issubclass(kind, SendingHeld | SendingReleased | SendingLease):
            await self.about_holds(kind)
            return
        event = EXAMPLES[kind]
        brand = self.desk.brand
        if isinstance(event, CaseEvent):
            case = self.changed()
            event = event.model_copy(update={"brand": brand, "case": case, "at": datetime.now(UTC)})
            version = self.desk.versions[case.id] = self.desk.versions[case.id] + self.rng.choice((0, 1, 1, 1, 1))
            subject = str(case.id)
        elif isinstance(event, IncidentEvent):
            event = event.model_copy(update={"brand": brand, "incident": event.incident.model_copy(update={"brand": brand})})
            subject, version = str(event.incident.id), self.rng.randrange(1, 9)
        else:
            assert isinstance(event, DeliveryReported), f"{kind.__name__}: say here what it is like"
            status = self.rng.choice(("failed", "delivered", "relayed", "odd"))
            event = event.model_copy(update={"brand": brand, "reply_id": UUID(self.one("reply_id")), "message_id": None, "status": status})
            subject, version = str(event.report_id), 1
        try:
            await self.desk.tell(event, subject, version, subject)
        except InvalidEvent:
            pass

    async def about_holds(self, kind: type[Event]) -> None:
        brand, book_version = self.desk.brand, self.desk.service.books.version(self.desk.brand)
        if kind is SendingHeld:
            self.hold_version += 1
            scope = HoldScope() if self.rng.random() < 0.15 else HoldScope(case_ids=[self.rng.choice(list(self.cases))])
            one = SendingHold(
                id=uuid4(), version=self.hold_version, laid_version=self.hold_version, scope=scope, reason="storing", by="mk", since=AT
            )
            self.holds[one.id] = one
        elif kind is SendingReleased:
            standing = [one for one in self.holds.values() if one.released_at is None]
            if not standing:
                return
            self.hold_version += 1
            ended = self.rng.choice(standing).model_copy(
                update={"version": self.hold_version, "released_at": datetime.now(UTC), "released_by": "mk"}
            )
            one = self.holds[ended.id] = ended
        else:
            held = any(one.released_at is None and one.scope.everything for one in self.holds.values())
            lease = SendingLease(
                brand=brand, held=held, hold_version=self.hold_version, holds=list(self.holds.values()), book_version=book_version
            )
            await self.desk.tell(lease, brand, self.hold_version, brand)
            return
        held = any(each.released_at is None and each.scope.everything for each in self.holds.values())
        assert issubclass(kind, SendingHeld | SendingReleased)
        event = kind(
            brand=brand,
            hold=one,
            holds=list(self.holds.values()),
            held=held,
            hold_version=self.hold_version,
            at=datetime.now(UTC),
            actor="mk",
        )
        await self.desk.tell(event, brand, self.hold_version, brand)

    # --- the machine, the book and the clock ---

    def sender(self) -> Sender:
        return Sender(self.desk.pool, self.desk.service.books, self.desk.service.relay, self.settings())

    async def sends(self) -> None:
        await self.about_holds(SendingLease)
        sender = self.sender()
        await sender.claim()
        await sender.idle()

    async def dies(self) -> None:
        """A process is gone after its claim, or in the midst of sending."""
        await self.about_holds(SendingLease)
        sender = self.sender()
        await sender.claim()
        for _ in range(self.rng.randrange(6)):
            await asyncio.sleep(0)
        for task in list(sender._sending._tasks):
            task.cancel()
        await asyncio.gather(*sender._sending._tasks, return_exceptions=True)

    async def sweeps(self) -> None:
        """So long after a claim that its process is taken for gone, whether it is or not."""
        await self.desk.pool.execute(
            "update reply set claimed_at = claimed_at - interval '1 hour', next_attempt_at = next_attempt_at - interval '1 hour' "
            "where brand = $1 and state in ('sending', 'unconfirmed')",
            self.desk.brand,
        )
        sender = self.sender()
        await sender.look()
        await sender.idle()
        await sender.sweep_once()

    async def time_passes(self) -> None:
        """So much that approvals run out."""
        await self.desk.pool.execute(
            "update reply set approved_at = approved_at - interval '2 hours' where brand = $1 and state = 'approved'", self.desk.brand
        )

    async def book_changes(self) -> None:
        if self.rng.random() < 0.5:
            self.pilot = not self.pilot
        else:
            self.rules = SELF if self.rules == LEAD else LEAD
        await self.publish()

    async def background(self) -> None:
        pool, books = self.desk.pool, self.desk.service.books
        await self.rng.choice((keeper.keep, expiry.put_back, reviewer.ask, updater.step))(pool, books)

    async def attempt_that_nobody_holds(self) -> None:
        """Whoever claims, by hand: what it takes is only what was approved."""
        async with self.desk.pool.acquire() as connection, connection.transaction():
            await attempts.claim(
                connection, by="x", books=dict(self.desk.service.books), limit=2, room=dict.fromkeys([self.desk.brand], 2), lease_s=30
            )

    async def step(self) -> None:
        """Two or three things at the same moment."""
        kinds = list(consumer.HANDLERS)
        doings: list[Callable[[], Awaitable[None]]] = []
        for _ in range(self.rng.choice((1, 2, 3))):
            do = self.rng.random()
            if do < 0.2:
                doings.append(self.somebody_answers)
            elif do < 0.6:
                doings.append(self.somebody_asks)
            elif do < 0.7:
                kind = self.rng.choice(kinds if self.rng.random() < 0.7 else [SendingHeld, SendingReleased, SendingReleased])
                doings.append(lambda kind=kind: self.told(kind))  # type: ignore[misc]
            elif do < 0.82:
                doings.append(self.sends)
            elif do < 0.85:
                doings.append(self.dies)
            elif do < 0.86:
                doings.append(self.everybody_is_told)
            elif do < 0.9:
                doings.append(self.sweeps)
            elif do < 0.96:
                doings.append(self.background)
            else:
                doings.append(self.rng.choice((self.time_passes, self.book_changes, self.attempt_that_nobody_holds)))
        await asyncio.gather(*(doing() for doing in doings))

    # --- what must be so ---

    async def left(self) -> list[tuple[str, str, str, str]]:
        """(reply, text, channel, address) of all that reached the sandbox or the mail server."""
        rows = await self.desk.pool.fetch("select reply_id, text, channel, recipient from sandbox_outbox where brand = $1", self.desk.brand)
        found = [(str(row["reply_id"]), row["text"], row["channel"], row["recipient"]["value"]) for row in rows]
        ids = [row["id"] for row in await self.desk.pool.fetch("select id from reply where brand = $1", self.desk.brand)]
        digests = {*self.texts, *(call.digest for call in self.calls)}
        marked = {str(uuid5(id, digest)): str(id) for id in ids for digest in digests}
        for raw in self.server.received:
            mail = message_from_bytes(raw, policy=email.policy.default)
            body = mail.get_body(("plain",))
            assert body is not None
            marker = str(mail["Message-ID"]).strip("<>")[:36]
            assert marker in marked, f"nobody approved the mail that left: {body.get_content()!r}"
            found.append((marked[marker], body.get_content(), "email", str(mail["To"])))
        return found

    async def judge(self) -> int:
        """Whatever left has approvals of exactly that text to that target, by people who were allowed to give them. How many left."""
        assert not self.strange, self.strange
        left = await self.left()
        for reply_id, text, channel, address in left:
            row = await self.desk.pool.fetchrow("select * from reply where id = $1 and brand = $2", UUID(reply_id), self.desk.brand)
            assert row is not None, "something left that is no reply of this brand"
            of_update = f"{row['update_id']}/{row['case_id']}"
            calls = [
                call
                for call in self.calls
                if (call.reply_id == reply_id and (what := self.texts.get(call.digest)) and self.is_it(what, text, channel, address))
                or (call.reply_id == of_update and call.update is not None and same(call.update, text) and call.digest == row["digest"])
            ]
            assert calls, f"nobody approved what left as {reply_id}: {text!r} to {address}"
            whose = [self.whose.get((call.reply_id, call.digest)) for call in calls]
            assert self.allowed(calls), f"nobody who might approved what left as {reply_id}: {calls}, {whose}"
        return len(left)

    def is_it(self, what: What, text: str, channel: str, address: str) -> bool:
        return what.channel == channel and what.value == address and same(what.text, text)

    def allowed(self, calls: list[Call]) -> bool:
        return any(self.may(call, calls) for call in calls)

    def may(self, last: Call, calls: list[Call]) -> bool:
        """Whether this approval, with those before it, is what one of the books asks that were in force when it was given."""
        people = [call for call in calls if call.ended <= last.ended and call.actor.subject in STAFF and not call.actor.how]
        if last not in people:
            return False
        what = self.whose.get((last.reply_id, last.digest)) or self.texts.get(last.digest)
        if what is None:  # of an update, whose writers are people of the brand
            return any(STAFF[last.actor.subject] == "lead" or LEAD not in last.rules or len(last.rules) > 1 for _ in (0,)) or self.lends(
                last
            )
        if LEAD in last.rules and any(
            call.actor.subject != what.writer and (call.actor.role == "lead" or self.lends(call)) for call in people
        ):
            return True
        if SELF not in last.rules:
            return False
        if what.post:
            return any(call.actor.subject != what.writer for call in people)
        if what.writer_role == "trainee":
            return last.actor.subject != what.writer
        if what.press:
            leads = {call.actor.subject for call in people if call.actor.role == "lead" or self.lends(call)}
            legal = {call.actor.subject for call in people if call.actor.subject == "jur" or self.lends(call, "jur")}
            return any(one != other for one in leads - {what.writer} for other in legal - {what.writer})
        return True

    def lends(self, call: Call, who: str = "mk") -> bool:
        """Whether that one let them approve in their place for at least a moment of the call."""
        return any(
            name.startswith(f"{who}>{call.actor.subject}>") and when[0] <= call.ended and (len(when) == 1 or call.begun <= when[-1])
            for name, when in self.lent.items()
        )


def same(one: str, other: str) -> bool:
    """Mail ends its lines its own way."""
    return one.split() == other.split()


EXAMPLES: dict[type[Event], Event] = {type(event): event for event in _examples()}
