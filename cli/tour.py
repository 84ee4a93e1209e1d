"""What example agents do with the samples in ``make run``: a few replies for each brand, all of them named here, written and approved through the
public API.

Nothing is decided by a machine: this table says who answers which sample mention with which script of the brand book, and what they fill in. All of
it is example data about invented brands, whose books keep every message in the sandbox. A reply that was written in an earlier run is left alone.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cli.client import Client
from cli.errors import CommandError, Refused
from libs.common.events import deterministic_id

NO_PROGRESS_S = 60.0
ENDED = frozenset({"sent", "failed", "unconfirmed", "discarded"})


@dataclass(frozen=True)
class Answer:
    """One sample mention, the team member who answers it, the script that they start from, and what they put in its open places."""

    channel: str
    external_id: str
    agent: str
    script: str
    fill: Mapping[str, str] = field(default_factory=dict)


ANSWERS = {
    "vaart": (
        Answer("twitter", "tw-1010", "tb", "storing-bekend", {"plaats": "Zwolle-Zuid", "tijd": "maandag 14:00 uur"}),
        Answer("mastodon", "mas-2002", "eo", "storing-bekend", {"plaats": "Zwolle-Zuid", "tijd": "maandag 14:00 uur"}),
        Answer("whatsapp", "wa-7004", "gs", "opzeggen-bevestigen", {"tijd": "maandag 16:00 uur"}),
        Answer("forum", "forum-6001", "eo", "monteur-nieuwe-afspraak", {"tijd": "maandag 12:00 uur"}),
        Answer("review", "rev-5003", "jl", "bedankt"),
    ),
    "kwartel": (
        Answer("twitter", "tw-k112", "hs", "stremming-nu", {"plaats": "Veenwoude", "tijd": "maandag 14:00 uur"}),
        Answer("twitter", "tw-k110", "kd", "gevonden-navraag", {"plaats": "Hoogemeer", "tijd": "maandag 17:00 uur"}),
        Answer("review", "rev-k101", "lv", "dank"),
    ),
}
"""By brand."""


@dataclass
class Acted:
    """``approved``: the ids of replies that somebody approved now; ``earlier``: how many stood already; ``left``: why a reply could not be approved."""

    approved: list[str] = field(default_factory=list)
    earlier: int = 0
    left: list[str] = field(default_factory=list)


def act(client: Client, brand: str) -> Acted:
    """Writes and approves what ``ANSWERS`` names for the brand. Raises ``CommandError`` only when a service does not answer at all."""
    team = {member["id"]: member["role"] for member in client.get("routing", f"/v1/brands/{brand}/book", brand)["book"]["team"]}
    acted = Acted()
    for answer in ANSWERS[brand]:
        try:
            reply_id = _answer(client, brand, answer, team[answer.agent])
        except Refused as error:
            acted.left.append(f"{answer.channel} {answer.external_id} ({answer.agent}): {error}")
            continue
        if reply_id is None:
            acted.earlier += 1
        else:
            acted.approved.append(reply_id)
    return acted


def _answer(client: Client, brand: str, answer: Answer, role: str) -> str | None:
    """As a person would: find the case, take it, start from the script, fill in, submit, read, approve. None: somebody did so before."""
    me: dict[str, str] = {"role": role, "subject": answer.agent}
    of_brand = f"/v1/brands/{brand}"
    mention_id = deterministic_id(brand, answer.channel, answer.external_id)
    case_id = client.get("routing", f"{of_brand}/trace/{mention_id}", brand)["case_ids"][0]
    known = [reply for reply in client.items("responder", f"{of_brand}/replies", brand, params={"case_id": case_id}) if _is_persons(reply)]
    if any(reply["state"] not in ("draft", "submitted") for reply in known):
        return None
    reply = known[0] if known else _write(client, of_brand, brand, case_id, answer, me)
    path = f"{of_brand}/replies/{reply['id']}"
    if reply["state"] == "draft":
        text = reply["text"]
        for name, value in answer.fill.items():
            text = text.replace(f"{{{name}}}", value)
        if text != reply["text"]:
            reply = client.call("responder", "PUT", path, brand, json={"text": text}, headers=_as_read(reply), **me)
        reply = client.call("responder", "POST", f"{path}/submit", brand, headers=_as_read(reply), **me)
    seen = sorted({verdict["code"] for verdict in reply["verdicts"] if verdict["severity"] == "confirm"})
    body = {"digest": reply["digest"], "confirmed": seen}
    client.call("responder", "POST", f"{path}/approve", brand, json=body, headers=_as_read(reply), **me)
    return str(reply["id"])


def _as_read(thing: Mapping[str, Any]) -> dict[str, str]:
    """A change is made to this version, and to no other."""
    return {"if-match": f'"{thing["version"]}"'}


def _is_persons(reply: dict[str, Any]) -> bool:
    return not reply["automatic"] and reply["state"] != "discarded"


def _write(client: Client, of_brand: str, brand: str, case_id: str, answer: Answer, me: Mapping[str, str]) -> dict[str, Any]:
    case = client.get("routing", f"{of_brand}/cases/{case_id}", brand)
    if case["case"]["owner"] != answer.agent:
        client.call("routing", "POST", f"{of_brand}/cases/{case_id}/take", brand, headers=_as_read(case), **me)
    written: dict[str, Any] = client.call(
        "responder", "POST", f"{of_brand}/cases/{case_id}/replies", brand, json={"script": answer.script}, **me
    )
    return written


def wait_sent(client: Client, brand: str, reply_ids: list[str]) -> dict[str, int]:
    """Waits until each reply has come to an end, as long as they do. Returns how many ended in which state. Raises ``CommandError``."""
    seen, moved_at = "", time.monotonic()
    while True:
        replies = [client.get("responder", f"/v1/brands/{brand}/replies/{reply_id}", brand) for reply_id in reply_ids]
        states = [reply["state"] for reply in replies]
        if all(state in ENDED for state in states):
            return {state: states.count(state) for state in states}
        now = str(states)
        if now != seen:
            seen, moved_at = now, time.monotonic()
        if time.monotonic() - moved_at > NO_PROGRESS_S:
            why = sorted({why for reply in replies for why in reply["waiting"]}) or ["the responder does not say why"]
            raise CommandError(f"Approved replies are not sent since {NO_PROGRESS_S:.0f} s: {'; '.join(why)}")
        time.sleep(0.1)
