"""Brands never mix: every operation of every running service, asked by a brand about another brand's rows.

The operations come from the services' own OpenAPI documents; one that `TABLE` does not know fails the first test. Dijk and Duin are two brands
of one contact centre (example data), with the same person working for both: the same subject in both tokens.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import httpx
import jwt
import pytest
from aiokafka import AIOKafkaConsumer
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests import asking
from tests.e2e.taught import taught
from tests.system import NO_MODEL, SERVICES, System
from tests.tokens import Issuer
from tests.waiting import eventually

BOOKS = {
    brand: f"""
brand: {brand}
name: {name}
languages: [nl]
labels: [{{name: {label}, department: {department}, examples: ["de {label} is weg", "waar is de {label}", "{label} gezocht"]}}]
departments: [{{id: {department}, members: [mk]}}]
routing: [{{when: {{}}, department: {department}, tell: [lead]}}]
fallback: {department}
drafting: {{model: true}}
fields: [{{id: vak}}]
team: [{{id: mk, first_name: Mila, initials: mk, role: lead}}, {{id: pb, first_name: Pim, initials: pb, capacity: 0}}]
channels: [{{id: brug, type: webhook, for: [forum], url: "https://brug.{brand}.example/in", secret: "env:{brand.upper()}_BRUG"}}]
scripts: [{{id: {label}-script, language: nl, text: "{{groet}}, ik kijk naar de {label}. {{handtekening}}"}}]
"""
    for brand, name, label, department in (("dijk", "Dijkgraaf", "kruin", "dijkwacht"), ("duin", "Duinwaard", "zandbank", "strandpost"))
}
OURS = ("Dijkgraaf", "kruin", "dijkwacht", "dijkganger")
THEIRS = ("Duinwaard", "zandbank", "strandpost", "duinganger")
"""Words that only Duin's book and customers have; with the ids of its rows they are what must never reach Dijk."""
SEEDS = 27
PASSWORD = {"password": "vijf woorden die niemand raadt"}
LETTERS = {"ingest": "mentions", "triage": "mentions", "routing": "triaged", "responder": "cases", "analytics": "triaged"}
"""A topic that each service reads, for an event that was set aside."""


