"""Whether two mentions are one issue: two `Seen` reach this module, a verdict with its evidence leaves it.

Strong evidence links: a number, account, phone, handle or address that both show, last digits that fit, or the same author on the same subject. Weak
evidence (a similar name, the same problem, close in time, the same place) makes a suggestion with a score. Evidence against counts more than either:
another number of the same kind, another person, "something else", a question that was solved. What a text means decides nothing by itself.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal

from services.triage.names import Likeness, alike, likeness
from services.triage.numbers import Number, same
from services.triage.phrases import AGAIN, ASKS, ELSE, OWN, RESOLVED, THEIRS
from services.triage.shown import PUBLIC, Seen, is_telling

Decision = Literal["link", "suggest", "apart"]

FEWEST_COMMON: Final = 4
NUMBER_WINDOW: Final = timedelta(days=21)
"""A number shown again later than this begins a new issue, which refers to the old one."""
SAME_DAY: Final = timedelta(hours=20)
"""Within it the same author goes on with the same subject, unless they say otherwise."""
AUTHOR_WINDOW: Final = timedelta(days=5)
"""Within it the same author on the same subject is one issue; after it only where they say that they ask again."""
SUGGEST_WINDOW: Final = timedelta(days=14)
SOLVED_AFTER: Final = timedelta(days=2)
"""Who says that something was solved and asks again after this asks something new."""
SUGGEST_FROM: Final = 0.4
QUIET: Final = 15
"""Mentions of a brand within hours, among which a like name is still worth something."""
FULL: Final = 0.9
"""The same first name and surname, however many write."""
INITIALS: Final = 0.4
"""Names that share little more than an initial."""
ALIKE: Final = 0.5
"""Names from here on are alike enough for one person's text in two places."""
FEWEST_RUNS: Final = 6
"""Shorter texts are alike by chance: "still no internet here"."""
COPIED: Final = ((16, 0.45), (8, 0.6), (FEWEST_RUNS, 0.8))
"""The share of the shorter text that stands in the other, by how many runs it has at least: chance is the less likely the longer it is."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One reason. `said` is for people."""

    kind: str
    against: bool
    said: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """`link`: one issue. `suggest`: a person must say. `apart`: evidence against, so that nothing else may join them. None: nothing to say."""

    decision: Decision | None
    score: float
    """0 to 1: how likely they are one issue."""
    evidence: tuple[Evidence, ...] = ()
    follows: bool = False
    """Apart, and yet the later one goes back to the earlier: the same number or author after it was solved, or weeks later."""


NOTHING: Final = Verdict(None, 0.0)


def compare(one: Seen, other: Seen, *, crowd: int = 0, busy: int = 0) -> Verdict:
    """The verdict on two mentions. Symmetric: which comes first follows from their times. Where both are in a topic, `crowd` is how many mentions the
    smaller one has: neither the subject nor the moment says who of them wrote, and the more they are, the likelier are two of like names. So
    are they where a brand is `busy`: so many mentions came in within hours."""
    if one.brand != other.brand:
        return Verdict("apart", 0.0, (Evidence("brand", True, "another brand"),))
    earlier, later = (one, other) if (one.at, one.id) <= (other.at, other.id) else (other, one)
    gap = later.at - earlier.at
    alike = likeness(one.name, other.name)
    strong = list(dict.fromkeys(_strong(earlier, later, alike)))
    author = earlier.own & later.own
    if against := _against(earlier, later, gap, bool(author)):
        return Verdict("apart", 0.0, (*against, *strong), bool(strong or author) and any(reason.kind == "solved" for reason in against))
    if not author and (alike.against or not _tells(strong)) and alike.score < ALIKE and copied(earlier, later):
        return Verdict("apart", 0.0, (Evidence("copy", True, "a text that several people copied"),))
    if strong and not author and alike.score < ALIKE and (told_of := _told_of(earlier, later)) and {one.kind for one in strong} <= _TOLD:
        return _of_another(strong, told_of)
    if strong:
        return _linked(strong, gap, alike, nameless=not (earlier.name.known and later.name.known))
    if author:
        return _same_author(earlier, later, gap, alike)
    return _similar(earlier, later, gap, alike, crowd, busy)


