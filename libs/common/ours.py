"""What belongs to the brand itself, and so is nobody's personal data and says nothing about who writes: a brand book reaches this module.

Phone numbers are compared as E.164, whoever wrote them and however.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email.utils import parseaddr
from functools import lru_cache
from itertools import islice
from typing import Final

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from libs.common.brandbook import BrandBook
from libs.common.contacts import phones
from libs.common.events import Identity
from libs.common.ownnumbers import MAX_EACH

_COMPANY_NUMBERS: Final = frozenset(
    {PhoneNumberType.TOLL_FREE, PhoneNumberType.PREMIUM_RATE, PhoneNumberType.SHARED_COST, PhoneNumberType.UAN, PhoneNumberType.VOICEMAIL}
)


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
            numbers=frozenset(
                n for account in accounts if not account.startswith("@") for n in phones_of_persons(account, phones(account), country)
            ),
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


def phones_of_persons(text: str, spans: Iterable[tuple[int, int]], country: str) -> Iterator[str]:
    """Numbers of persons, as E.164; `spans` are those that look like one."""
    for start, end in spans:
        if number := phone_number(text[start:end], country):
            yield number
    if has_no_trunk_zero(country):
        for match in islice(phonenumbers.PhoneNumberMatcher(text, country, max_tries=100), MAX_EACH):
            if number := phone_number(match.raw_string, country):
                yield number


@lru_cache
def has_no_trunk_zero(country: str) -> bool:
    """Whether numbers are dialled at home as they are abroad, so that nothing in their shape tells them from other numbers (Spain, Denmark)."""
    region = phonenumbers.PhoneMetadata.metadata_for_region(country, None)
    return region is not None and region.national_prefix != "0"
