"""One schedule of a scenario: its steps in one order in which they can happen, and what was not as expected.

Steps at different moments happen one after the other. Of what is told at one moment the order is the seed's: which service hears what first, how much
at once, what is told twice, and where a process dies before its commit. A step that looks or acts waits until all that was told is handled, unless it says
`meanwhile`. Seed 0 is the plain order.
"""

import hashlib
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cli.scenario import times
from cli.scenario.expect import differences
from cli.scenario.format import (
    EXPECTATIONS,
    BookStep,
    CallStep,
    ClickedStep,
    DoStep,
    DraftStep,
    ExpectStep,
    MailedStep,
    MailStep,
    MentionStep,
    OutsideStep,
    ReplyStep,
    Scenario,
    Step,
    TakenBackStep,
)
from cli.scenario.log import Log
from cli.scenario.told import Teller
from cli.scenario.world import Failed, World

_MOMENT = re.compile(r"'?(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)'?")
_TOLD_AGAIN, _CRASHES, _SENT_EARLY = 0.1, 0.05, 0.1


@dataclass(frozen=True, slots=True)
class Outcome:
    """What did not come out as expected in one schedule; nothing: it all did."""

    seed: int
    failures: tuple[str, ...]


async def play(world: World, scenario: Scenario, seed: int) -> Outcome:
    player = _Player(world, scenario, seed)
    try:
        await player.play()
    except (Failed, times.NoTime) as error:
        player.fail(str(error))
    except Exception as error:  # noqa: BLE001 - of one schedule: the others are played all the same
        player.fail(f"{type(error).__name__}, which nobody expected: {_short(str(error))}")
    await world.end()
    return Outcome(seed, tuple(player.failures))


