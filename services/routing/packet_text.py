"""A handover packet as text that fits one screen, in Dutch or English: to be pasted into a mail, a ticket of another department, or the phone team's
script. Pure. At most 60 lines of 100 characters, however much there is: what is left out is said."""

import textwrap
from datetime import datetime
from zoneinfo import ZoneInfo

from libs.common.case_events import Clock
from libs.common.masking import Mask
from services.routing.packet import Packet, Tried

WIDTH, LINES = 100, 60

_WORDS = {
    "case": ("Case", "Zaak"),
    "customer": ("customer", "klant"),
    "unknown": ("not shown", "niet getoond"),
    "owner": ("owner", "eigenaar"),
    "nobody": ("nobody", "niemand"),
    "asked": ("ASKED", "GEVRAAGD"),
    "open": ("open", "open"),
    "answered": ("answered", "beantwoord"),
    "promised": ("PROMISED", "BELOOFD"),
    "nothing promised": ("nothing that is open", "niets dat nog openstaat"),
    "overdue": ("OVERDUE", "TE LAAT"),
    "due": ("due", "uiterlijk"),
    "tried": ("TRIED", "GEDAAN"),
    "nothing tried": ("nothing yet", "nog niets"),
    "given": ("ALREADY GIVEN: DO NOT ASK AGAIN", "AL GEGEVEN: NIET OPNIEUW VRAGEN"),
    "nothing given": ("nothing", "niets"),
    "not given": ("not given yet (ask in private, and only what is needed)", "nog niet gegeven (vraag het privé, en alleen wat nodig is)"),
    "others": ("OTHER CASES OF THIS CUSTOMER", "ANDERE ZAKEN VAN DEZE KLANT"),
    "mood": ("Mood", "Stemming"),
    "language": ("language", "taal"),
    "clocks": ("Clocks", "Klokken"),
    "reaction": ("reaction", "reactie"),
    "resolution": ("resolution", "oplossing"),
    "met": ("met", "gehaald"),
    "breached": ("breached", "verlopen"),
    "paused": ("paused", "gepauzeerd"),
    "looking": ("Open with", "Nu open bij"),
    "more": ("… and {n} more", "… en nog {n}"),
    "not kept": ("(no longer kept)", "(niet meer bewaard)"),
    "texts-forgotten": ("texts no longer kept", "teksten niet meer bewaard"),
    "private": ("private", "privé"),
    "public": ("public", "openbaar"),
    "reply": ("answered", "geantwoord"),
    "note": ("note", "notitie"),
    "negative": ("negative", "negatief"),
    "neutral": ("neutral", "neutraal"),
    "positive": ("positive", "positief"),
    "assigned": ("assigned to", "toegewezen aan"),
    "resolved": ("resolved", "opgelost"),
    "reopened": ("reopened", "heropend"),
    "escalated": ("escalated", "geëscaleerd"),
    "merged": ("merged", "samengevoegd"),
    "split": ("split", "gesplitst"),
    "callback-planned": ("callback planned", "terugbellen gepland"),
    "consulted": ("asked", "gevraagd aan"),
    "consultation-answered": ("answered by", "geantwoord door"),
    "consultation-handed-on": ("question handed on to", "vraag doorgezet naar"),
    "consultation-reopened": ("asked again", "opnieuw gevraagd aan"),
    "consultation-withdrawn": ("question withdrawn", "vraag ingetrokken"),
    "consultation-reminded": ("reminded", "herinnerd"),
    "consultation-noted": ("no answer from", "geen antwoord van"),
    "clock-breached": ("clock ran out", "klok verlopen"),
    "new": ("new", "nieuw"),
    "waiting": ("waiting", "wacht"),
    "closed": ("closed", "gesloten"),
    "handle": ("handle", "naam op sociale media"),
}


def text(packet: Packet, mask: Mask, zone: ZoneInfo) -> str:
    """The packet for people. Times are the brand's."""
    return "\n".join(_Page(packet, mask, zone).lines()) + "\n"


