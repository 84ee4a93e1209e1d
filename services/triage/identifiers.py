"""Who and what a message names: a text and its brand book reach this module, strong identifiers leave it.

An identifier is evidence that two messages are one issue (DESIGN.md, "Who decides what"), so it is written in one canonical way and is
left out where it says nothing about a customer: the brand's own mailboxes and domains, and numbers that a company has rather than a
person. The brand's own patterns run first, and what they claim is not read a second time as a phone number.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from email.utils import parseaddr
from functools import partial
from itertools import islice
from time import thread_time
from typing import Any, Final

import phonenumbers
import re2
import regex
from phonenumbers import PhoneNumberFormat, PhoneNumberType
from stdnum import iban
from stdnum.exceptions import ValidationError

from libs.common.brandbook import BrandBook
from libs.common.events import Identity
from services.triage.features import well_formed

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
_EMAIL: Final = re.compile(r"(?<![\w.+@-])[\w+-](?:[\w.+-]{0,62}[\w+-])?@(?:[a-z0-9-]{1,63}\.){1,6}[a-z]{2,24}(?![\w@-])", re.IGNORECASE)
_IBAN: Final = re.compile(r"(?<![A-Z0-9])[A-Z]{2}\d{2}(?:[ \t]?[A-Z0-9]){11,30}", re.IGNORECASE)
_DIGITS_OF_A_PHONE: Final = re.compile(r"\d(?:[\s()./-]{0,3}\d){7}")
_POSTCODE: Final = re.compile(r"(?<![\w-])([1-9]\d{3})(?: ?([A-Z]{2})|([a-z]{2}))(?!\w)")
_NUMBER_AFTER: Final = re.compile(
    r"[ ,;.]{0,3}(?:(?:en )?(?:huis)?(?:nummer|nr\.?)|no\.)?[ :]{0,2}(\d{1,5})(?:[ -]?([a-z])|-(\d{1,4}))?"
    r"(?![\w:]|[.,]\d| ?(?:uur|u|dagen|dag|weken|euro|keer|x|%|°|jan|feb|mrt|maart|apr|mei|jun|jul|aug|sep|okt|nov|dec)\w*)",
    re.IGNORECASE,
)
_NUMBER_BEFORE: Final = re.compile(r"(?<=[a-z.] )(\d{1,5})(?:[ -]?([a-z])|-(\d{1,4}))?[ ,;.\r\n]{1,4}$", re.IGNORECASE)
_NO_POSTCODE: Final = frozenset({"SA", "SD", "SS"})  # never issued


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
            numbers=frozenset(n for account in accounts if not account.startswith("@") for n in _phones(account, country)),
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
    """A pattern of a brand's book, compiled; `linear` when no text can make it backtrack. Case does not matter."""

    name: str
    compiled: Any
    linear: bool

    @classmethod
    def all_of(cls, book: BrandBook) -> "tuple[BookPattern, ...]":
        """In the book's order, each compiled to run in linear time where that can be."""
        return tuple(cls(name, *_compiled(pattern)) for name, pattern in book.identifiers.items())


def identifiers(text: str, book: BrandBook, ours: Ours, patterns: Sequence[BookPattern]) -> list[Identifier]:
    """The strong identifiers in the first MAX_CHARS of `text`, each once, sorted, so that rows are locked in one order. `ours` is left out.

    `patterns` are the book's. One that takes longer than PATTERN_TIMEOUT_S on this text finds nothing more in it, and no more does any once all have
    taken PATTERNS_TIMEOUT_S together: a stranger's text must not be able to stop triage. (Only patterns with look-arounds or back-references can; the
    rest run in linear time.)
    """
    rest = well_formed(text[:MAX_CHARS])
    found: set[Identifier] = set()
    left_s = PATTERNS_TIMEOUT_S
    for pattern in patterns:
        began_s = thread_time()
        rest, values = _taken(rest, partial(_spans, pattern, min(left_s, PATTERN_TIMEOUT_S)), canonical)
        found |= {Identifier(pattern.name, value) for value in values}
        if not pattern.linear:
            left_s -= thread_time() - began_s
    rest, values = _taken(rest, _matches(_EMAIL), str.lower)
    found |= {Identifier(EMAIL, value) for value in values if not ours.has_mail(value)}
    rest, values = _taken(rest, _matches(_IBAN), _iban)
    found |= {Identifier(IBAN, value) for value in values}
    country = book.hours.holidays.country
    if country == "NL":
        found |= {Identifier(ADDRESS, value) for value in postal_addresses(rest)}
    found |= {Identifier(PHONE, value) for value in _phones(rest, country) if value not in ours.numbers}
    return sorted(found)


def canonical(value: str) -> str:
    """Upper case, without white space: how one number looks, however it was typed."""
    return "".join(value.split()).upper()


def _taken(text: str, spans: Callable[[str], Iterator[tuple[int, int]]], normalise: Callable[[str], str]) -> tuple[str, list[str]]:
    """The values found, and the text with them blanked out so that nothing reads them again. An empty value is not one."""
    values: list[str] = []
    for start, end in spans(text):
        if value := normalise(text[start:end]):
            values.append(value)
            text = text[:start] + " " * (end - start) + text[end:]
        if len(values) == MAX_EACH:
            break
    return text, values


def _matches(pattern: re.Pattern[str]) -> Callable[[str], Iterator[tuple[int, int]]]:
    return lambda text: (match.span() for match in pattern.finditer(text))


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


def _iban(written: str) -> str:
    """The account number that `written` starts with, or "": what follows a number may look like more of it."""
    compact = canonical(written)
    for length in range(len(compact), 14, -1):
        try:
            return str(iban.validate(compact[:length]))
        except ValidationError:
            continue
    return ""


def _phones(text: str, country: str) -> Iterator[str]:
    """Numbers of persons, as E.164. One with its country code in front need not be of a range that is in use: ranges are opened and lent."""
    if not _DIGITS_OF_A_PHONE.search(text):
        return
    found = list(islice(phonenumbers.PhoneNumberMatcher(text, country, max_tries=100), MAX_EACH))
    if "+" in text:
        known = [(match.start, match.end) for match in found]
        possible = phonenumbers.PhoneNumberMatcher(text, country, leniency=phonenumbers.Leniency.POSSIBLE, max_tries=100)
        found += [
            match
            for match in islice(possible, MAX_EACH)
            if match.raw_string.startswith("+")
            and phonenumbers.is_possible_number_with_reason(match.number) == phonenumbers.ValidationResult.IS_POSSIBLE
            and not any(start < match.end and match.start < end for start, end in known)
        ]
    for match in found:
        if phonenumbers.number_type(match.number) not in _COMPANY_NUMBERS:
            yield phonenumbers.format_number(match.number, PhoneNumberFormat.E164)


def postal_addresses(text: str) -> Iterator[str]:
    """Dutch postcodes with a house number beside them, as "1234AB 12A"."""
    for match in list(_POSTCODE.finditer(text))[:MAX_EACH]:
        letters = (match[2] or match[3]).upper()
        if letters in _NO_POSTCODE:
            continue
        number = _NUMBER_AFTER.match(text, match.end()) or _NUMBER_BEFORE.search(text, max(0, match.start() - 40), match.start())
        if number:
            addition = (number[2] or "").upper() + (f"-{number[3]}" if number[3] else "")
            yield f"{match[1]}{letters} {int(number[1])}{addition}"