def may_be_one(one: Seen, other: Seen) -> bool:
    """False where `compare` can neither link, suggest, nor say that one follows the other: they share nothing that shows who wrote, and no name. Takes a
    fraction of the time."""
    if not (one.own.isdisjoint(other.own) and one.told.isdisjoint(other.told)):
        return True
    if not (one.told.isdisjoint(other.own) and other.told.isdisjoint(one.own)) or one.endings or other.endings:
        return True
    if (one.called or other.called) and any(
        kind == "handle" and value in mine.called for mine, theirs in ((one, other), (other, one)) for kind, value in theirs.own
    ):
        return True
    return alike(one.name, other.name)


def _linked(strong: list[Evidence], gap: timedelta, alike: Likeness, *, nameless: bool) -> Verdict:
    """The verdict on strong evidence. `nameless`: of one of the two nobody says how its author is called.

    A number of the brand's or of a bank has one holder. A phone number, an address, last digits can be those of a shop, an office or a swindler whom
    several people name: those need a name that fits, or none.
    """
    if gap > NUMBER_WINDOW:
        return Verdict("apart", 0.0, (*strong, Evidence("time", True, f"{gap.days} days apart")), follows=True)
    kinds = {one.kind for one in strong}
    named = (Evidence("name", True, alike.said),) if alike.against else ()
    if alike.clear or (alike.against and kinds <= _SHARED | {"account"}):
        return Verdict("suggest" if kinds & _UNIQUE else None, 0.5 if kinds & _UNIQUE else 0.2, (*strong, *named))
    if kinds <= {"ending"} and alike.score <= 0:
        return Verdict("suggest", 0.6, tuple(strong))
    if kinds <= _SHARED and alike.score <= 0 and not nameless:
        return Verdict("suggest", 0.5, tuple(strong))
    return Verdict("link", 0.99, tuple(strong))


_TOLD: Final = frozenset({"number", "account", "phone", "shared_phone", "shared_email", "shared_handle", "shared_address", "ending"})
"""Evidence that anybody can write down."""


def _told_of(earlier: Seen, later: Seen) -> Seen | None:
    """That one of the two which tells of another person's number, where the other does not."""
    if (THEIRS in earlier.flags) == (THEIRS in later.flags):
        return None
    return earlier if THEIRS in earlier.flags else later


def _of_another(strong: list[Evidence], told_of: Seen) -> Verdict:
    """Who quotes a friend's order and has a question of their own is another person with another issue; who asks for somebody may be either."""
    against = Evidence("relation", True, "a number of another person, of whom it tells")
    if OWN in told_of.flags:
        return Verdict("apart", 0.0, (against, *strong))
    return Verdict("suggest", 0.5, (*strong, against))


_SHARED: Final = frozenset({"shared_phone", "shared_email", "shared_handle", "shared_address", "ending"})
_UNIQUE: Final = frozenset({"number", "account"})


def _tells(strong: list[Evidence]) -> bool:
    return any(one.kind in _UNIQUE for one in strong)


def copied(one: Seen, other: Seen) -> bool:
    """Whether most of the shorter text stands in the other, word for word."""
    if one.copy.isdisjoint(other.copy) or len(one.copy) < FEWEST_RUNS or len(other.copy) < FEWEST_RUNS:
        return False
    common = len(one.copy & other.copy)
    if common < FEWEST_COMMON:
        return False
    last = min(max(one.copy), max(other.copy))  # beyond it one of the sketches may have been cut off
    mine, theirs = sum(run <= last for run in one.copy), sum(run <= last for run in other.copy)
    shorter = min(mine, theirs)
    share = next((share for runs, share in COPIED if min(len(one.copy), len(other.copy)) >= runs), 1.0)
    return common >= share * shorter


# --- strong evidence -----------------------------------------------------------------------------------------------------------------


