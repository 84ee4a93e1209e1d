"""Who and what a message names: a text and its brand book reach this module, strong identifiers leave it.

An identifier is evidence that two messages are one issue (DESIGN.md, "Who decides what"), so it is written in one canonical way and is
left out where it says nothing about a customer: the brand's own mailboxes and domains, and numbers that a company has rather than a
person. The brand's own patterns run first, and what they claim is not read a second time as a phone number.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from email.utils import parseaddr
from functools import lru_cache
from itertools import islice
from time import thread_time
from typing import Any, Final

import phonenumbers
import re2
import regex
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from libs.common.brandbook import BrandBook
from libs.common.events import Identity
from services.triage.bookforms import Form, form
from services.triage.contacts import addresses, emails, ibans, phones
from services.triage.features import well_formed
from services.triage.numbers import respelt
from services.triage.spelt import unspelt

MAX_CHARS = 10_000
"""Only so much of a text is read: identifiers stand where people introduce themselves, and a stranger chooses the length."""
MAX_EACH = 20
"""So many values of one kind are read in one message, the first ones: a list of more is nobody's own, and would take a row each."""
PATTERN_TIMEOUT_S, PATTERNS_TIMEOUT_S = 0.02, 0.1
"""What a pattern that can backtrack may cost on one message, and all of a book's together."""

PHONE, EMAIL, IBAN, ADDRESS = "phone", "email", "iban", "address"

_COMPANY_NUMBERS: Final = frozenset(
    {PhoneNumberType.TOLL_FREE, PhoneNumberType.PREMIUM_RATE, PhoneNumberType.SHARED_COST, PhoneNumberType.UAN, PhoneNumberType.VOICEMAIL}
)


@dataclass(frozen=True, slots=True, order=True)
class Identifier:
    """One value in its canonical form. `kind` is a name from the brand book, or phone, email, iban, address."""

    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class Ours:
    """What belongs to the brand, and so says nothing about who writes: its mailboxes, domains, handles and phone numbers."""

    mailboxes: frozenset[str]
    domains: tuple[str, ...]
    staff_domains: frozenset[str]
    handles: frozenset[str]
    numbers: frozenset[str]

    @classmethod
    def of(cls, book: BrandBook) -> "Ours":
        """Accounts, departments, whoever is told in a crisis, and staff, as the brand book has them."""
        accounts = [channel.account for channel in book.channels if channel.account]
        written = [value for channel in book.channels for value in (channel.user, channel.account, channel.sender)]
        written += [department.email for department in book.departments]
        written += [way.email for member in book.hub.members for way in member.notify]
        country = book.hours.holidays.country
        return cls(
            mailboxes=frozenset(parseaddr(value)[1].lower() for value in written if value and "@" in value),
            domains=tuple(name.lower().lstrip("@.") for name in (*book.voice.safe_domains, *book.staff.domains)),
            staff_domains=frozenset(name.lower().lstrip("@.") for name in book.staff.domains),
            handles=frozenset(handle.lstrip("@").lower() for handle in (*accounts, *book.staff.handles)),
            numbers=frozenset(n for account in accounts if not account.startswith("@") for n in _phones(account, phones(account), country)),
        )

    def has_mail(self, address: str) -> bool:
        """Whether a lower-case address is one of the brand's, or of one of its domains."""
        domain = address.rpartition("@")[2]
        return address in self.mailboxes or any(domain == name or domain.endswith("." + name) for name in self.domains)

    def has(self, identity: Identity) -> bool:
        """Whether this is how the brand itself is known: a contact form's mailbox, a colleague who passes something on, its own account.

        An address below a domain of the brand's alone says nothing: an internet provider's customers have one.
        """
        if identity.kind == "email":
            return identity.value in self.mailboxes or identity.value.rpartition("@")[2] in self.staff_domains
        return identity.value in (self.handles if identity.kind == "handle" else self.numbers if identity.kind == "phone" else ())