class _Player:
    def __init__(self, world: World, scenario: Scenario, seed: int) -> None:
        self._world, self._scenario, self._seed = world, scenario, seed
        self._rng = random.Random(f"{scenario.path.name}/{seed}")  # noqa: S311  # the order of a test, which must be the same again
        self._line = 0
        self._waiting: list[Step] = []
        self.failures: list[str] = []

    def fail(self, text: str) -> None:
        zone = self._scenario.zone
        told = _MOMENT.sub(lambda found: times.shown(datetime.fromisoformat(found[1]), zone), text)
        self.failures.append(f"line {self._line}, {times.shown(self._world.now, zone)}: {told}")

    async def play(self) -> None:
        scenario, world = self._scenario, self._world
        orderly = self._seed == 0
        readers: dict[str, Sequence[str]] = {"routing": ()}
        if scenario.triage == "real":
            readers["triage"] = ()
        if any(map(_responds, scenario.steps)):
            readers |= {"responder": (), "holds": ()}
        brand = "s" + hashlib.blake2b(f"{scenario.path.name}/{self._seed}".encode(), digest_size=8).hexdigest()
        self._book = dict(scenario.book)
        await world.begin(brand, self._book, Log(readers, self._rng, orderly), scenario.starts)
        self._teller = Teller(world, scenario)
        for step in scenario.steps:
            if step.at > world.now:
                await self._settle()
                while await world.pass_time(step.at):
                    await self._settle()
            self._line = step.line
            await self._do(step)
        await self._settle()
        await self._invariants()

    async def _settle(self) -> None:
        """Deliver all that was told, in the seed's order, with what people do meanwhile at moments of its choice."""
        world = self._world
        while True:
            world.log.tell_again(_TOLD_AGAIN)
            if self._waiting and self._rng.random() < 0.4:
                await self._act(self._waiting.pop(self._rng.randrange(len(self._waiting))))
                continue
            crash = self._seed != 0 and self._rng.random() < _CRASHES
            if world.responds and self._seed != 0 and self._rng.random() < _SENT_EARLY:
                await world.send()
            if await world.deliver(crash):
                continue
            if not self._waiting:
                if await world.work():
                    continue
                return
            await self._act(self._waiting.pop(0))

    async def _do(self, step: Step) -> None:
        world, what = self._world, step.what
        match what:
            case MentionStep():
                self._teller.mention(what)
            case MailStep():
                self._teller.mail(what)
            case TakenBackStep():
                if self._scenario.triage == "real":
                    await self._settle()
                self._teller.taken_back(what.taken_back)
            case ReplyStep():
                await self._known(what.to)
                await self._teller.reply(what)
            case MailedStep():
                await self._settle()
                await self._teller.mailed(what)
            case BookStep():
                await self._settle()
                self._book |= what.book
                await world.publish(self._book)
            case OutsideStep():
                await self._settle()
                world.outside |= {str(way): str(does) for way, does in what.outside.items()}
            case DoStep() | CallStep() | DraftStep() | ClickedStep():
                if what.meanwhile and self._seed != 0:
                    self._waiting.append(step)
                else:
                    await self._settle()
                    await self._act(step)
            case ExpectStep():
                await self._settle()
                for item in what.expect:
                    await self._expect(item)

    async def _known(self, mention: str) -> None:
        """A reply is to a message that a case has: its order against others is open from there on."""
        found = self._world.names["mention"].get(mention)
        known = await self._world.rows("routing", "select 1 from mention_copy where brand = $1 and id = $2", self._world.brand, found)
        if not known:
            await self._settle()

    # --- people -----------------------------------------------------------------------------------------------------------------------

    async def _act(self, step: Step) -> None:
        line, self._line = self._line, step.line
        what = step.what
        if isinstance(what, ClickedStep):
            await self._click(what)
            self._line = line
            return
        if isinstance(what, DoStep):
            what = await (self._with_reply(what, what.reply) if what.reply is not None else self._with_case(what, what.case or ""))
        elif isinstance(what, DraftStep):
            what = await self._draft(what)
        assert isinstance(what, CallStep)
        await self._call(what)
        self._line = line

    async def _with_case(self, what: DoStep, mention: str) -> CallStep:
        path = f"POST /cases/{await self._world.case_of(mention)}/{what.do.replace('_', '-')}"
        return self._asked(what, path, what.body, what.save)

    async def _with_reply(self, what: DoStep, name: str) -> CallStep:
        """With the digest of the text as it stands, and what the guard asks about in it, where the step gives no other."""
        reply_id = self._reply_id(name)
        body: dict[str, Any] = dict(what.body or {})
        if what.do in ("approve", "legal_check", "legal-check") and "digest" not in body:
            found = await self._reply(name)
            body["digest"] = found["digest"]
            if what.do == "approve" and "confirmed" not in body:
                body["confirmed"] = sorted({verdict["code"] for verdict in found["verdicts"] if verdict["severity"] == "confirm"})
        method = "PUT" if what.do == "edit" else "POST"
        path = f"/replies/{reply_id}" if what.do == "edit" else f"/replies/{reply_id}/{what.do.replace('_', '-')}"
        return self._asked(what, f"{method} {path}", body or what.body, what.save, service="responder")

    async def _draft(self, what: DraftStep) -> CallStep:
        given = {"text": what.text, "script": what.script}
        body = {key: value for key, value in given.items() if value is not None} | what.body
        path = f"POST /cases/{await self._world.case_of(what.case)}/replies"
        return self._asked(what, path, body, f"reply:{what.draft}", service="responder")

    def _asked(self, what: DoStep | DraftStep, call: str, body: Any, save: str | None, service: str = "routing") -> CallStep:
        return CallStep.model_validate(
            {
                "call": call,
                "service": service,
                "as": what.as_ or "gs",
                "with": body,
                "answer": what.answer,
                "has": what.has if isinstance(what, DoStep) else None,
                "save": save,
            }
        )

    def _reply_id(self, name: str) -> str:
        known = self._world.names["reply"]
        if name not in known:
            raise Failed(f"there is no reply {name!r} in this scenario so far (there are {', '.join(known) or 'none'})")
        return str(known[name])

    async def _reply(self, name: str) -> dict[str, Any]:
        """A reply as people see it in the responder."""
        subject, role = self._who(None)
        path = f"/replies/{self._reply_id(name)}"
        answer = await self._world.call("responder", "GET", path, subject=subject, role=role, body=None, headers={})
        if answer.status != 200:
            raise Failed(f"reply {name} is not shown: {answer.status} {_short(answer.body)}")
        found: dict[str, Any] = answer.body
        return found

    async def _click(self, what: ClickedStep) -> None:
        answer = await self._world.click(what.clicked, what.to, None if what.looks else await self._world.resolved(what.form))
        if answer.status != (what.answer or 200):
            self.fail(f"{what.clicked!r} of {what.to} answers {answer.status}, not {what.answer or 200}")
        if what.says is not None and what.says not in answer.body:
            self.fail(f"the page of {what.clicked!r} does not say {what.says!r}: {_words(answer.body)}")

    async def _call(self, what: CallStep) -> None:
        world = self._world
        subject, role = self._who(what.as_)
        method, _, path = what.call.partition(" ")
        headers = {key.lower(): str(value) for key, value in (await world.resolved(what.headers)).items()}
        if "if-match" in headers and headers["if-match"].isdigit():
            headers["if-match"] = f'"{headers["if-match"]}"'
        body = await world.resolved(what.body)
        answer = await world.call(
            what.service, method, await world.resolved(path), subject=subject, role=role, body=self._dated(body), headers=headers
        )
        wanted = what.answer
        if (answer.status != wanted) if wanted else not 200 <= answer.status < 300:
            self.fail(f"{what.call} answers {answer.status}, not {wanted or 'yes'}: {_short(answer.body)}")
        if what.save and what.save.startswith("reply:"):
            if isinstance(answer.body, dict) and "id" in answer.body:
                world.names["reply"][what.save.removeprefix("reply:")] = answer.body["id"]
        elif what.save:
            world.names["saved"][what.save] = answer.body
        if what.has is not None:
            for line in differences(await world.resolved(what.has), answer.body, self._meant):
                self.fail(f"{what.call}: {line}")

    def _dated(self, value: Any) -> Any:
        """In what is sent, `{at: +2h}` and nothing else in it is that moment."""
        if isinstance(value, dict):
            if set(value) == {"at"} and isinstance(value["at"], str):
                return times.read(value["at"], self._world.now, self._scenario.zone).isoformat()
            return {key: self._dated(item) for key, item in value.items()}
        return [self._dated(item) for item in value] if isinstance(value, list) else value

    def _who(self, who: str | dict[str, str] | None) -> tuple[str, str]:
        """(Subject, role) of a team member by id, or as it says; without a word the first lead of the team."""
        published = self._world.books.get(self._world.brand)
        assert published is not None
        if isinstance(who, dict):
            return who.get("id", "somebody"), who.get("role", "agent")
        if who is None:
            lead = next((member for member in published.book.team if member.role == "lead"), None)
            return (lead.id, "lead") if lead else ("boss", "admin")
        member = published.book.member(who)
        return (who, member.role) if member else (who, "agent")

    # --- what must be so ----------------------------------------------------------------------------------------------------------------

    def _meant(self, text: str) -> datetime | None:
        try:
            return times.read(text, self._world.now, self._scenario.zone)
        except times.NoTime:
            return None

    async def _expect(self, item: dict[str, Any]) -> None:
        world = self._world
        rest = dict(item)
        kind = next(name for name in EXPECTATIONS if name in rest)
        about = rest.pop(kind)
        wanted = await world.resolved(rest.pop("is", rest.pop("has", None)))
        found: Any
        match kind:
            case "case":
                found = await self._case(about)
            case "cases":
                wanted, found = about, await self._cases()
            case "reply":
                found = await self._reply(about)
            case "told":
                found = await self._told(about)
            case "unread":
                found = await self._told(about, " and read_at is null")
            case "sent":
                wanted = await world.resolved(about) if wanted is None else wanted
                found = await self._sent()
            case "timeline":
                found = await self._timeline(about)
            case "promise":
                found = await self._promise(about)
            case "notices":
                wanted = await world.resolved(about) if wanted is None else wanted
                found = await self._notices()
            case "get":
                subject, role = self._who(rest.get("as"))
                path = await world.resolved(about)
                answer = await world.call(
                    rest.get("service", "routing"), "GET", path, subject=subject, role=role, body=None, headers=rest.get("headers", {})
                )
                found = answer.body
                if answer.status != rest.get("answer", 200):
                    self.fail(f"GET {about} answers {answer.status}: {_short(answer.body)}")
                    return
            case "same_case" | "apart":
                ids = {name: await world.case_of(name) for name in about}
                number = len(set(ids.values()))
                if (number != 1) if kind == "same_case" else (number != len(ids)):
                    self.fail(f"{kind} {', '.join(about)}: they are in {number} cases: {ids}")
                return
        for line in differences(wanted, found, self._meant):
            self.fail(f"{kind} {about if isinstance(about, str) else ''}: {line}".replace(" :", ":"))

    async def _case(self, mention: str) -> dict[str, Any]:
        """A case as people see it, its clocks by their kind."""
        subject, role = self._who(None)
        case_id = await self._world.case_of(mention)
        answer = await self._world.call("routing", "GET", f"/cases/{case_id}", subject=subject, role=role, body=None, headers={})
        if answer.status != 200:
            raise Failed(f"the case of {mention} is not shown: {answer.status} {_short(answer.body)}")
        case: dict[str, Any] = answer.body["case"]
        return {**case, "version": answer.body["version"], **{clock["kind"]: clock for clock in case["clocks"]}}

    async def _promise(self, name: str) -> dict[str, Any]:
        """A promise as people see it."""
        subject, role = self._who(None)
        path = await self._world.resolved(f"/promises/$promise.{name}")
        answer = await self._world.call("routing", "GET", path, subject=subject, role=role, body=None, headers={})
        if answer.status != 200:
            raise Failed(f"the promise {name} is not shown: {answer.status} {_short(answer.body)}")
        found: dict[str, Any] = answer.body
        return found

    async def _cases(self) -> int:
        sql = "select 1 from care_case where brand = $1 and state not in ('merged', 'withdrawn')"
        return len(await self._world.rows("routing", sql, self._world.brand))

    async def _sent(self) -> list[dict[str, Any]]:
        """What has left for customers, oldest first: into the sandbox, where all of it stays."""
        sql = "select channel, recipient->>'value' as \"to\", text, reply_id from sandbox_outbox where brand = $1 order by id"
        return await self._world.rows("responder", sql, self._world.brand)

    async def _told(self, member: str, only: str = "") -> list[str]:
        sql = f"select what from notification where brand = $1 and member = $2{only} order by at, seq"
        found = [row["what"] for row in await self._world.rows("routing", sql, self._world.brand, member)]
        published = self._world.books.get(self._world.brand)
        if not found and published is not None and published.book.member(member) is None:
            there = ", ".join(one.id for one in published.book.team)
            raise Failed(f"{member!r} is nobody of the team (there are {there}); what the hub and departments are told is under notices")
        return found

    async def _timeline(self, mention: str) -> list[dict[str, Any]]:
        subject, role = self._who(None)
        case_id = await self._world.case_of(mention)
        path = f"/cases/{case_id}/timeline?limit=500"
        answer = await self._world.call("routing", "GET", path, subject=subject, role=role, body=None, headers={})
        items: list[dict[str, Any]] = answer.body["items"]
        return [{**item["detail"], "what": item["what"], "actor": item["actor"], "at": item["at"]} for item in items]

    async def _notices(self) -> list[dict[str, Any]]:
        subject, role = self._who(None)
        answer = await self._world.call("routing", "GET", "/notices?limit=500", subject=subject, role=role, body=None, headers={})
        items: list[dict[str, Any]] = answer.body["items"]
        return items

    async def _invariants(self) -> None:
        """What must hold whatever a scenario is about."""
        brand = self._world.brand
        gaps = await self._world.rows(
            "routing",
            "select c.id, c.version, count(t.version) as told from care_case c left join timeline t on t.brand = c.brand and t.case_id = c.id "
            "where c.brand = $1 group by c.id, c.version having count(t.version) <> c.version",
            brand,
        )
        for gap in gaps:
            self.fail(f"case {gap['id']} is at version {gap['version']}, and its timeline has {gap['told']} rows")


def _words(page: str) -> str:
    """What a page says, without its layout."""
    return _short(" ".join(re.sub(r"<(style|head)\b.*?</\1>|<[^>]*>", " ", page, flags=re.DOTALL).split()))


def _short(value: Any) -> str:
    text = str(value.get("detail", value) if isinstance(value, dict) else value)
    return text if len(text) <= 300 else f"{text[:297]}…"


def _responds(step: Step) -> bool:
    """Whether this needs the responder."""
    match step.what:
        case DraftStep():
            return True
        case DoStep():
            return step.what.reply is not None
        case CallStep():
            return step.what.service == "responder"
        case ExpectStep():
            return any("sent" in item or "reply" in item or item.get("service") == "responder" for item in step.what.expect)
        case _:
            return False