def _strong(earlier: Seen, later: Seen, alike: Likeness) -> Iterator[Evidence]:
    for kind, value in sorted(earlier.told & later.told):
        if kind == "number":
            continue  # found alike; whether it is one takes more
        if kind == "phone" and value in earlier.landlines and alike.score <= 0:
            continue  # an office's number is in the signature of everybody who works there
        if kind == "address" and _elsewhere(earlier, later):
            continue
        shared = f"shared_{kind}" if kind in ("phone", "email", "handle", "address") else kind
        yield Evidence(shared, False, f"the same {_CALLED.get(kind, kind)} in both")
    if numbers := {value for kind, value in earlier.told & later.told if kind == "number"}:
        for one in earlier.numbers:
            for other in later.numbers:
                if not (numbers & one.cores).isdisjoint(other.cores) and same(one, other):
                    yield Evidence("number", False, f"the same {_called(one, other)} in both")
        if any(_is_account(value, earlier) != _is_account(value, later) for value in numbers):
            yield Evidence("account", False, "the same account in both, without its bank in one")
    if (earlier.told and later.own) or (later.told and earlier.own):
        for mine, theirs in ((earlier, later), (later, earlier)):
            for kind, _ in sorted(mine.told & theirs.own):
                yield Evidence(kind, False, f"one names the {_CALLED[kind]} that the other is written with")
    if earlier.called or later.called:
        for mine, theirs in ((earlier, later), (later, earlier)):
            if not alike.against and any(kind == "handle" and value in mine.called for kind, value in theirs.own):
                yield Evidence("handle", False, f"one names the {_CALLED['handle']} that the other is written with")
    if earlier.endings or later.endings:
        for mine, theirs in ((earlier, later), (later, earlier)):
            for ending in mine.endings:
                if any(value.endswith(ending.digits) for value in _whole(theirs, ending.kind)):
                    yield Evidence("ending", False, "the last digits of a number in the other")
                    break
        if any(one.is_one_with(other) for one in earlier.endings for other in later.endings):
            yield Evidence("ending", False, "the same last digits in both")
    if later.answers is not None and later.answers == earlier.id and earlier.own & later.own:
        yield Evidence("thread", False, "its author goes on with it")


def _called(one: Number, other: Number) -> str:
    """What a number is, by the brand's book or by the words around it."""
    booked, kind = max((number.booked, number.kind if number.told else "") for number in (one, other))
    return kind.replace("_", " ") if booked else f"{kind} number" if kind else "number"


_CALLED: Final = {
    "number": "number",
    "account": "account",
    "phone": "phone number",
    "email": "e-mail address",
    "handle": "handle",
    "address": "address",
}


def _elsewhere(earlier: Seen, later: Seen) -> bool:
    """Whether a street and number that both name are in two towns: there is a Dorpsstraat in each."""
    if earlier.places and later.places and earlier.places.isdisjoint(later.places):
        return True
    mine, theirs = _postcodes(earlier), _postcodes(later)
    return bool(mine and theirs) and mine.isdisjoint(theirs)


def _postcodes(seen: Seen) -> set[str]:
    return {value.partition(" ")[0] for value in _values(seen, "address") if value[0].isdigit()}


def _is_account(core: str, seen: Seen) -> bool:
    """Whether what a mention is found by is the end of an account of which it names the bank, too."""
    return all(core not in number.cores for number in seen.numbers)


def _whole(seen: Seen, kind: str = "") -> Iterator[str]:
    """The numbers of a mention of which another may name the last digits, as those of a `kind` of number."""
    for of, value in seen.told:
        if of in _ENDS[kind]:
            yield value
    if kind in ("phone", ""):
        for of, value in seen.own:
            if of == "phone":
                yield value


_ENDS: Final = {
    "phone": frozenset({"phone"}),
    "iban": frozenset({"account", "number"}),
    "card": frozenset({"account", "number"}),
    "": frozenset({"account", "phone", "number"}),
}
"""What is told whole of which the last digits are told elsewhere."""


# --- evidence against ----------------------------------------------------------------------------------------------------------------