@dataclass
class World:
    """Two brands on one system; `seeds[n]` has the ids of one mention of Duin and of all that came of it."""

    system: System
    seeds: list[dict[str, str]] = field(default_factory=list)
    letters: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)

    def ask(self, brand: str, service: str, method: str, path: str, role: str = "lead", **given: Any) -> httpx.Response:
        """A request by somebody of `brand`."""
        return self.system.call(service, method, path, role=role, brand=brand, subject="mk", **given)

    def get(self, service: str, path: str, **params: Any) -> Any:
        """What Duin sees of its own."""
        answer = self.ask("duin", service, "GET", f"/v1/brands/duin{path}", params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def leaks(self, text: str) -> list[str]:
        """What of Duin's is in an answer."""
        ids = {value for seed in self.seeds for name, value in seed.items() if name not in ("import_id", "version", "account", "finding")}
        return [word for word in (*THEIRS, *sorted(ids)) if word.lower() in text.lower()]

    def reply(self, n: int) -> dict[str, Any]:
        found: dict[str, Any] = self.get("responder", f"/replies/{self.seeds[n]['reply_id']}")
        return found

    def submitted(self, n: int) -> dict[str, Any]:
        """A reply that waits for approval."""
        if self.reply(n)["state"] == "draft":
            answer = self.ask("duin", "responder", "POST", f"/v1/brands/duin/replies/{self.seeds[n]['reply_id']}/submit")
            assert answer.status_code == 200, answer.text
        return self.reply(n)


def mention(brand: str, n: int) -> dict[str, Any]:
    label, who = ("kruin", "dijkganger") if brand == "dijk" else ("zandbank", "duinganger")
    return {
        "channel": "twitter",
        "external_id": f"post-{n}",
        "author": {"name": f"{who.title()}", "identities": [{"kind": "handle", "value": f"{who}{n}"}]},
        "text": f"waar is de {label} gebleven, ik zoek hem al {n + 2} dagen",
        "posted_at": datetime.now(UTC).isoformat(),
    }


@pytest.fixture(scope="module")
def world(home: Path) -> Iterator[World]:
    system = System(home, environment=NO_MODEL)
    try:
        system.start()
        for brand, book in BOOKS.items():
            system.apply(book, brand)
        found = World(system)
        assert found.ask("dijk", "ingest", "POST", "/v1/brands/dijk/mentions", json=[mention("dijk", n) for n in range(2)]).is_success
        path = "/v1/brands/duin/mentions?import_id=oogst"
        taken = found.ask("duin", "ingest", "POST", path, json=[mention("duin", n) for n in range(SEEDS)])
        assert taken.status_code == 202, taken.text
        for item in taken.json()["items"]:
            found.seeds.append(eventually(lambda id=item["id"]: _seed(found, id), "a mention has a case and a draft", 60))
        system.psql(taught("duin", found.seeds[0]["mention_id"], "sentiment"))
        access = _access(found)
        _asked(found)
        _told(found)
        for seed in found.seeds:
            seed.update(access)
            seed.update(_incident(found, seed["case_id"]))
        for seed in found.seeds[1:3]:
            path = f"/v1/brands/duin/cases/{seed['case_id']}/notes"
            seed["note_id"] = found.ask("duin", "routing", "POST", path, json={"text": "de duinganger belt nog"}).json()["id"]
        eventually(lambda: found.get("analytics", "/summary")["drafts_waiting"] == SEEDS, "analytics knows it all", 60)
        for n in (2, 4):
            found.seeds[n]["attachment_id"] = _attached(found, n)
        updates = [_update(found, n) for n in (22, 23)]
        for n, seed in enumerate(found.seeds):
            seed["update_id"] = updates[n == 23]
        found.seeds[0].update(_practice(found))
        for n in range(7):
            found.seeds[n]["post_id"] = _posted(found, n)
        for n in (0, 1):
            found.seeds[n].update(_written(found, n))
        found.seeds[17]["suggestion_id"] = found.ask(
            "duin", "responder", "POST", f"/v1/brands/duin/cases/{found.seeds[17]['case_id']}/suggestions", json={}
        ).json()["id"]
        yield found
    finally:
        system.stop()


def _access(world: World) -> dict[str, str]:
    """A machine client, a user and a view of Duin, and what somebody did to many of its cases."""
    client = world.ask("duin", "routing", "POST", "/v1/brands/duin/clients", "admin", json={"name": "Strandpost", "role": "analyst"}).json()
    user = PASSWORD | {"id": "duinganger-mk", "role": "agent"}
    assert world.ask("duin", "routing", "POST", "/v1/brands/duin/users", "admin", json=user).status_code == 201
    body = {"name": "Strandpost", "shared": "everyone"}
    view_id = world.ask("duin", "routing", "POST", "/v1/brands/duin/views", json=body).json()["id"]
    bulk_id = world.ask("duin", "routing", "POST", "/v1/brands/duin/bulk", json=_bulk_body(world, 21)).json()["id"]
    made = {
        "client_id": client["id"],
        "secret_id": client["secrets"][0]["id"],
        "user_id": user["id"],
        "view_id": view_id,
        "bulk_id": bulk_id,
    }
    return made | {"hold_id": world.ask("duin", "routing", "POST", "/v1/brands/duin/holds", json=_hold_body(world, 21)).json()["id"]}


def _incident(world: World, case_id: str) -> dict[str, str]:
    """An incident of Duin about a case of its, with a task."""
    path = "/v1/brands/duin/incidents"
    said = {"title": "De zandbank verschuift", "why": "Een duinganger meldt het.", "case_ids": [case_id]}
    incident_id = world.ask("duin", "routing", "POST", path, json=said).json()["incident"]["id"]
    task = {"title": "Naar de zandbank kijken", "owner": "mk"}
    answer = world.ask("duin", "routing", "POST", f"{path}/{incident_id}/tasks", json=task)
    assert answer.status_code == 201, answer.text
    return {"incident_id": incident_id, "task_id": answer.json()["incident"]["tasks"][0]["id"]}


def _asked(world: World) -> None:
    """For each mention of Duin a question whether it and the next are one issue, and a topic."""
    for seed, following in zip(world.seeds, [*world.seeds[1:], world.seeds[0]], strict=True):
        seed.update(
            override_id=str(uuid4()),
            delegation_id=str(uuid4()),
            suggestion_id=str(uuid4()),
            topic_id=str(uuid4()),
            callback_id=str(uuid4()),
            promise_id=str(uuid4()),
            notice_id=str(uuid4()),
        )
        seed.update(consultation_id=str(uuid4()))
        one, other = sorted((seed["mention_id"], following["mention_id"]))
        world.system.psql(
            "insert into triage.suggestion (id, brand, mention_id, other_id, score, evidence, state, version, created_at) values "
            f"('{seed['suggestion_id']}', 'duin', '{one}', '{other}', 0.6, "
            '\'[{"kind": "name", "against": false, "said": "duinganger"}]\', \'open\', 1, now()); '
            "insert into triage.topic (id, brand, kind, why, first_at, last_at, customers, mentions) values "
            f"('{seed['topic_id']}', 'duin', 'event', 'zandbank', now(), now(), 1, 1); "
            f"update triage.mention set topic_id = '{seed['topic_id']}' where id = '{seed['mention_id']}'"
        )


def _ended(world: World, n: int) -> dict[str, Any]:
    """A question to a department of Duin was withdrawn, and can be asked again."""
    world.system.psql(
        "set search_path = routing; update consultation set state = 'withdrawn', department = 'strandpost', version = version + 1 "
        f"where id = '{world.seeds[n]['consultation_id']}'"
    )
    return {"reason": "de duinganger belde weer"}


def _attached(world: World, n: int) -> str:
    """A file on a draft of Duin."""
    path = f"/v1/brands/duin/replies/{world.seeds[n]['reply_id']}/attachments"
    given: dict[str, Any] = {"content": b"waar de zandbank lag\n", "headers": {"content-type": "application/octet-stream"}}
    answer = world.ask("duin", "responder", "PUT", path, params={"name": "zandbank.txt"}, **given)
    assert answer.status_code == 200, answer.text
    attachment_id: str = answer.json()["attachments"][0]["id"]
    return attachment_id


def _update(world: World, n: int) -> str:
    """An update that waits for approval, to a duinganger who was told that we are looking into it."""
    world.system.psql(
        "set session_replication_role = replica; "  # past the triggers that let nothing be sent which nobody approved
        "update responder.reply set state = 'sent', sandbox = true, update_due = true, approved_at = now(), sent_at = now(), version = version + 1 "
        f"where id = '{world.seeds[n]['reply_id']}'"
    )
    path = "/v1/brands/duin/updates"
    written = world.ask("duin", "responder", "POST", path, json=_update_body(world, n))
    assert written.status_code == 201, written.text
    update_id: str = written.json()["id"]
    eventually(lambda: world.get("responder", f"/updates/{update_id}")["state"] == "draft", "the update waits for approval")
    return update_id


def _posted(world: World, n: int) -> str:
    """A post of Duin, by somebody else than who approves it: submitted, but for the first two."""
    body = {"account": "brug", "text": "De zandbank ligt er weer."}
    path = "/v1/brands/duin/posts"
    pim: dict[str, Any] = {"role": "agent", "brand": "duin", "subject": "pb"}
    written = world.system.call("responder", "POST", path, json=body, **pim)
    assert written.status_code == 201, written.text
    post_id: str = written.json()["id"]
    if n > 1:
        assert world.system.call("responder", "POST", f"{path}/{post_id}/submit", **pim).status_code == 200
    if n == 6:
        world.system.psql(
            "set session_replication_role = replica; "
            f"update responder.reply set state = 'unconfirmed', version = version + 1 where id = '{post_id}'"
        )
    return post_id


def _digest_of_post(world: World, n: int) -> str:
    digest: str = world.get("responder", f"/posts/{world.seeds[n]['post_id']}")["digest"]
    return digest


def _told(world: World) -> None:
    """For each mention of Duin a call that is owed, and a notice of which nobody knows whether it arrived."""
    for seed in world.seeds:
        world.system.psql(
            "set search_path = routing; insert into callback (id, brand, case_id, phone, state, note, next_at, due_at, created_at, created_by) values "
            f"('{seed['callback_id']}', 'duin', '{seed['case_id']}', '+31201234567', 'open', 'de duinganger wacht', now(), now() + interval '1 day', "
            "now(), 'mk'); "
            "insert into promise (id, brand, case_id, channel, visibility, text, given_at, given_by, due_at, state) values "
            f"('{seed['promise_id']}', 'duin', '{seed['case_id']}', 'phone', 'private', 'de duinganger wordt gebeld', now(), 'mk', "
            "now() + interval '1 day', "
            "'open'); "
            "insert into notice (id, brand, about, subject, recipient, way, lane, title, text, links, next_at, created_at, state) values "
            f"('{seed['notice_id']}', 'duin', 'case', '{seed['case_id']}', 'mk', '{{\"email\": \"mk@duin.example\"}}', 'duin email', 'duinganger', "
            "'zandbank', '[]', now(), now(), 'unconfirmed'); "
            "insert into consultation (id, brand, case_id, kind, state, department, question, asked_by, asked_at, since, due_at) values "
            f"('{seed['consultation_id']}', 'duin', '{seed['case_id']}', 'question', 'open', 'opgeheven', 'Wacht de duinganger nog?', 'mk', now(), "
            "now(), now() + interval '1 day'); "
            "insert into responder.reply_override (id, brand, reply_id, version, code, reason, who, at, sampled) values "
            f"('{seed['override_id']}', 'duin', '{seed['reply_id']}', 1, 'redirect', 'de duinganger vroeg erom', 'jv', now(), true); "
            "insert into responder.approval_delegation (id, brand, from_id, from_role, to_id, starts_at, ends_at, reason, created_at) values "
            f"('{seed['delegation_id']}', 'duin', 'mk', 'lead', 'pb', now(), now() + interval '1 day', 'naar de zandbank', now()); "
            "insert into responder.coaching_note (id, brand, reply_id, writer, by_id, at, note) values "
            f"(gen_random_uuid(), 'duin', '{seed['reply_id']}', 'pb', 'jv', now(), 'de duinganger wil een tijd horen')"
        )


def _seed(world: World, mention_id: str) -> dict[str, str] | None:
    trail = world.ask("duin", "routing", "GET", f"/v1/brands/duin/trace/{mention_id}")
    if trail.status_code == 404:
        return None
    case_id = trail.json()["case_ids"][0]
    replies = world.get("responder", "/replies", case_id=case_id)["items"]
    if not replies:
        return None
    triaged = world.get("triage", f"/mentions/{mention_id}")
    return {
        "mention_id": mention_id,
        "case_id": case_id,
        "reply_id": replies[0]["id"],
        "group_id": triaged["group_id"],
        "customer_id": triaged["customer_id"],
        "import_id": "oogst",
        "version": "1",
        "finding": "sentiment",
        "account": "post",
    }


# --- the table ----------------------------------------------------------------------------------------------------------------------


def _practised(key: str, about: str = "fiets", who: str = "Robin") -> dict[str, Any]:
    """A practice message."""
    said = {"channel": "twitter", "customer": who, "text": f"waar is de {about}?", "labels": [about]}
    return {"key": key, **said, "model_answer": f"Hoi, ik kijk naar de {about}. {{handtekening}}"}


def _practice(world: World) -> dict[str, str]:
    messages = [("duin", _practised("zandbank-oefening", "zandbank", "Duinganger")), ("dijk", _practised("dijk-oefening"))]
    for brand, one in messages:
        added = world.ask(brand, "responder", "POST", f"/v1/brands/{brand}/practice/messages", json=one)
        assert added.status_code == 201, added.text
    _practising(world, 0)
    return {"key": "zandbank-oefening", "who": "duinganger-leerling"}


def _written(world: World, n: int) -> dict[str, str]:
    """A script and a snippet of Duin's team, and a script that is suggested to it."""
    script = world.ask("duin", "responder", "POST", "/v1/brands/duin/scripts", json=_script(f"strandpost-{n}"))
    snippet = world.ask("duin", "responder", "POST", "/v1/brands/duin/snippets", json=_snippet(world, n))
    assert script.status_code == snippet.status_code == 201, script.text + snippet.text
    proposal = str(uuid4())
    world.system.psql(
        "insert into responder.script_suggestion (id, brand, label, language, state, number, people, text, example, replies, centre, found_at, "
        f"changed_at) values ('{proposal}', 'duin', 'zandbank', 'nl', 'open', 4, 1, 'De zandbank ligt er weer.', 'De zandbank ligt er weer.', '[]', "
        "'', now(), now())"
    )
    return {"script_id": script.json()["id"], "snippet_id": snippet.json()["id"], "proposal_id": proposal}


def _script(id: str) -> dict[str, Any]:
    return {"id": id, "text": "{groet}, de zandbank ligt er weer. {handtekening}"}


def _snippet(world: World, n: int) -> dict[str, Any]:
    return {"title": "Zandbank", "text": "De zandbank verschuift elk jaar.", "source": "de strandpost"}


def _practising(world: World, n: int) -> dict[str, Any]:
    """An answer to what the session of Duin that has not ended asks; it is begun where there is none."""
    running = [one for one in world.get("responder", "/practice/sessions")["items"] if one["ended_at"] is None]
    if not running:
        running = [world.ask("duin", "responder", "POST", "/v1/brands/duin/practice/sessions", json={"messages": 2}).json()]
    world.seeds[n]["session_id"] = running[0]["id"]
    return {"position": running[0]["answered"] + 1, "text": "Hoi, ik kijk ernaar. ^mk"}


def _begun(world: World, n: int) -> dict[str, Any]:
    """What begins a session, once none of either brand is under way."""
    for brand in ("dijk", "duin"):
        path = f"/v1/brands/{brand}/practice/sessions"
        for one in world.ask(brand, "responder", "GET", path).json()["items"]:
            if one["ended_at"] is None:
                world.ask(brand, "responder", "POST", f"{path}/{one['id']}/end")
    return {"messages": 1}


def _under_way(world: World, n: int) -> None:
    _practising(world, n)


def _file(world: World, n: int) -> str:
    return json.dumps({"messages": [_practised("bestand")]})


class Row(NamedTuple):
    """How to ask. `seed`: whose ids fill the path. `own`: what Dijk gets for them on its own path; 200 and more: an answer without anything of
    Duin's, and exactly `nothing` where that is given. `shows`: a word that Duin's own answer must hold. `echoes`: the answer says of each id that was
    asked what became of it."""

    seed: int = 0
    body: Callable[[World, int], Any] | None = None
    own: int = 404
    role: str = "lead"
    params: dict[str, str] = {}  # noqa: RUF012  # a NamedTuple's default, never changed
    nothing: Any = None
    shows: str = ""
    echoes: bool = False


Key = tuple[str, str, str]
NO_TRAIL: dict[str, list[Any]] = {"steps": [], "case_ids": []}
PERIOD = {"from": "2026-01-01T00:00:00Z", "to": "2027-01-01T00:00:00Z"}


def _edit(world: World, n: int) -> dict[str, Any]:
    return {"text": world.reply(n)["text"] + " "}


def _other_customer(world: World, n: int) -> dict[str, Any]:
    return {"other_id": world.seeds[n + 1]["customer_id"]}


WHY = "de duinganger schreef twee keer"


def _case_body(world: World, n: int) -> dict[str, Any]:
    return {"case_id": world.seeds[n]["case_id"], "reason": WHY}


def _together(world: World, n: int) -> None:
    """The case of a seed and that of the next are one, unless they were before."""
    path = f"/v1/brands/duin/cases/{world.seeds[n]['case_id']}"
    world.ask("duin", "routing", "POST", f"{path}/merge", json=_case_body(world, n + 1))


def _split_body(world: World, n: int) -> dict[str, Any]:
    _together(world, n)
    return {"mention_ids": [world.seeds[n + 1]["mention_id"]], "reason": WHY}


def _unsplit_body(world: World, n: int) -> dict[str, Any]:
    """A message of the case of the seed after the next is in this one."""
    _together(world, n + 1)
    path = f"/v1/brands/duin/cases/{world.seeds[n + 1]['case_id']}/split"
    world.ask("duin", "routing", "POST", path, json=_split_body(world, n + 1) | {"into": world.seeds[n]["case_id"]})
    return {"reason": WHY}


def _customer_body(world: World, n: int) -> dict[str, Any]:
    _together(world, n)
    return {"customer_id": world.seeds[n]["customer_id"], "reason": WHY}


def _bulk_body(world: World, n: int) -> dict[str, Any]:
    return {"action": {"do": "priority", "priority": "urgent"}, "cases": [{"id": world.seeds[n]["case_id"]}], "reason": "haast"}


def _hold_body(world: World, n: int) -> dict[str, Any]:
    return {"what": {"case_ids": [world.seeds[n]["case_id"]]}, "reason": "eerst met de strandpost bellen"}


def _update_body(world: World, n: int) -> dict[str, Any]:
    return {"texts": {"nl": "{groet}, de zandbank ligt er weer. {handtekening}"}, "to": {"case_ids": [world.seeds[n]["case_id"]]}}


def _approval(world: World, n: int) -> dict[str, Any]:
    return {"digest": world.get("responder", f"/updates/{world.seeds[n]['update_id']}")["digest"]}


def _anew(world: World, n: int) -> dict[str, Any]:
    return {"replies": [{"id": world.seeds[n]["reply_id"], "digest": world.reply(n)["digest"]}]}


def _back(world: World, n: int) -> dict[str, Any]:
    world.submitted(n)
    return {"note": "noem de duinganger bij naam"}


def _by_a_colleague(world: World, n: int) -> None:
    """Another of the team has written the reply of a seed."""
    path = f"/v1/brands/duin/replies/{world.seeds[n]['reply_id']}"
    if world.reply(n)["writer"] != "pb":
        answer = world.system.call(
            "responder", "PUT", path, role="agent", brand="duin", subject="pb", json={"text": "Hoi, ik kijk ernaar. ^pb"}
        )
        assert answer.is_success, answer.text


def _coaching(world: World, n: int) -> dict[str, Any]:
    _by_a_colleague(world, n)
    return {"note": "de duinganger wacht op een tijd", "start": 0, "end": 3}


def _looked_at(world: World, n: int) -> dict[str, Any]:
    """Nobody has looked at it yet, whatever was asked before."""
    _by_a_colleague(world, n)
    world.system.psql(
        "update responder.reply_override set review = null, reviewed_by = null, reviewed_at = null "
        f"where id = '{world.seeds[n]['override_id']}'"
    )
    return {"verdict": "fine", "note": "de duinganger vroeg erom"}


def _lent(world: World, n: int) -> dict[str, Any]:
    return {"to": "pb", "ends_at": (datetime.now(UTC) + timedelta(days=1)).isoformat(), "reason": "vrij"}


def _letter(service: str) -> Callable[[World, int], Any]:
    return lambda world, n: {name: set_aside(world, service, "replay")[name] for name in ("topic", "key")}


def _dropped(service: str) -> Callable[[World, int], Any]:
    return lambda world, n: set_aside(world, service, "drop")


def _tomorrow() -> str:
    return (datetime.now(UTC) + timedelta(days=1)).isoformat()


def _digest(world: World, n: int) -> dict[str, Any]:
    return {"digest": world.get("routing", f"/incidents/{world.seeds[n]['incident_id']}")["incident"]["statement"]["digest"]}


_B = "/v1/brands/{brand}"
_I = f"{_B}/incidents/{{incident_id}}"
_RECORDED = {"offset_s": 0, "author": "een_demo", "text": "Het is een oefening."}
TABLE: dict[Key, Row] = {
    ("ingest", "get", f"{_B}/mentions/{{mention_id}}"): Row(shows="post"),
    ("ingest", "get", f"{_B}/receipts"): Row(own=200, shows="twitter"),
    ("ingest", "get", f"{_B}/imports/{{import_id}}"): Row(own=200, nothing={"accepted": 0, "repeated": 0}, shows=f'"accepted":{SEEDS}'),
    ("ingest", "get", f"{_B}/trace/{{mention_id}}"): Row(shows="in the log"),
    ("ingest", "post", f"{_B}/mentions"): Row(own=202, body=lambda world, n: mention("duin", n)),
    ("ingest", "get", f"{_B}/mailboxes"): Row(own=200),
    ("ingest", "get", f"{_B}/mailboxes/{{account}}/rejects"): Row(own=200),
    ("triage", "get", f"{_B}/mentions"): Row(own=200, shows="duinganger"),
    ("triage", "get", f"{_B}/mentions/{{mention_id}}"): Row(shows="duinganger"),
    ("triage", "get", f"{_B}/groups/{{group_id}}"): Row(shows="duinganger"),
    ("triage", "get", f"{_B}/customers/{{customer_id}}"): Row(shows="duinganger"),
    ("triage", "get", f"{_B}/customers/{{customer_id}}/mentions"): Row(shows="duinganger"),
    ("triage", "get", f"{_B}/suggestions"): Row(own=200, shows="duinganger"),
    ("triage", "get", f"{_B}/suggestions/precision"): Row(own=200, nothing={"confirmed": 0, "rejected": 0}, shows="bands"),
    ("triage", "get", f"{_B}/suggestions/{{suggestion_id}}"): Row(shows="duinganger"),
    ("triage", "get", f"{_B}/topics"): Row(own=200, shows="zandbank"),
    ("triage", "get", f"{_B}/topics/{{topic_id}}"): Row(shows="zandbank"),
    ("triage", "get", f"{_B}/topics/{{topic_id}}/mentions"): Row(shows="duinganger"),
    ("triage", "get", f"{_B}/imports/{{import_id}}"): Row(own=200, nothing={"received": 0, "duplicates": 0}, shows=f'"received":{SEEDS}'),
    ("triage", "get", f"{_B}/trace/{{mention_id}}"): Row(shows="triaged"),
    ("triage", "post", f"{_B}/classify"): Row(own=200, body=lambda world, n: {"text": "waar blijft de pont?"}, shows='"intent"'),
    ("triage", "get", f"{_B}/corrections"): Row(own=200, shows="niemand"),
    ("triage", "get", f"{_B}/models"): Row(own=200, shows='"live":1'),
    ("triage", "get", f"{_B}/models/{{finding}}"): Row(own=200, shows="held-out"),
    ("triage", "get", f"{_B}/models/{{finding}}/versions"): Row(own=200, nothing={"items": []}, shows="better"),
    ("triage", "get", f"{_B}/models/{{finding}}/versions/{{version}}"): Row(shows="kluis"),
    ("triage", "post", f"{_B}/models/{{finding}}/rollback"): Row(own=409, body=lambda world, n: {"version": 0, "reason": "terug"}),
    ("routing", "get", f"{_B}/cases"): Row(own=200, shows="strandpost"),
    ("routing", "get", f"{_B}/cases/{{case_id}}"): Row(shows="strandpost"),
    ("routing", "get", f"{_B}/cases/{{case_id}}/packet"): Row(shows="duinganger"),
    ("routing", "get", f"{_B}/customers/{{customer_id}}/history"): Row(shows="strandpost"),
    ("routing", "get", f"{_B}/search"): Row(own=200, params={"q": "gebleven"}, shows="zandbank"),
    ("routing", "get", f"{_B}/views"): Row(own=200, shows="Strandpost"),
    ("routing", "post", f"{_B}/views"): Row(own=201, body=lambda world, n: {"name": "Strand", "wanted": {"open": True}}),
    ("routing", "get", f"{_B}/view-counts"): Row(own=200),
    ("routing", "put", f"{_B}/view-order"): Row(own=204, body=lambda world, n: {"views": [world.seeds[0]["view_id"]]}),
    ("routing", "get", f"{_B}/views/{{view_id}}"): Row(shows="Strandpost"),
    ("routing", "get", f"{_B}/views/{{view_id}}/cases"): Row(shows="duinganger"),
    ("routing", "put", f"{_B}/views/{{view_id}}"): Row(body=lambda world, n: {"name": "Strandpost"}),
    ("routing", "delete", f"{_B}/views/{{view_id}}"): Row(1),
    ("routing", "get", f"{_B}/cases/{{case_id}}/timeline"): Row(shows="opened"),
    ("routing", "post", f"{_B}/cases/{{case_id}}/notes"): Row(1, body=lambda world, n: {"text": "de duinganger belde"}),
    ("routing", "get", f"{_B}/cases/{{case_id}}/notes"): Row(1, shows="duinganger"),
    ("routing", "post", f"{_B}/cases/{{case_id}}/take"): Row(2),
    ("routing", "post", f"{_B}/cases/{{case_id}}/assign"): Row(3, body=lambda world, n: {"owner": "mk"}),
    ("routing", "get", f"{_B}/queue"): Row(own=200, shows="strandpost"),
    ("routing", "get", f"{_B}/presence"): Row(own=200),
    ("routing", "put", f"{_B}/presence"): Row(own=200, body=lambda world, n: {"state": "available", "member": "mk"}),
    ("routing", "post", f"{_B}/queue/take-next"): Row(own=200, body=lambda world, n: {}),
    ("routing", "post", f"{_B}/cases/{{case_id}}/hand-back"): Row(3, body=lambda world, n: {"reason": "de duinganger belt liever"}),
    ("routing", "get", f"{_B}/customers/{{customer_id}}/group"): Row(2),
    ("routing", "put", f"{_B}/customers/{{customer_id}}/group"): Row(2, body=lambda world, n: {"group": None, "reason": "gebeld"}),
    ("routing", "delete", f"{_B}/customers/{{customer_id}}/group"): Row(2),
    ("routing", "post", f"{_B}/cases/{{case_id}}/resolve"): Row(4),
    ("routing", "post", f"{_B}/cases/{{case_id}}/reopen"): Row(4),
    ("routing", "post", f"{_B}/cases/{{case_id}}/picked-up"): Row(2, body=lambda world, n: {"how": "de duinganger is gebeld"}),
    ("routing", "post", f"{_B}/cases/{{case_id}}/wait"): Row(2, body=lambda world, n: {"for": "until", "until": _tomorrow()}),
    ("routing", "post", f"{_B}/cases/{{case_id}}/resume"): Row(2, body=lambda world, n: {"reason": "de duinganger is er weer"}),
    ("routing", "post", f"{_B}/cases/{{case_id}}/no-reply"): Row(3, body=lambda world, n: {"reason": "de duinganger maakt een grap"}),
    ("routing", "post", f"{_B}/cases/{{case_id}}/merge"): Row(12, body=lambda world, n: _case_body(world, n + 1)),
    ("routing", "post", f"{_B}/cases/{{case_id}}/unmerge"): Row(12, body=lambda world, n: _case_body(world, n + 1)),
    ("routing", "get", f"{_B}/cases/{{case_id}}/moves"): Row(12, shows="merge"),
    ("routing", "post", f"{_B}/cases/{{case_id}}/split"): Row(14, body=lambda world, n: _split_body(world, n)),
    ("routing", "get", f"{_B}/cases/{{case_id}}/recipients"): Row(14, shows="answer_to"),
    ("routing", "post", f"{_B}/cases/{{case_id}}/unsplit"): Row(16, body=lambda world, n: _unsplit_body(world, n)),
    ("routing", "post", f"{_B}/cases/{{case_id}}/recipients/no-reply"): Row(19, body=lambda world, n: _customer_body(world, n)),
    ("routing", "post", f"{_B}/bulk"): Row(21, own=202, body=lambda world, n: _bulk_body(world, n)),
    ("routing", "get", f"{_B}/bulk"): Row(own=200, shows="priority"),
    ("routing", "get", f"{_B}/bulk/{{bulk_id}}"): Row(shows="haast"),
    ("routing", "get", f"{_B}/bulk/{{bulk_id}}/cases"): Row(shows="done"),
    ("routing", "post", f"{_B}/bulk/{{bulk_id}}/undo"): Row(body=lambda world, n: {"reason": WHY}),
    ("routing", "post", f"{_B}/mentions/{{mention_id}}/corrections"): Row(
        2, body=lambda world, n: {"finding": "urgency", "values": ["high"], "reason": "de duinganger wacht"}
    ),
    ("routing", "post", f"{_B}/mentions/{{mention_id}}/duplicates"): Row(
        2, body=lambda world, n: {"other_id": world.seeds[1]["mention_id"], "same": False}
    ),
    ("routing", "get", f"{_B}/mentions/{{mention_id}}/corrections"): Row(2, shows="duinganger"),
    ("routing", "get", f"{_B}/no-reply-sample"): Row(own=200, shows="sampled"),
    ("routing", "get", f"{_B}/notices"): Row(own=200, shows="duinganger"),
    ("routing", "post", f"{_B}/notices/{{notice_id}}/resend"): Row(1),
    ("routing", "get", f"{_B}/promises"): Row(own=200, shows="duinganger"),
    ("routing", "get", f"{_B}/cases/{{case_id}}/promises"): Row(1, shows="duinganger"),
    ("routing", "post", f"{_B}/cases/{{case_id}}/promises"): Row(
        2, body=lambda world, n: {"text": "de duinganger hoort van ons", "due_at": (datetime.now(UTC) + timedelta(days=2)).isoformat()}
    ),
    ("routing", "get", f"{_B}/promises/{{promise_id}}"): Row(3, shows="duinganger"),
    ("routing", "post", f"{_B}/promises/{{promise_id}}/kept"): Row(3, body=lambda world, n: {"reason": "de duinganger is gebeld"}),
    ("routing", "post", f"{_B}/promises/{{promise_id}}/not-kept"): Row(3, body=lambda world, n: {"reason": "de duinganger was er niet"}),
    ("routing", "post", f"{_B}/promises/{{promise_id}}/withdraw"): Row(5, body=lambda world, n: {"reason": "de duinganger is geholpen"}),
    ("routing", "get", f"{_B}/callbacks"): Row(own=200, shows="duinganger"),
    ("routing", "get", f"{_B}/cases/{{case_id}}/callbacks"): Row(1, shows="duinganger"),
    ("routing", "post", f"{_B}/cases/{{case_id}}/callbacks"): Row(2, body=lambda world, n: {"phone": "020 765 43 21"}),
    ("routing", "get", f"{_B}/callbacks/{{callback_id}}"): Row(3, shows="duinganger"),
    ("routing", "put", f"{_B}/callbacks/{{callback_id}}"): Row(3, body=lambda world, n: {"note": "de duinganger wacht"}),
    ("routing", "post", f"{_B}/callbacks/{{callback_id}}/attempts"): Row(3, body=lambda world, n: {"outcome": "busy"}),
    ("routing", "post", f"{_B}/callbacks/{{callback_id}}/cancel"): Row(5, body=lambda world, n: {"reason": "de duinganger is geholpen"}),
    ("routing", "get", f"{_B}/consultations"): Row(own=200, shows="duinganger"),
    ("routing", "get", f"{_B}/cases/{{case_id}}/consultations"): Row(1, shows="duinganger"),
    ("routing", "post", f"{_B}/cases/{{case_id}}/consultations"): Row(
        2, body=lambda world, n: {"department": "strandpost", "question": "Wacht de duinganger nog?"}
    ),
    ("routing", "get", f"{_B}/cases/{{case_id}}/holders"): Row(1, shows="opgeheven"),
    ("routing", "get", f"{_B}/consultations/{{consultation_id}}"): Row(3, shows="duinganger"),
    ("routing", "post", f"{_B}/consultations/{{consultation_id}}/remind"): Row(3),
    ("routing", "post", f"{_B}/consultations/{{consultation_id}}/answer"): Row(3, body=lambda world, n: {"answer": "de duinganger is er"}),
    ("routing", "post", f"{_B}/consultations/{{consultation_id}}/hand-on"): Row(4, body=lambda world, n: {"department": "strandpost"}),
    ("routing", "post", f"{_B}/consultations/{{consultation_id}}/withdraw"): Row(5, body=lambda world, n: {"reason": WHY}),
    ("routing", "post", f"{_B}/consultations/{{consultation_id}}/reopen"): Row(6, body=lambda world, n: _ended(world, n)),
    ("routing", "get", f"{_B}/notifications"): Row(own=200, shows="opened"),
    ("routing", "post", f"{_B}/notifications/read"): Row(
        own=200, nothing={"read": 0}, body=lambda world, n: {"upto": world.get("routing", "/notifications")["items"][0]["id"]}
    ),
    ("routing", "get", f"{_B}/stream"): Row(own=200, params={"follow": "false"}, shows="ready"),
    ("routing", "get", f"{_B}/cases/{{case_id}}/presence"): Row(),
    ("routing", "put", f"{_B}/cases/{{case_id}}/presence"): Row(body=lambda world, n: {"doing": "looking"}),
    ("routing", "delete", f"{_B}/cases/{{case_id}}/presence"): Row(own=204),
    ("routing", "put", f"{_B}/cases/{{case_id}}/notes/{{note_id}}"): Row(1, body=lambda world, n: {"text": "de duinganger belde terug"}),
    ("routing", "delete", f"{_B}/cases/{{case_id}}/notes/{{note_id}}"): Row(2),
    ("routing", "patch", f"{_B}/cases/{{case_id}}/tags"): Row(1, body=lambda world, n: {"add": ["strandpost"]}),
    ("routing", "get", f"{_B}/tags"): Row(own=200, nothing={"items": []}),
    ("routing", "patch", f"{_B}/cases/{{case_id}}/watchers"): Row(1, body=lambda world, n: {"add": ["mk"]}),
    ("routing", "get", f"{_B}/cases/{{case_id}}/fields"): Row(),
    ("routing", "patch", f"{_B}/cases/{{case_id}}/fields"): Row(1, body=lambda world, n: {"values": {"vak": "strandpost"}}),
    ("routing", "get", f"{_B}/trace/{{mention_id}}"): Row(shows="opened"),
    ("routing", "put", f"{_B}/book"): Row(own=422, role="admin", body=lambda world, n: BOOKS["duin"]),
    ("routing", "get", f"{_B}/book"): Row(own=200, shows="Duinwaard"),
    ("routing", "get", f"{_B}/book/versions"): Row(own=200, shows="published_at"),
    ("routing", "get", f"{_B}/book/versions/{{version}}"): Row(own=200, shows="Duinwaard"),
    ("routing", "post", f"{_I}/hold"): Row(1, body=lambda world, n: {"what": "all", "why": "even stil"}),
    ("routing", "put", f"{_B}/hold"): Row(own=200, body=lambda world, n: {"held": False}),
    ("routing", "get", f"{_B}/hold"): Row(own=200),
    ("routing", "post", f"{_B}/holds"): Row(20, own=422, body=_hold_body),
    ("routing", "get", f"{_B}/holds"): Row(own=200, nothing={"items": []}, shows="strandpost"),
    ("routing", "get", f"{_B}/holds/{{hold_id}}"): Row(shows="strandpost"),
    ("responder", "get", f"{_B}/held"): Row(own=200),
    ("responder", "post", f"{_B}/held/approve"): Row(5, own=200, body=_anew, nothing={"approved": []}, echoes=True),
    ("routing", "post", f"{_B}/holds/{{hold_id}}/release"): Row(),
    ("routing", "post", f"{_B}/hold-releases"): Row(own=200, nothing={"items": []}),
    ("responder", "get", f"{_B}/review"): Row(own=200, nothing={"items": [], "waiting": 0}),
    ("responder", "post", f"{_B}/replies/{{reply_id}}/return"): Row(12, body=_back),
    ("responder", "post", f"{_B}/replies/{{reply_id}}/coaching"): Row(13, body=_coaching),
    ("responder", "get", f"{_B}/replies/{{reply_id}}/coaching"): Row(13, shows="duinganger"),
    ("responder", "get", f"{_B}/coaching"): Row(own=200, nothing={"items": []}, shows="duinganger"),
    ("responder", "get", f"{_B}/overrides"): Row(own=200, nothing={"items": []}, shows="duinganger"),
    ("responder", "post", f"{_B}/overrides/{{override_id}}/review"): Row(13, body=_looked_at),
    ("responder", "get", f"{_B}/delegations"): Row(own=200, shows="zandbank"),
    ("responder", "post", f"{_B}/delegations"): Row(own=201, body=_lent),
    ("responder", "delete", f"{_B}/delegations/{{delegation_id}}"): Row(14),
    ("responder", "get", f"{_B}/aftermath"): Row(own=200, nothing={"items": []}, shows="zandbank"),
    ("responder", "post", f"{_B}/updates"): Row(22, own=409, body=_update_body),
    ("responder", "get", f"{_B}/updates"): Row(own=200, nothing={"items": []}, shows="zandbank"),
    ("responder", "get", f"{_B}/updates/{{update_id}}"): Row(22, shows="zandbank"),
    ("responder", "get", f"{_B}/updates/{{update_id}}/conversations"): Row(22, shows="zandbank"),
    ("responder", "post", f"{_B}/updates/{{update_id}}/approve"): Row(22, body=_approval),
    ("responder", "post", f"{_B}/updates/{{update_id}}/stop"): Row(23, body=lambda world, n: {"reason": "de duinganger belde"}),
    ("responder", "post", f"{_B}/posts"): Row(own=201, body=lambda world, n: {"account": "brug", "text": "Er is iets."}),
    ("responder", "get", f"{_B}/posts"): Row(own=200, shows="zandbank"),
    ("responder", "get", f"{_B}/posts/{{post_id}}"): Row(shows="zandbank"),
    ("responder", "put", f"{_B}/posts/{{post_id}}"): Row(0, body=lambda world, n: {"text": "De zandbank ligt er weer."}),
    ("responder", "post", f"{_B}/posts/{{post_id}}/submit"): Row(1),
    ("responder", "post", f"{_B}/posts/{{post_id}}/return"): Row(2, body=_back),
    ("responder", "post", f"{_B}/posts/{{post_id}}/legal-check"): Row(
        3, body=lambda world, n: {"digest": _digest_of_post(world, n), "note": "gelezen"}
    ),
    ("responder", "post", f"{_B}/posts/{{post_id}}/approve"): Row(4, body=lambda world, n: {"digest": _digest_of_post(world, n)}),
    ("responder", "post", f"{_B}/posts/{{post_id}}/discard"): Row(5, body=lambda world, n: {"reason": "de duinganger belde"}),
    ("responder", "post", f"{_B}/posts/{{post_id}}/confirm"): Row(6, body=lambda world, n: {"sent": True, "note": "nagezien"}),
    ("routing", "post", f"{_B}/clients"): Row(own=201, role="admin", body=lambda world, n: {"name": "Zonder naam", "role": "analyst"}),
    ("routing", "get", f"{_B}/clients"): Row(own=200, role="admin", shows="Strandpost"),
    ("routing", "get", f"{_B}/clients/{{client_id}}"): Row(role="admin", shows="Strandpost"),
    ("routing", "post", f"{_B}/clients/{{client_id}}/secrets"): Row(role="admin", body=lambda world, n: {"overlap_hours": 1}),
    ("routing", "delete", f"{_B}/clients/{{client_id}}/secrets/{{secret_id}}"): Row(role="admin"),
    ("routing", "delete", f"{_B}/clients/{{client_id}}"): Row(role="admin"),
    ("routing", "post", f"{_B}/users"): Row(own=201, role="admin", body=lambda world, n: PASSWORD | {"id": uuid4().hex, "role": "agent"}),
    ("routing", "get", f"{_B}/users"): Row(own=200, role="admin", shows="duinganger-mk"),
    ("routing", "get", f"{_B}/users/{{user_id}}"): Row(role="admin", shows="duinganger-mk"),
    ("routing", "put", f"{_B}/users/{{user_id}}"): Row(role="admin", body=lambda world, n: {"role": "lead"}),
    ("routing", "put", f"{_B}/users/{{user_id}}/password"): Row(role="admin", body=lambda world, n: PASSWORD),
    ("routing", "post", f"{_B}/users/{{user_id}}/disable"): Row(role="admin"),
    ("routing", "post", f"{_B}/users/{{user_id}}/enable"): Row(role="admin"),
    ("routing", "delete", f"{_B}/users/{{user_id}}"): Row(role="admin"),
    ("routing", "get", f"{_B}/hub"): Row(own=200, shows="scenarios"),
    ("routing", "post", f"{_B}/incidents"): Row(own=201, body=lambda world, n: {"title": "Er is iets", "why": "Niemand weet wat."}),
    ("routing", "get", f"{_B}/incidents"): Row(own=200, shows="zandbank"),
    ("routing", "get", _I): Row(shows="zandbank"),
    ("routing", "get", f"{_I}/timeline"): Row(shows="raised"),
    ("routing", "post", f"{_I}/acknowledge"): Row(),
    ("routing", "post", f"{_I}/change"): Row(body=lambda world, n: {"why": "de duinganger belde", "severity": "low"}),
    ("routing", "post", f"{_I}/cases"): Row(body=lambda world, n: {"why": "ook deze", "link": [world.seeds[n + 1]["case_id"]]}),
    ("routing", "post", f"{_I}/messages"): Row(body=lambda world, n: {"text": "de duinganger belde weer"}),
    ("routing", "get", f"{_I}/messages"): Row(shows="duinganger"),
    ("routing", "post", f"{_I}/decisions"): Row(body=lambda world, n: {"what": "wachten", "why": "de duinganger komt terug"}),
    ("routing", "put", f"{_I}/statement"): Row(body=lambda world, n: {"texts": {"nl": "We kijken naar de zandbank."}}),
    ("routing", "post", f"{_I}/statement/sign"): Row(body=_digest),
    ("routing", "post", f"{_I}/tasks"): Row(body=lambda world, n: {"title": "bellen", "owner": "mk"}),
    ("routing", "put", f"{_I}/tasks/{{task_id}}"): Row(body=lambda world, n: {"title": "mailen", "owner": "mk"}),
    ("routing", "post", f"{_I}/tasks/{{task_id}}/done"): Row(),
    ("routing", "get", f"{_I}/report"): Row(shows="zandbank"),
    ("routing", "get", f"{_I}/report.md"): Row(shows="zandbank"),
    ("routing", "post", f"{_I}/handled"): Row(body=lambda world, n: {"why": "de duinganger is er"}),
    ("routing", "post", f"{_I}/reopen"): Row(body=lambda world, n: {"why": "de duinganger is weer weg"}),
    ("routing", "post", f"{_I}/close"): Row(body=lambda world, n: {"why": "de duinganger is er"}),
    ("routing", "post", f"{_B}/drills"): Row(
        own=201, body=lambda world, n: {"title": "Oefening", "why": "Om te oefenen.", "take_part": ["mk"], "mentions": [_RECORDED]}
    ),
    ("responder", "get", f"{_B}/statements"): Row(own=200),
    ("responder", "get", f"{_B}/replies"): Row(own=200, shows="zandbank"),
    ("responder", "get", f"{_B}/replies/{{reply_id}}"): Row(shows="zandbank"),
    ("responder", "get", f"{_B}/trace/{{mention_id}}"): Row(own=200, nothing=NO_TRAIL, shows="reply drafted"),
    ("responder", "post", f"{_B}/guard"): Row(own=200, body=lambda world, n: {"text": "Hoi! ^mk", "channel": "twitter", "member": "mk"}),
    ("responder", "post", f"{_B}/cases/{{case_id}}/replies"): Row(5, body=lambda world, n: {"text": "Hoi, ik kijk ernaar. ^mk"}),
    ("responder", "put", f"{_B}/replies/{{reply_id}}"): Row(6, body=_edit),
    ("responder", "put", f"{_B}/replies/{{reply_id}}/promises"): Row(
        6, body=lambda world, n: {"promises": [{"text": "de duinganger hoort nog van ons"}]}
    ),
    ("responder", "put", f"{_B}/replies/{{reply_id}}/attachments"): Row(
        24, body=lambda world, n: b"waar de zandbank lag\n", params={"name": "zandbank.txt"}
    ),
    ("responder", "get", f"{_B}/replies/{{reply_id}}/attachments/{{attachment_id}}"): Row(4, shows="zandbank"),
    ("responder", "delete", f"{_B}/replies/{{reply_id}}/attachments/{{attachment_id}}"): Row(2),
    ("responder", "post", f"{_B}/replies/{{reply_id}}/submit"): Row(7),
    ("responder", "post", f"{_B}/replies/{{reply_id}}/legal-check"): Row(
        8, body=lambda world, n: {"digest": world.reply(n)["digest"], "note": "gezien"}
    ),
    ("responder", "post", f"{_B}/replies/{{reply_id}}/approve"): Row(9, body=lambda world, n: {"digest": world.submitted(n)["digest"]}),
    ("responder", "get", f"{_B}/sandbox"): Row(own=200, shows="zandbank"),
    ("responder", "post", f"{_B}/cases/{{case_id}}/suggestions"): Row(25, body=lambda world, n: {}),
    ("responder", "get", f"{_B}/suggestions/{{suggestion_id}}"): Row(17, shows="nobody"),
    ("responder", "get", f"{_B}/drafting"): Row(own=200, shows="tokens_left"),
    ("responder", "get", f"{_B}/scripts"): Row(own=200, shows="zandbank"),
    ("responder", "post", f"{_B}/scripts"): Row(own=201, body=lambda world, n: {"id": f"s-{uuid4().hex}", "text": "{groet}, ik kijk."}),
    ("responder", "get", f"{_B}/script-usage"): Row(own=200, shows="zandbank"),
    ("responder", "get", f"{_B}/script-search"): Row(own=200, params={"q": "bank van zand"}, shows="zandbank"),
    ("responder", "get", f"{_B}/script-suggestions"): Row(own=200, nothing={"items": []}, shows="zandbank"),
    ("responder", "post", f"{_B}/script-suggestions/{{proposal_id}}/dismiss"): Row(1),
    ("responder", "get", f"{_B}/scripts/{{script_id}}"): Row(shows="zandbank"),
    ("responder", "get", f"{_B}/scripts/{{script_id}}/usage"): Row(shows="people"),
    ("responder", "put", f"{_B}/scripts/{{script_id}}"): Row(body=lambda world, n: {"text": "{groet}, de zandbank is terug."}),
    ("responder", "delete", f"{_B}/scripts/{{script_id}}"): Row(1),
    ("responder", "get", f"{_B}/snippets"): Row(own=200, nothing={"items": []}, shows="zandbank"),
    ("responder", "post", f"{_B}/snippets"): Row(
        own=201, body=lambda world, n: {"title": "Pont", "text": "De pont vaart elk kwartier.", "source": "de schipper"}
    ),
    ("responder", "get", f"{_B}/snippet-search"): Row(own=200, params={"q": "bank van zand"}, shows="zandbank"),
    ("responder", "get", f"{_B}/snippets/{{snippet_id}}"): Row(shows="zandbank"),
    ("responder", "put", f"{_B}/snippets/{{snippet_id}}"): Row(body=_snippet),
    ("responder", "post", f"{_B}/snippets/{{snippet_id}}/review"): Row(body=lambda world, n: {"valid_until": None}),
    ("responder", "delete", f"{_B}/snippets/{{snippet_id}}"): Row(1),
    ("responder", "post", f"{_B}/preview"): Row(
        own=200, body=lambda world, n: {"text": "Hoi! ^mk", "channels": ["twitter"], "member": "mk"}
    ),
    ("responder", "post", f"{_B}/cases/{{case_id}}/quick"): Row(26, body=lambda world, n: {"within": "2h"}),
    ("responder", "get", f"{_B}/practice/messages"): Row(own=200, shows="zandbank"),
    ("responder", "post", f"{_B}/practice/messages"): Row(own=201, body=lambda world, n: _practised(f"z-{uuid4().hex}")),
    ("responder", "put", f"{_B}/practice/messages"): Row(own=200, body=_file),
    ("responder", "get", f"{_B}/practice/messages/{{key}}"): Row(shows="zandbank"),
    ("responder", "put", f"{_B}/practice/messages/{{key}}"): Row(
        body=lambda world, n: {name: value for name, value in _practised("").items() if name != "key"}
    ),
    ("responder", "delete", f"{_B}/practice/messages/{{key}}"): Row(),
    ("responder", "post", f"{_B}/practice/sessions"): Row(own=201, body=_begun),
    ("responder", "get", f"{_B}/practice/sessions"): Row(own=200, shows="mk"),
    ("responder", "get", f"{_B}/practice/sessions/{{session_id}}"): Row(shows="mk"),
    ("responder", "post", f"{_B}/practice/sessions/{{session_id}}/answers"): Row(body=_practising),
    ("responder", "post", f"{_B}/practice/sessions/{{session_id}}/end"): Row(body=_under_way),
    ("responder", "get", f"{_B}/practice/report.csv"): Row(own=200, shows="mk"),
    ("responder", "delete", f"{_B}/practice/sessions/{{session_id}}"): Row(body=_under_way),
    ("responder", "delete", f"{_B}/practice/people/{{who}}"): Row(own=200, nothing={"sessions": 0}),
    ("responder", "post", f"{_B}/replies/{{reply_id}}/discard"): Row(10, body=lambda world, n: {"reason": "niet nodig"}),
    ("responder", "post", f"{_B}/replies/{{reply_id}}/confirm"): Row(11, body=lambda world, n: unconfirmed(world, n)),
    ("analytics", "get", f"{_B}/volumes"): Row(own=200, params=PERIOD | {"by": "department"}, shows="strandpost"),
    ("analytics", "get", f"{_B}/sentiment"): Row(own=200, params=PERIOD, shows=f'"count":{SEEDS}'),
    ("analytics", "get", f"{_B}/labels"): Row(own=200, params=PERIOD, shows=f'"total":{SEEDS}'),
    ("analytics", "get", f"{_B}/times"): Row(own=200, params=PERIOD | {"by": "department"}, shows="strandpost"),
    ("analytics", "get", f"{_B}/case-events"): Row(own=200, params=PERIOD | {"by": "department"}, shows="strandpost"),
    ("analytics", "get", f"{_B}/summary"): Row(own=200, shows="strandpost"),
    ("analytics", "get", f"{_B}/facts/mentions"): Row(own=200, shows="twitter"),
    ("analytics", "get", f"{_B}/trace/{{mention_id}}"): Row(own=200, nothing=NO_TRAIL, shows="mention counted"),
    ("triage", "post", f"{_B}/suggestions/{{suggestion_id}}/confirm"): Row(1),
    ("triage", "post", f"{_B}/suggestions/{{suggestion_id}}/reject"): Row(3),
    ("triage", "post", f"{_B}/customers/{{customer_id}}/merge"): Row(
        5, body=lambda world, n: _other_customer(world, n) | {"reason": "gebeld"}
    ),
    ("triage", "post", f"{_B}/customers/{{customer_id}}/unmerge"): Row(5, body=lambda world, n: _other_customer(world, n)),
    ("ingest", "delete", f"{_B}/mentions/{{mention_id}}"): Row(),
    **{
        (service, method, path): row
        for service in SERVICES
        for method, path, row in (
            ("get", f"{_B}/dead-letters", Row(own=200, role="admin", shows="set aside by a test")),
            ("post", f"{_B}/dead-letters/replay", Row(role="admin", body=_letter(service))),
            ("post", f"{_B}/dead-letters/drop", Row(role="admin", body=_dropped(service))),
        )
    },
}
"""In the order in which it is asked: what takes something away stands after what shows it."""

OPERATORS: dict[Key, Any] = {
    **{(service, "post", "/v1/stream/resume"): None for service in SERVICES},
    **{(service, "put", "/v1/stream/positions/{topic}/{partition}"): {"to": "start"} for service in SERVICES},
    **{(service, "get", "/v1/checks"): None for service in SERVICES},
}
PUBLIC = frozenset({"/healthz", "/readyz", "/metrics", "/v1/status", "/v1/ledger"})
LOGIN = frozenset({"/v1/oauth/token", "/v1/login", "/v1/login/refresh", "/v1/login/password", "/v1/logout"})
LINKED = frozenset({"/v1/links/{token}"})
"""The routes of all three ask for no token, and tell nothing about a brand (see tests/contract/test_openapi.py)."""


def unconfirmed(world: World, n: int) -> dict[str, Any]:
    """A reply of which nobody knows whether it arrived, as a crash between a mail and its answer leaves one."""
    if world.reply(n)["state"] == "draft":
        world.system.psql(
            "set session_replication_role = replica; "
            f"update responder.reply set state = 'unconfirmed', version = version + 1 where id = '{world.seeds[n]['reply_id']}'"
        )
    return {"sent": True, "note": "nagezien"}


def set_aside(world: World, service: str, what_for: str) -> dict[str, Any]:
    """Where an event of Duin's stands that this service could not handle, a copy of one in the log; one for each thing that is done to it."""
    if (service, what_for) not in world.letters:
        record = asyncio.run(_record(world.system.kafka.bootstrap, f"weerklank.{LETTERS[service]}.v1"))
        headers = {name: value.decode() for name, value in record.headers}
        world.system.psql(
            f'insert into {service}.dead_letter (topic, partition, "offset", brand, key, event_id, event_type, standing, reason, headers, '
            f"value, appended_at) values ('{record.topic}', {record.partition}, {record.offset}, 'duin', '{record.key.decode()}', "
            f"'{headers['ce_id']}', '{headers['ce_type']}', 'dead', 'set aside by a test', '{json.dumps(headers)}', "
            f"'\\x{record.value.hex()}', now())"
        )
        place = {"topic": record.topic, "partition": record.partition, "offset": record.offset}
        world.letters[service, what_for] = place | {"key": record.key.decode()}
    return world.letters[service, what_for]


async def _record(bootstrap: str, topic: str) -> Any:
    """A record of Duin's in a topic."""
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest")
    await consumer.start()
    try:
        async with asyncio.timeout(30):
            async for record in consumer:
                if json.loads(record.value)["brand"] == "duin":
                    return record
    finally:
        await consumer.stop()


def described(system: System) -> set[Key]:
    """Every operation that a running service says it has."""
    return {
        (service, method, path)
        for service in SERVICES
        for path, methods in asking.ask("GET", f"{system.url(service)}/openapi.json", timeout=30).json()["paths"].items()
        for method in methods
    }


def ask(world: World, key: Key, brand: str, asks: str, *, params: dict[str, str] | None = None) -> httpx.Response:
    """The row's request about `brand` by somebody of `asks`; a 503 (mentions are still being read) is asked again."""
    service, method, path = key
    row = TABLE[key]
    given: dict[str, Any] = {"params": row.params | (params or {})}
    body = row.body(world, row.seed) if row.body else None
    if isinstance(body, str):
        given |= {"content": body.encode(), "headers": {"content-type": "application/yaml"}}
    elif isinstance(body, bytes):
        given |= {"content": body, "headers": {"content-type": "application/octet-stream"}}
    elif body is not None:
        given["json"] = body
    filled = path.format(brand=brand, **world.seeds[row.seed])

    def answered() -> httpx.Response | None:
        answer = world.ask(asks, service, method.upper(), filled, row.role, **given)
        return None if answer.status_code == 503 else answer

    found: httpx.Response = eventually(answered, f"{service} answers")
    return found


# --- the tests ----------------------------------------------------------------------------------------------------------------------


def test_every_operation_of_the_running_services_is_in_the_table(world: World) -> None:
    operations = described(world.system)
    of_brands = {key for key in operations if "{brand}" in key[2]}
    assert of_brands - TABLE.keys() == set(), "new routes: say in TABLE how a stranger would ask"
    assert TABLE.keys() - of_brands == set()
    rest = {key for key in operations if "{brand}" not in key[2]}
    assert {key for key in rest if key[2] not in PUBLIC | LOGIN | LINKED} == OPERATORS.keys()


@pytest.mark.parametrize("key", list(TABLE), ids=lambda key: f"{key[0]}: {key[1].upper()} {key[2]}")
def test_a_brand_has_what_is_its_own_and_nobody_elses(world: World, key: Key) -> None:
    if "dead-letters" in key[2]:
        set_aside(world, key[0], "drop" if key[2].endswith("drop") else "replay")
    _refused(world, key)
    mine = ask(world, key, "duin", "duin")
    assert mine.is_success, f"Duin itself: {mine.status_code} {mine.text}"
    if TABLE[key].shows:
        eventually(lambda: TABLE[key].shows in ask(world, key, "duin", "duin").text, f"Duin sees {TABLE[key].shows!r}")
    _refused(world, key)
    if key[1] == "get" and TABLE[key].own == 200:
        _paged(world, key)


def _refused(world: World, key: Key) -> None:
    """Dijk asks on Duin's path, on its own path with Duin's ids, and as a brand that does not exist."""
    row = TABLE[key]
    on_theirs = ask(world, key, "duin", "dijk")
    assert on_theirs.status_code == 403, on_theirs.text
    nowhere = ask(world, key, "nergens", "dijk")
    assert (nowhere.status_code, nowhere.json()) == (403, on_theirs.json()), "the answer tells which brands there are"
    own = ask(world, key, "dijk", "dijk")
    assert own.status_code == row.own, own.text
    if row.nothing is not None:
        assert {name: own.json()[name] for name in row.nothing} == row.nothing
    asked = json.dumps(world.seeds[row.seed])
    leaked = [word for word in world.leaks(own.text + on_theirs.text) if (own.is_success and not row.echoes) or word not in asked]
    assert not leaked, f"{leaked} in {own.text[:500]}"


def _paged(world: World, key: Key) -> None:
    """A cursor that Duin was given leads Dijk nowhere."""
    page = ask(world, key, "duin", "duin", params={"limit": "1"})
    found = page.json()
    if isinstance(found, dict) and (cursor := found.get("next")):
        own = ask(world, key, "dijk", "dijk", params={"cursor": cursor, "limit": "50"})
        assert own.status_code == 200
        assert not world.leaks(own.text)


def test_a_filter_by_another_brands_case_finds_nothing(world: World) -> None:
    found = world.ask("dijk", "responder", "GET", "/v1/brands/dijk/replies", params={"case_id": world.seeds[0]["case_id"]})
    assert found.json() == {"items": [], "next": None}


def test_the_same_message_of_two_brands_is_two_mentions(world: World) -> None:
    ids = {
        world.ask(brand, "ingest", "POST", f"/v1/brands/{brand}/mentions", json=mention("duin", 0)).json()["id"]
        for brand in ("dijk", "duin")
    }
    assert len(ids) == 2


def test_a_hold_of_one_brand_does_not_hold_another(world: World) -> None:
    assert world.ask("dijk", "routing", "PUT", "/v1/brands/dijk/hold", json={"held": True, "reason": "proef"}).status_code == 200
    assert world.get("routing", "/hold")["held"] is False
    assert world.ask("dijk", "routing", "PUT", "/v1/brands/dijk/hold", json={"held": False}).status_code == 200


@pytest.mark.parametrize("key", list(OPERATORS), ids=lambda key: f"{key[0]}: {key[1].upper()} {key[2]}")
def test_the_platform_is_operated_by_operators_only(world: World, key: Key) -> None:
    service, method, path = key
    filled = path.format(topic="weerklank.privacy.v1", partition=0)
    for brand in ("dijk", "duin"):
        answer = world.ask(brand, service, method.upper(), filled, "admin", json=OPERATORS[key])
        assert answer.status_code == 403, answer.text
    assert world.ask("*", service, method.upper(), filled, "lead", json=OPERATORS[key]).status_code == 403
    operator = world.ask("*", service, method.upper(), filled, "admin", json=OPERATORS[key])
    # No service reads that topic yet: the operator learns so, and nobody else.
    assert operator.status_code == {"resume": 204, "checks": 200}.get(path.rpartition("/")[2], 404), operator.text


@pytest.mark.parametrize("service", SERVICES)
def test_the_dead_letters_of_all_brands_are_the_operators_and_no_brands_data_is(world: World, service: str) -> None:
    assert world.ask("dijk", service, "GET", "/v1/brands/*/dead-letters", "admin").status_code == 403
    assert world.ask("*", service, "GET", "/v1/brands/*/dead-letters", "admin").status_code == 200
    for brand in BOOKS:
        for path in (path for name, method, path in TABLE if (name, method) == (service, "get")):
            named = dict.fromkeys(re.findall(r"\{(\w+)\}", path), str(uuid4()))
            filled = path.format(**{**named, **world.seeds[0], "brand": brand})
            assert world.ask("*", service, "GET", filled, "admin").status_code == 403, filled


LISTS = {"ingest": "receipts", "triage": "mentions", "routing": "cases", "responder": "replies", "analytics": "summary"}


@pytest.mark.parametrize("service", SERVICES)
def test_no_answer_leads_to_a_host_that_the_request_names(world: World, service: str) -> None:
    answer = asking.ask("GET", f"{world.system.url(service)}/v1/status/", headers={"host": "elsewhere.example"}, timeout=30)
    assert (answer.status_code, "location" in answer.headers) == (404, False)


@pytest.mark.parametrize("service", SERVICES)
def test_a_token_that_does_not_hold_opens_nothing(world: World, service: str) -> None:
    issuer = world.system.issuer
    now = datetime.now(UTC)
    good = {
        "iss": "weerklank-local",
        "aud": "weerklank",
        "sub": "mk",
        "role": "lead",
        "brands": ["dijk"],
        "exp": int((now + timedelta(hours=1)).timestamp()),
    }
    published = json.loads(issuer.jwks.read_text())["keys"][0]
    raw = base64.urlsafe_b64decode(published["x"] + "==")
    public = issuer._key.public_key()
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    stranger = Ed25519PrivateKey.generate()
    bad: dict[str, str | None] = {
        "none at all": None,
        "no JSON Web Token": "Bearer zomaar",
        "another scheme": f"Basic {issuer.token('lead', ['dijk'])}",
        "expired": f"Bearer {issuer.token('lead', ['dijk'], exp=now - timedelta(minutes=5))}",
        "another audience": f"Bearer {issuer.token('lead', ['dijk'], aud='elders')}",
        "another issuer": f"Bearer {issuer.token('lead', ['dijk'], iss='elders')}",
        "an unknown role": f"Bearer {issuer.token('baas', ['dijk'])}",
        "brands that are one word": f"Bearer {_signed(issuer, good | {'brands': 'dijk'})}",
        "for ever": f"Bearer {_signed(issuer, {name: value for name, value in good.items() if name != 'exp'})}",
        "nobody's": f"Bearer {_signed(issuer, {name: value for name, value in good.items() if name != 'sub'})}",
        "unsigned": f"Bearer {jwt.encode(good, None, algorithm='none', headers={'kid': 'test'})}",
        "signed with the public key, raw": f"Bearer {_hs256(good, raw)}",
        "signed with the public key, PEM": f"Bearer {_hs256(good, pem)}",
        "signed with the public key, as published": f"Bearer {_hs256(good, published['x'].encode())}",
        "a stranger's key under our name": f"Bearer {jwt.encode(good, stranger, algorithm='EdDSA', headers={'kid': 'test'})}",
        "a key that nobody published": f"Bearer {jwt.encode(good, stranger, algorithm='EdDSA', headers={'kid': 'ander'})}",
        "no name of a key": f"Bearer {jwt.encode(good, issuer._key, algorithm='EdDSA')}",
        "altered": f"Bearer {issuer.token('lead', ['duin'])[:-6]}AAAAAA",
    }
    url = f"{world.system.url(service)}/v1/brands/dijk/{LISTS[service]}"
    for what, header in bad.items():
        answer = asking.ask("GET", url, headers={"authorization": header} if header else {}, timeout=30)
        assert answer.status_code == 401, f"{what}: {answer.status_code} {answer.text}"
        assert answer.headers["www-authenticate"].startswith("Bearer "), what
        assert not world.leaks(answer.text)
    assert asking.ask("GET", url, headers={"authorization": f"Bearer {issuer.token('lead', ['dijk'])}"}, timeout=30).status_code == 200


def _signed(issuer: Issuer, claims: dict[str, Any]) -> str:
    """Claims as they are, signed by the issuer."""
    return jwt.encode(claims, issuer._key, algorithm="EdDSA", headers={"kid": "test"})


def _hs256(claims: dict[str, Any], key: bytes) -> str:
    """A token signed by HMAC with what everybody may know; written out, because libraries refuse to."""
    head, body = (
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in ({"alg": "HS256", "typ": "JWT", "kid": "test"}, claims)
    )
    signature = base64.urlsafe_b64encode(hmac.new(key, head + b"." + body, hashlib.sha256).digest()).rstrip(b"=")
    return (head + b"." + body + b"." + signature).decode()


NOT_FOR: list[tuple[str, Key]] = [
    ("analyst", ("ingest", "post", f"{_B}/mentions")),
    ("agent", ("ingest", "delete", f"{_B}/mentions/{{mention_id}}")),
    ("connector", ("triage", "get", f"{_B}/mentions")),
    ("connector", ("routing", "get", f"{_B}/cases")),
    ("analyst", ("routing", "post", f"{_B}/cases/{{case_id}}/notes")),
    ("analyst", ("routing", "post", f"{_B}/cases/{{case_id}}/resolve")),
    ("trainee", ("routing", "post", f"{_B}/cases/{{case_id}}/no-reply")),
    ("trainee", ("routing", "post", f"{_B}/cases/{{case_id}}/merge")),
    ("trainee", ("routing", "post", f"{_B}/mentions/{{mention_id}}/corrections")),
    ("trainee", ("routing", "post", f"{_B}/mentions/{{mention_id}}/duplicates")),
    ("lead", ("routing", "put", f"{_B}/book")),
    ("agent", ("routing", "put", f"{_B}/hold")),
    ("analyst", ("responder", "get", f"{_B}/replies")),
    ("admin", ("responder", "post", f"{_B}/replies/{{reply_id}}/approve")),
    ("trainee", ("responder", "post", f"{_B}/replies/{{reply_id}}/approve")),
    ("trainee", ("responder", "post", f"{_B}/replies/{{reply_id}}/confirm")),
    ("trainee", ("responder", "get", f"{_B}/review")),
    ("trainee", ("responder", "post", f"{_B}/replies/{{reply_id}}/return")),
    ("trainee", ("responder", "post", f"{_B}/delegations")),
    ("trainee", ("responder", "get", f"{_B}/overrides")),
    ("lead", ("routing", "post", f"{_B}/clients")),
    ("lead", ("routing", "post", f"{_B}/users")),
    ("connector", ("analytics", "get", f"{_B}/summary")),
    *[("lead", (service, "get", f"{_B}/dead-letters")) for service in SERVICES],
    *[("lead", (service, "post", f"{_B}/dead-letters/{what}")) for service in SERVICES for what in ("replay", "drop")],
]


@pytest.mark.parametrize(("role", "key"), NOT_FOR, ids=lambda item: item if isinstance(item, str) else f"{item[1].upper()} {item[2]}")
def test_a_role_that_may_not_is_told_so(world: World, role: str, key: Key) -> None:
    service, method, path = key
    given: dict[str, Any] = {"json": {}} if method in ("post", "put") else {}
    answer = world.ask("duin", service, method.upper(), path.format(brand="duin", **world.seeds[0]), role, **given)
    assert answer.status_code == 403, answer.text
    assert role in answer.json()["detail"]
