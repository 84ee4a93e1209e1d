"""The guard on a draft: what can be seen in a text before a person approves it.

A draft and its brand book come in; verdicts with the place they are about go out. The editor shows them while someone writes, and the sender refuses a
text with a blocking one. How much a verdict weighs is the brand book's (`guard`), by its code and the writer's role. What each rule finds stands in
`verdicts/`, a file a subject. Pure: no I/O, time passed in.
"""

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from libs.common.bookteam import Member
from libs.common.brandbook import BrandBook
from libs.common.reply_events import Verdict
from services.responder.bounded import within
from services.responder.verdicts.address import address_form
from services.responder.verdicts.asking import asks_pii_in_public
from services.responder.verdicts.blame import blame
from services.responder.verdicts.commitments import promised_times, unauthorised_promise
from services.responder.verdicts.draft import Draft, Found
from services.responder.verdicts.elsewhere import redirect
from services.responder.verdicts.facts import expiring_fact
from services.responder.verdicts.greeting import greeting
from services.responder.verdicts.inside import inside
from services.responder.verdicts.jokes import jokes
from services.responder.verdicts.language import language_mismatch
from services.responder.verdicts.length import too_long
from services.responder.verdicts.links import link_unsafe
from services.responder.verdicts.person import person_form
from services.responder.verdicts.personal import pii_in_public
from services.responder.verdicts.placeholders import placeholders
from services.responder.verdicts.rivals import rivals
from services.responder.verdicts.signature import signature
from services.responder.verdicts.smileys import smileys
from services.responder.verdicts.tone import tone
from services.responder.verdicts.words import forbidden_of, forbidden_words

CHECK_CPU_S = 2.0
"""What all the rules together may cost on one text; an ordinary one takes less than a millisecond."""
SIGNATURE = frozenset({"missing_signature", "wrong_signature"})
"""What depends on whose name the text is sent in."""
OF_TIMES = frozenset({"vague_promise", "promise_outside_hours"})
"""What is said of when a promise is due."""
KEPT = 20
"""Verdicts of one code that are kept."""

RULES: tuple[Callable[[Draft, BrandBook], Iterator[Found]], ...] = (
    too_long,
    greeting,
    signature,
    address_form,
    person_form,
    pii_in_public,
    asks_pii_in_public,
    expiring_fact,
    link_unsafe,
    language_mismatch,
    placeholders,
    forbidden_words,
    smileys,
    blame,
    unauthorised_promise,
    promised_times,
    redirect,
    tone,
    rivals,
    jokes,
    inside,
)


def check(draft: Draft, book: BrandBook) -> list[Verdict]:
    """What the rules find, in the order of the text, each with its place: code points in the draft's text, end exclusive, equal where something is
    missing. Of each code the first `KEPT`, the last of which says how many more there are.

    An empty text has that one verdict, and so has one that the rules take too long over: nobody has checked it, so it does not leave.
    """
    role = draft.role
    if not _visible(draft.text):
        return [_verdict(Found("empty", "There is no text to send.", 0, len(draft.text)), book, role)]
    forbidden_of(book)  # not out of the text's budget: it is the book's cost, once
    try:
        with within(CHECK_CPU_S):
            found = [one for rule in RULES for one in rule(draft, book)]
    except TimeoutError:
        return [unchecked(draft.text)]
    return _first([_verdict(one, book, role) for one in sorted(found, key=lambda one: (one.start, one.end, one.code))])


def signed_by(draft: Draft, members: Iterable[Member], book: BrandBook) -> bool:
    """Whether one of these members could have signed the text, as the channel asks. False when that takes too long to tell."""
    written = draft.text.lower()
    named = [member for member in members if member.initials.lower() in written or member.first_name.lower() in written]
    try:
        with within(CHECK_CPU_S):
            return any(not list(signature(draft.model_copy(update={"member": member}), book)) for member in named)
    except TimeoutError:
        return False


def _first(found: list[Verdict]) -> list[Verdict]:
    """At most `KEPT` of each code: a text that is wrong at every word makes no event that the relay cannot carry."""
    number = Counter(verdict.code for verdict in found)
    seen: Counter[str] = Counter()
    kept: list[Verdict] = []
    for verdict in found:
        seen[verdict.code] += 1
        more = number[verdict.code] - KEPT
        if seen[verdict.code] == KEPT and more > 0:
            kept.append(verdict.model_copy(update={"message": f"{verdict.message} And {more} more like this."}))
        elif seen[verdict.code] <= KEPT:
            kept.append(verdict)
    return kept


def _verdict(found: Found, book: BrandBook, role: str) -> Verdict:
    severity = book.guard.severity_of(found.code, role)
    return Verdict(
        code=found.code,
        message=found.message,
        start=found.start,
        end=found.end,
        blocking=severity == "block",
        severity=severity,
        rule=found.rule,
        fix=found.fix,
    )


def unchecked(text: str) -> Verdict:
    """Of a text that takes too long to read."""
    message = "This text takes too long to check. Write it more simply, or shorter."
    return Verdict(code="unchecked", message=message, start=0, end=len(text), blocking=True, severity="block")


def _visible(text: str) -> bool:
    """Whether a reader sees anything: white space, zero-width and control characters are nothing."""
    return any(not c.isspace() and unicodedata.category(c) not in ("Cf", "Cc") for c in text)
