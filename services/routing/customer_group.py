"""Which of the brand book's groups of customers a case's writers are in. Pure.

A group names handles (`@somebody`), mail addresses, and domains of mail addresses (`@company.example`), or takes in whoever has so many followers.
"""

from collections.abc import Iterable

from libs.common.bookcases import CustomerGroup
from libs.common.brandbook import BrandBook
from libs.common.events import Author, TriagedMention


def of(book: BrandBook, mentions: Iterable[TriagedMention]) -> str | None:
    """The first group of the book that one of the writers is in; the order of the mentions plays no part. None: in none of them."""
    if not book.customer_groups:
        return None
    authors = [m.mention.author for m in mentions]
    return next((group.id for group in book.customer_groups if any(holds(group, author) for author in authors)), None)


def holds(group: CustomerGroup, author: Author) -> bool:
    """Whether the group names one of the author's identities, or takes in whoever has as many followers as they have."""
    if group.followers_from is not None and author.followers is not None and author.followers >= group.followers_from:
        return True
    named = {identity.strip().casefold() for identity in group.identities}
    return not named.isdisjoint(_known_as(author))


def _known_as(author: Author) -> set[str]:
    """In the ways in which a book may name them: a handle with and without its @; an address, and its domain with an @ before it."""
    found: set[str] = set()
    for identity in author.identities:
        value = identity.value.casefold()
        if identity.kind == "email":
            found |= {value, f"@{value.rpartition('@')[2]}"}
        elif identity.kind == "handle":
            found |= {value, f"@{value}"}
        else:
            found.add(value)
    return found


def known(book: BrandBook, id: str) -> bool:
    return any(group.id == id for group in book.customer_groups)