@dataclass(frozen=True, slots=True)
class BookPattern:
    """A pattern of a brand's book, compiled; `linear` when no text can make it backtrack. Case does not matter. `form` reads it in other spellings."""

    name: str
    compiled: Any
    linear: bool
    form: Form | None = None

    @classmethod
    def all_of(cls, book: BrandBook) -> "tuple[BookPattern, ...]":
        """In the book's order, each compiled to run in linear time where that can be."""
        return tuple(cls(name, *_compiled(pattern), form(name, pattern)) for name, pattern in book.identifiers.items())

    def canonical(self, written: str) -> str:
        """How one number looks, however it was typed: with the separators that the book has."""
        booked = self.form.as_booked("".join(filter(str.isalnum, written)).upper()) if self.form else None
        return canonical(booked if booked and self.compiled.fullmatch(booked) else written)


def identifiers(text: str, book: BrandBook, ours: Ours, patterns: Sequence[BookPattern]) -> list[Identifier]:
    """The strong identifiers in the first MAX_CHARS of `text`, each once, sorted, so that rows are locked in one order. `ours` is left out.

    `patterns` are the book's. One that takes longer than PATTERN_TIMEOUT_S on this text finds nothing more in it, and no more does any once all have
    taken PATTERNS_TIMEOUT_S together: a stranger's text must not be able to stop triage. (Only patterns with look-arounds or back-references can; the
    rest run in linear time.)
    """
    rest = well_formed(text[:MAX_CHARS])
    found: set[Identifier] = set()
    named = {pattern.name: pattern for pattern in patterns}
    for name, start, end in claimed(rest, patterns):
        found.add(Identifier(name, named[name].canonical(rest[start:end])))
        rest = _blanked(rest, start, end)
    for start, end in list(islice(emails(rest), MAX_EACH)):
        if not ours.has_mail(address := rest[start:end].lower()):
            found.add(Identifier(EMAIL, address))
        rest = _blanked(rest, start, end)
    for start, end in list(islice(ibans(rest), MAX_EACH)):
        found.add(Identifier(IBAN, "".join(filter(str.isalnum, rest[start:end])).upper()))
        rest = _blanked(rest, start, end)
    country = book.hours.holidays.country
    if country == "NL":
        found |= {Identifier(ADDRESS, value) for value in postal_addresses(rest)}
    if not (_DIGIT.search(rest := unspelt(rest)) or _has_no_trunk_zero(country)):
        return sorted(found)
    rest = _dialled(rest)
    spans = list(islice(phones(rest), MAX_EACH))
    found |= {Identifier(PHONE, value) for value in _phones(rest, spans, country) if value not in ours.numbers and not _of_a_place(value)}
    for start, end in spans:
        rest = _blanked(rest, start, end)
    for one, compact in respelt(rest, [pattern.form for pattern in patterns if pattern.form is not None]):
        if (booked := one.as_booked(compact)) and named[one.kind].compiled.fullmatch(booked):
            found.add(Identifier(one.kind, canonical(booked)))
    return sorted(found)


def _of_a_place(number: str) -> bool:
    """Whether a number is an office's or a household's, where everybody signs with it: a later look, which compares names, may make something of it."""
    return bool(phonenumbers.number_type(phonenumbers.parse(number)) == PhoneNumberType.FIXED_LINE)


_DIGIT: Final = re.compile(r"\d")
_MISTYPED: Final = re.compile(r"[oO] ?[1-9]|\d[oO]\d|3[1236][4-7]|44 ?7|49 ?1")
_ZERO: Final = re.compile(r"(?<![\w.@-])[oO](?= ?[1-9](?:[ ()./-]{0,3}[\doO]){8}(?![\w-]))|(?<=\d)[oO](?=[\doO]*\d)")
_NO_PLUS: Final = re.compile(r"(?<![\w+.-])(?=(?:316|447|324|491[567]|33[67])(?: ?\d){8,9}(?![\w-]))")


