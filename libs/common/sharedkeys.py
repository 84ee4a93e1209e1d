"""Keys that several processes must hold alike: whether they do, without telling them.

Each instance writes fingerprints of its keys into its service's own database; `GET /v1/checks` compares those of the instances that live, and
`weerklank doctor` those of routing, responder and ingest. A fingerprint is a MAC under the key itself: whoever reads it learns whether two keys are one
and, since a key is 32 random characters at least, nothing of the key. What a key signs is out in the world anyway and says as much.
"""

import asyncio
import hmac
import logging
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from libs.common import db
from libs.common.checks import CannotAsk, Finding, Kind, Probe

if TYPE_CHECKING:  # it hands us its pool
    from libs.common.service import Service
    from libs.common.servicechecks import Probes

log = logging.getLogger(__name__)
EVERY_S = 60.0
ALIVE_S = 150.0
"""An instance that has not written for so long is gone, or holds what nobody knows."""
ANSWER_KEY, LINK_KEY = "answer key", "link key"

Held = Mapping[str, Sequence[str]]
"""Name of a key → fingerprints: of the one that signs, then of those that are read as well; none where there is no key."""

INSTANCES = Kind(
    "service.keys",
    "Keys of a service's instances",
    "That all instances of routing sign links with the same key, and all of routing, of responder and of ingest hold the same answer key. "
    "Fingerprints are compared, and no key is shown.",
    "Give all instances the same key, from one Secret, and start them anew.",
)
ANSWERS = Kind(
    "platform.answer-key",
    "The key of departments' answers",
    "That ingest recognises the addresses that routing signs for departments to answer to by mail. Fingerprints are compared, and no key is shown.",
    "Set WEERKLANK_INGEST_ANSWER_KEY and WEERKLANK_ROUTING_ANSWER_KEY to the same 32 characters or more, at random, and start both anew.",
)
REPLIES = Kind(
    "platform.reply-key",
    "The key of customers' answers",
    "That ingest recognises the addresses that the responder signs for customers to answer to by mail. Fingerprints are compared, and no key is shown.",
    "Set WEERKLANK_RESPONDER_ANSWER_KEY and WEERKLANK_INGEST_ANSWER_KEY to the same 32 characters or more, at random, and start both anew.",
)
KINDS = (INSTANCES, ANSWERS, REPLIES)


def fingerprint(key: bytes) -> str:
    return hmac.digest(key, b"weerklank fingerprint v1", "sha256")[:8].hex()


async def telling(service: "Service", held: Held) -> None:
    """Until cancelled: writes what this instance holds, at once and every minute. A passing fault of Postgres is waited out."""
    while True:
        try:
            async with service.pool.acquire(timeout=5) as connection:
                await tell(connection, service.settings.instance, held)
        except db.TRANSIENT as error:
            log.warning("what keys this instance holds is not told now", extra={"error": type(error).__name__})
        await asyncio.sleep(EVERY_S)


async def tell(connection: db.Connection, instance: str, held: Held) -> None:
    """Write what an instance holds by now, in the place of what it held, and forget those that were not heard of for a day."""
    await connection.execute("delete from held_key where instance = $1 or seen_at < now() - interval '1 day'", instance)
    await connection.executemany(
        "insert into held_key (instance, name, fingerprints) values ($1, $2, $3) on conflict (instance, name) do update "
        "set fingerprints = excluded.fingerprints, seen_at = excluded.seen_at",
        [(instance, name, list(found)) for name, found in held.items()],
    )


def probes(held: Held) -> "Probes":
    """What a service says of its keys: whether those of all its instances are the same, with the fingerprints of this one's."""

    def made(service: "Service", _brand: str | None) -> Sequence[Probe]:
        return [Probe(INSTANCES, partial(_instances, service, held), service.name)]

    return made


async def _instances(service: "Service", held: Held) -> list[Finding]:
    try:
        async with service.pool.acquire(timeout=3) as connection:
            rows = await connection.fetch(
                "select instance, name, fingerprints from held_key where seen_at > now() - make_interval(secs => $1) order by instance",
                ALIVE_S,
            )
    except db.TRANSIENT as error:
        raise CannotAsk(f"Its database does not answer ({type(error).__name__}).") from error
    found = []
    for name, ours in held.items():
        others = {row["instance"]: row["fingerprints"] for row in rows if row["name"] == name}
        found.append(judge_instances(service.name, name, {**others, service.settings.instance: ours}, service.settings.instance))
    return found


def judge_instances(service: str, name: str, held: Held, this: str) -> Finding:
    """`held`: instance → fingerprints. What one signs, each of the others must read."""
    about = f"{service}, {name}"
    values = {"fingerprints": list(held[this]), "instances": {instance: list(known) for instance, known in held.items()}}
    signing = {known[0] if known else None for known in held.values()}
    if len(signing) == 1:
        if None in signing:
            return INSTANCES.ok("It has none.", about=about, values=values)
        return INSTANCES.ok(f"{len(held)} instance{'s hold' if len(held) > 1 else ' holds'} the same one.", about=about, values=values)
    apart = [instance for instance, known in held.items() if list(known[:1]) != list(held[this][:1])]
    said = f"Of {len(held)} instances {_joined(apart)} sign{'s' if len(apart) == 1 else ''} with another one than {this}"
    if None not in signing and all(one in known for one in signing for known in held.values()):
        return INSTANCES.warning(
            f"{said}; each still reads what the others sign.",
            "Where the key is being changed: wait until all instances were started anew. Else give all of them the same.",
            about=about,
            values=values,
        )
    return INSTANCES.error(f"{said}: what one signs is refused by others.", about=about, values=values)


def judge_answers(routing: Sequence[str], ingest: Sequence[str]) -> Finding:
    """`routing`: fingerprints of what it signs addresses with; `ingest`: of what it recognises them by, the newest first."""
    if not routing and not ingest:
        return ANSWERS.ok("Neither has one: departments answer by the link in their mail.")
    if not ingest:
        return ANSWERS.error("Routing signs addresses that ingest does not know: departments' answers by mail come in as mentions.")
    if not routing:
        return ANSWERS.warning("Ingest has one and routing has none: mails to departments have no address to answer to, only the link.")
    if routing[0] not in ingest:
        return ANSWERS.error(
            "Routing and ingest hold different ones: departments' answers by mail come in as mentions.",
            f"{ANSWERS.remedy} The one that routing had until now goes into WEERKLANK_INGEST_ANSWER_KEY_BEFORE.",
        )
    if routing[0] != ingest[0]:
        return ANSWERS.warning(
            "Routing still signs with the one that ingest knows as the one before.",
            "Set WEERKLANK_ROUTING_ANSWER_KEY to WEERKLANK_INGEST_ANSWER_KEY, and start routing anew.",
        )
    return ANSWERS.ok("Routing and ingest hold the same one.")


def judge_replies(responder: Sequence[str], ingest: Sequence[str]) -> Finding:
    """`responder`: fingerprints of what it signs addresses with; `ingest`: of what it recognises them by, the newest first."""
    if not responder:
        return REPLIES.ok("The responder has none: customers' answers are known by what they refer to.")
    if responder[0] in ingest:
        return REPLIES.ok("Responder and ingest hold the same one.")
    return REPLIES.error(
        "Ingest does not know the one that the responder signs with: an answer that refers to nothing else begins a new case."
    )


def _joined(names: Iterable[str]) -> str:
    *first, last = sorted(names)
    return f"{', '.join(first)} and {last}" if first else last