def _against(earlier: Seen, later: Seen, gap: timedelta, author: bool) -> list[Evidence]:
    found = []
    if ELSE in later.flags:
        found.append(Evidence("else", True, "the later one says that it is about something else"))
    if RESOLVED in later.flags and ASKS in later.flags and gap >= SOLVED_AFTER:
        found.append(Evidence("solved", True, "the later one says that it was solved, and asks something new"))
    if earlier.numbers and later.numbers and (differ := _other_number(earlier.numbers, later.numbers)):
        found.append(Evidence("number", True, differ))
    if earlier.told and later.told:
        if _other_account(earlier, later):
            found.append(Evidence("account", True, "another account"))
        if not author and _other_phone(earlier, later):
            found.append(Evidence("phone", True, "another phone number"))
    if (earlier.endings or later.endings) and _other_ending(earlier, later):
        found.append(Evidence("ending", True, "the last digits of another number"))
    return found


def _other_number(mine: tuple[Number, ...], theirs: tuple[Number, ...]) -> str:
    """What differs, where both show a number of one kind and none of that is shared; else ""."""
    for one in mine:
        if any(same(one, other) for other in theirs):
            continue
        for other in theirs:
            if _one_kind(one, other) and not any(same(another, other) for another in mine):
                return (
                    "a number with two digits swapped, which is another"
                    if _swapped(one.core, other.core)
                    else "another number of the same kind"
                )
    return ""


def _one_kind(one: Number, other: Number) -> bool:
    if one.booked and other.booked:
        return one.kind == other.kind
    if len(one.core) != len(other.core) or one.core.isdigit() != other.core.isdigit():
        return False
    if one.letters and other.letters:
        return one.letters == other.letters
    if one.letters or other.letters:
        return sorted(one.core) == sorted(other.core)  # one leaves the letters out, and has two digits swapped
    if one.told and other.told:
        return one.kind == other.kind
    return one.core[:2] == other.core[:2] or sorted(one.core) == sorted(other.core)


def _swapped(one: str, other: str) -> bool:
    return len(one) == len(other) and sorted(one) == sorted(other) and sum(a != b for a, b in zip(one, other, strict=True)) == 2


def _values(seen: Seen, kind: str) -> set[str]:
    return {value for of, value in seen.told if of == kind}


def _other_account(earlier: Seen, later: Seen) -> bool:
    mine, theirs = _values(earlier, "account"), _values(later, "account")
    return mine.isdisjoint(theirs) and not {one[4:8] for one in mine}.isdisjoint(one[4:8] for one in theirs)


def _other_phone(earlier: Seen, later: Seen) -> bool:
    mine, theirs = _values(earlier, "phone") - earlier.landlines, _values(later, "phone") - later.landlines
    return bool(mine and theirs) and mine.isdisjoint(theirs)


def _other_ending(earlier: Seen, later: Seen) -> bool:
    """Whether the last digits that one tells are those of none of the other's numbers of that kind, of which there are some."""
    for mine, theirs in ((earlier, later), (later, earlier)):
        for ending in mine.endings:
            whole = [value for kind, value in theirs.told if kind == _ENDED.get(ending.kind)]
            last = [other.digits for other in theirs.endings if ending.kind in ("", other.kind) or not other.kind]
            if (whole or last) and not any(
                value.endswith(ending.digits) or ending.digits.endswith(value) for value in (*whole, *last, *_whole(theirs))
            ):
                return True
    return False


_ENDED: Final = {"phone": "phone", "iban": "account", "": "phone"}


# --- the same author -----------------------------------------------------------------------------------------------------------------


def _same_author(earlier: Seen, later: Seen, gap: timedelta, alike: Likeness) -> Verdict:
    """The same author is one issue while the subject is one. Soon after it takes little to say so; later they must say that they ask again.

    The same handle on two networks can be two people's; an address that two people write with is not their name.
    """
    about = Evidence("author", False, "the same author")
    if alike.clear:
        return Verdict(None, 0.2, (about, Evidence("name", True, alike.said)))
    cosine, _, share = subject(earlier, later)
    same = cosine + 0.5 * share + (0.25 if AGAIN in later.flags else 0.0)
    days = gap / timedelta(days=1)
    need = 0.0 if gap <= SAME_DAY else 0.12 + 0.04 * days if gap <= AUTHOR_WINDOW else 0.7
    if earlier.channel != later.channel and {earlier.channel, later.channel} <= PUBLIC and not _theirs_alone(earlier, later):
        need = max(need, 0.35)
    if later.relations - earlier.relations and same < 0.6:
        return Verdict("suggest", 0.5, (about, Evidence("relation", True, "on behalf of another")))
    if gap <= 2 * AUTHOR_WINDOW and same >= need:
        return Verdict("link", max(0.8, min(0.97, 0.9 + 0.1 * same - 0.02 * days)), (about, Evidence("subject", False, "the same subject")))
    return Verdict(None, 0.3, (about, Evidence("subject", True, "another subject, or long after")))


