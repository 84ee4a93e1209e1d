"""A made-up brand (example data), and what one rule finds in a draft of one of its people."""

from functools import lru_cache

from libs.common.bookteam import Member
from libs.common.brandbook import BrandBook
from libs.common.reply_events import Verdict
from services.responder import guard, languages
from services.responder.verdicts.draft import Draft

MEMBER = Member(id="gs", first_name="Guus", initials="gs")


@lru_cache
def book(person: str = "ik", address_form: str = "je", smileys: bool = True, forbidden: str = "") -> BrandBook:
    return BrandBook.model_validate(
        {
            "brand": "vaart",
            "name": "Vaart",
            "languages": ["nl", "en"],
            "voice": {
                "person": person,
                "address_form": address_form,
                "smileys": smileys,
                "forbidden_words": forbidden.split(),
                "official_names": ["Mijn Vaart", "Ik Spaar", "Wij Helpen"],
                "competitors": ["Golfnet"],
                "safe_domains": ["vaart.example", "vaart-winkel.example"],
            },
            "channels": [
                {"id": "mail", "type": "imap", "host": "imap.post.example", "user": "klant@post.example", "secret": "file:vaart-imap"},
                {"id": "x", "type": "x", "account": "@vaartnl", "secret": "env:VAART_X"},
            ],
            "identifiers": {"customer_number": r"\b40\d{6}\b", "order_number": r"\bVA-\d{7}\b", "case_number": r"\bZK\d{5}\b"},
            "team": [{"id": "gs", "first_name": "Guus", "initials": "gs"}, {"id": "mk", "first_name": "Mila", "initials": "mk"}],
        }
    )


def judged(
    text: str, code: str, incoming: str | None = None, *, channel: str = "forum", visibility: str = "public", **of_book: str | bool
) -> list[Verdict]:
    """The verdicts of one code."""
    own = book(**of_book)  # type: ignore[arg-type]
    draft = Draft(
        text=text,
        channel=channel,
        visibility=visibility,
        member=MEMBER,
        language=languages.of_customer(incoming, text, own),
        incoming=incoming,
    )
    return [verdict for verdict in guard.check(draft, own) if verdict.code == code]


def said(text: str, code: str, incoming: str | None = None, **more: str | bool) -> list[str]:
    """The words that the verdicts of one code are about."""
    return [text[one.start : one.end] for one in judged(text, code, incoming, **more)]  # type: ignore[arg-type]