class _Page:
    def __init__(self, packet: Packet, mask: Mask, zone: ZoneInfo) -> None:
        self.packet, self.mask, self.zone = packet, mask, zone

    def say(self, word: str) -> str:
        return _WORDS[word][self.mask.language == "nl"] if word in _WORDS else word.replace("-", " ").replace("_", " ")

    def at(self, moment: datetime) -> str:
        return moment.astimezone(self.zone).strftime("%d-%m %H:%M" if self.mask.language == "nl" else "%d %b %H:%M")

    def lines(self) -> list[str]:
        """Every part has its share of the screen; what one does not need goes to the questions."""
        head = self._head()
        parts = [
            ("promised", self._promised(), 7),
            ("tried", [_cut(self._tried(tried)) for tried in self.packet.tried], 12),
            ("given", self._given(), 7),
            ("others", [self._other(n) for n in range(len(self.packet.others))], 5),
        ]
        shown = {name: self._some(rows, most) for name, rows, most in parts}
        shown["promised"] = shown["promised"] or [f"  {self.say('nothing promised')}"]
        shown["tried"] = shown["tried"] or [f"  {self.say('nothing tried')}"]
        rest = sum(1 + len(rows) for rows in shown.values() if rows)
        found = [*head, "", self.say("asked"), *self._asked(LINES - len(head) - 2 - rest)]
        for name, _, _ in parts:
            if shown[name]:
                found += [self.say(name), *shown[name]]
        return found[:LINES]

    def _head(self) -> list[str]:
        case = self.packet.case
        who = case.customer or self.say("unknown")
        first = f"{self.say('case')} {case.id}: {self.say(case.state)}, {case.department}, {self.say('owner')} {case.owner or self.say('nobody')}"
        second = (
            f"{self.say('customer')}: {who} · {case.channel} ({self.say(case.visibility)}) · {case.priority} · {', '.join(case.labels)}"
        )
        moods = [self.say(mood.sentiment) for mood in self.packet.mood][-6:]
        third = f"{self.say('mood')}: {' → '.join(moods)} · {self.say('language')} {case.language}"
        clocks = f"{self.say('clocks')}: {', '.join(map(self._clock, self.packet.clocks)) or '-'}"
        looking = [f"{one.member} ({one.doing})" for one in self.packet.looking]
        return [
            _cut(line) for line in (first, second, third, clocks, *([f"{self.say('looking')}: {', '.join(looking)}"] if looking else []))
        ]

    def _clock(self, clock: Clock) -> str:
        kind = self.say(clock.kind)
        if clock.met_at is not None:
            return f"{kind} {self.say('breached' if clock.breached_at else 'met')} {self.at(clock.met_at)}"
        if clock.paused_at is not None:
            return f"{kind} {self.say('paused')} {self.at(clock.paused_at)}"
        late = f" {self.say('breached')}" if clock.breached_at else ""
        return f"{kind} {self.say('due')} {self.at(clock.due_at)}{late}"

    def _asked(self, room: int) -> list[str]:
        """Each message in the customer's words, as far as the screen goes; what is open first."""
        found: list[str] = []
        for number, asked in enumerate(self.packet.asked):
            left = self.packet.asked_total - number
            state = self.say("open" if asked.open else "answered")
            head = f"  [{state}] {self.at(asked.at)} {asked.channel} ({self.say(asked.visibility)})"
            said = asked.text if asked.kept else self.say("not kept")
            words = " ".join(filter(None, (asked.title and f"{asked.title}:", said))).split()
            most = max(1, min(6, room - len(found) - 3))
            body = textwrap.wrap(" ".join(words), WIDTH - 4, max_lines=most, placeholder=" …", break_long_words=True)
            if found and len(found) + 1 + len(body) + (left > 1) > room:
                return [*found, f"  {self.say('more').format(n=left)}"]
            found += [_cut(head), *(f"    {line}" for line in body)]
        return found

    def _promised(self) -> list[str]:
        rows = []
        for promise in self.packet.promised:
            due = f"{self.say('due')} {self.at(promise.due_at)}" if promise.due_at else ""
            late = f" {self.say('overdue')}" if promise.overdue else ""
            rows.append(_cut(f"  {due}{late} ({promise.by or '-'}, {promise.channel}): {_flat(promise.text)}"))
        return rows

    def _tried(self, tried: Tried) -> str:
        by = f" {tried.by}" if tried.by and tried.by != "system" else ""
        if tried.text is not None:
            said = _flat(tried.text) if tried.kept else self.say("not kept")
            return f"  {self.at(tried.at)}{by} {self.say(tried.what)}{f' ({tried.channel})' if tried.channel else ''}: {said}"
        detail = tried.detail
        more = " ".join(str(detail[key]) for key in ("owner", "department") if key in detail) if tried.what == "assigned" else ""
        more = more or (detail.get("consultation") or {}).get("department", "")
        why = detail.get("reason") or detail.get("why") or detail.get("question") or detail.get("answer") or detail.get("clock") or ""
        return f"  {self.at(tried.at)}{by} {self.say(tried.what)} {more}{f': {_flat(str(why))}' if why else ''}"

    def _given(self) -> list[str]:
        kinds: dict[str, list[str]] = {}
        for item in self.packet.given:
            name = self.say(item.kind) if item.kind == "handle" else self.mask.called(item.kind)
            kinds.setdefault(name, []).extend([item.value] if item.value else [])
        rows = [f"  {name}: {', '.join(dict.fromkeys(values)) or '✓'}" for name, values in kinds.items()]
        missing = [self.mask.called(kind) for kind in self.packet.unknown]
        found = [_cut(row) for row in rows] or [f"  {self.say('nothing given')}"]
        return [*found[:5], *([_cut(f"  {self.say('not given')}: {', '.join(missing)}")] if missing else [])]

    def _other(self, number: int) -> str:
        case = self.packet.others[number]
        return _cut(f"  {self.at(case.opened_at)} {case.channel}: {self.say(case.state)}, {', '.join(case.labels) or '-'} ({case.id})")

    def _some(self, rows: list[str], most: int) -> list[str]:
        if len(rows) <= most:
            return rows
        return [*rows[: most - 1], f"  {self.say('more').format(n=len(rows) - most + 1)}"]


def _flat(said: str) -> str:
    return " ".join(said.split())


def _cut(line: str) -> str:
    return line if len(line) <= WIDTH else line[: WIDTH - 2] + " …"