def _theirs_alone(earlier: Seen, later: Seen) -> bool:
    """Whether both are written with one address or phone number, or a handle that hardly anybody else has on another network."""
    return any(kind != "handle" or is_telling(value) for kind, value in earlier.own & later.own)


# --- weak evidence -------------------------------------------------------------------------------------------------------------------


def subject(one: Seen, other: Seen) -> tuple[float, float, float]:
    """How alike the subjects are: the cosine of the meanings, the weight of the telling words in common, and that as a share of those of the shorter."""
    cosine = float(one.meaning @ other.meaning) if one.meaning is not None and other.meaning is not None else 0.0
    few, many = (one.words, other.words) if len(one.words) <= len(other.words) else (other.words, one.words)
    weight = total = 0.0
    for stem, value in few.items():
        if value > PLAIN_WORD:
            total += value - PLAIN_WORD
            if stem in many:
                weight += value - PLAIN_WORD
    return cosine, weight, weight / total if total else 0.0


PLAIN_WORD: Final = 3.5
"""What is lighter stands in every other message."""


def _similar(earlier: Seen, later: Seen, gap: timedelta, alike: Likeness, crowd: int, busy: int) -> Verdict:
    """Weak evidence: it takes a name that is alike, and more. The weights are those of a logistic regression on the development set, rounded."""
    if alike.against or alike.score <= 0 or gap > SUGGEST_WINDOW:
        return NOTHING
    cosine, weight, _ = (0.0, 0.0, 0.0) if crowd else subject(earlier, later)
    if alike.score < INITIALS and cosine < 0.35 and weight < 3:
        return NOTHING
    days = gap / timedelta(days=1)
    logit = -2.4 + 4.0 * alike.score + 1.8 * cosine + 0.3 * min(weight, 10.0) - 1.2 * math.log1p(days)
    if crowd:
        logit -= 0.3 * math.log(crowd)
    if busy > QUIET and alike.score < FULL:
        logit -= 0.6 * math.log(busy / QUIET)
    reasons = [Evidence("name", False, alike.said)]
    if weight >= 4 or cosine >= 0.45:
        reasons.append(Evidence("subject", False, "the same problem"))
    if AGAIN in later.flags:
        logit += 1.3
        reasons.append(Evidence("again", False, "the later one refers to an earlier message"))
    if days <= 2 and not crowd:
        reasons.append(Evidence("time", False, "within a day" if days <= 1 else "within two days"))
    if earlier.places and later.places:
        if earlier.places & later.places:
            reasons.append(Evidence("place", False, "the same place"))
        else:
            logit -= 0.4
            reasons.append(Evidence("place", True, "another place"))
    if (
        earlier.told
        and later.told
        and (mine := _values(earlier, "address"))
        and mine.isdisjoint(theirs := _values(later, "address"))
        and theirs
    ):
        logit -= 1.5
        reasons.append(Evidence("address", True, "another address"))
    if earlier.details & later.details:
        logit += 0.6
        reasons.append(Evidence("detail", False, "the same amount or code"))
    if other_account(earlier, later):
        logit -= 4.5
        reasons.append(Evidence("handle", True, "another account on the same network"))
    score = 1 / (1 + math.exp(-logit))
    return Verdict("suggest" if score >= SUGGEST_FROM else None, round(score, 3), tuple(reasons))


def other_account(one: Seen, other: Seen) -> bool:
    """Whether both are written on one network with two handles: hardly anybody has two there."""
    return one.channel == other.channel and one.channel in PUBLIC and one.own.isdisjoint(other.own)


def among(score: float, rivals: int) -> float:
    """A suggestion's score where its mention may belong to `rivals` issues in all (1: to this one only): it belongs to one of them at most."""
    if rivals <= 1 or score <= 0:
        return score
    return round(score / (score + rivals * (1 - score)), 3)