def _dialled(text: str) -> str:
    """The text with the 0 of a number that was typed as an O, and the + of one that begins with the code of a country's mobile phones."""
    return _NO_PLUS.sub("+", _ZERO.sub("0", text)) if _MISTYPED.search(text) else text


def claimed(text: str, patterns: Sequence[BookPattern]) -> list[tuple[str, int, int]]:
    """What the book's patterns find, as name, start and end, the first pattern before the next one; none reads what another found.

    One that takes longer than PATTERN_TIMEOUT_S finds nothing more, and no more does any that can backtrack once those have taken
    PATTERNS_TIMEOUT_S together.
    """
    written = text.encode("utf-8", "replace")
    rest = written.decode()
    found: list[tuple[str, int, int]] = []
    left_s = PATTERNS_TIMEOUT_S
    for pattern in patterns:
        if pattern.linear and pattern.compiled.search(written) is None:  # as most are; and bytes are searched without a copy
            continue
        began_s = thread_time()
        spans = _spans(pattern, min(left_s, PATTERN_TIMEOUT_S), rest)
        for start, end in list(islice(((start, end) for start, end in spans if rest[start:end].strip()), MAX_EACH)):
            found.append((pattern.name, start, end))
            rest = _blanked(rest, start, end)
        if not pattern.linear:
            left_s -= thread_time() - began_s
    return found


def _blanked(text: str, start: int, end: int) -> str:
    return text[:start] + " " * (end - start) + text[end:]


def canonical(value: str) -> str:
    """Upper case, without white space: how one number looks, however it was typed."""
    return "".join(value.split()).upper()


def _compiled(pattern: str) -> tuple[Any, bool]:
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    try:
        return re2.compile(pattern, options), True
    except re2.error:
        return regex.compile(pattern, regex.IGNORECASE), False


def _spans(pattern: BookPattern, timeout_s: float, text: str) -> Iterator[tuple[int, int]]:
    """Where the pattern matches; where it has exactly one group, where that does (such as "klantnummer" before it)."""
    if not pattern.linear and timeout_s <= 0:
        return
    matches = pattern.compiled.finditer(text) if pattern.linear else pattern.compiled.finditer(text, timeout=timeout_s)
    group = 1 if pattern.compiled.groups == 1 else 0
    try:
        for match in matches:
            if match.span(group)[0] >= 0:
                yield match.span(group)
    except TimeoutError:
        return


def phone_number(written: str, country: str) -> str:
    """A person's number as E.164, or "". One with its country code in front need not be of a range that is in use: ranges are opened and lent."""
    try:
        number = phonenumbers.parse(written, country)
    except phonenumbers.NumberParseException:
        return ""
    possible = written.startswith("+") and phonenumbers.is_possible_number_with_reason(number) == phonenumbers.ValidationResult.IS_POSSIBLE
    if not (possible or phonenumbers.is_valid_number(number)) or phonenumbers.number_type(number) in _COMPANY_NUMBERS:
        return ""
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def postal_addresses(text: str) -> Iterator[str]:
    """Postcodes with a house number beside them, as "1234AB 12A"."""
    return (address.canonical for address in islice(addresses(text), MAX_EACH) if address.canonical)


def _phones(text: str, spans: Iterable[tuple[int, int]], country: str) -> Iterator[str]:
    """Numbers of persons, as E.164; `spans` are those that look like one."""
    for start, end in spans:
        if number := phone_number(text[start:end], country):
            yield number
    if _has_no_trunk_zero(country):
        for match in islice(phonenumbers.PhoneNumberMatcher(text, country, max_tries=100), MAX_EACH):
            if number := phone_number(match.raw_string, country):
                yield number


@lru_cache
def _has_no_trunk_zero(country: str) -> bool:
    """Whether numbers are dialled at home as they are abroad, so that nothing in their shape tells them from other numbers (Spain, Denmark)."""
    region = phonenumbers.PhoneMetadata.metadata_for_region(country, None)
    return region is not None and region.national_prefix != "0"
