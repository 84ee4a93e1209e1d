"""The policy of each brand, computed once per version of its brand book."""

from libs.common.books import BrandBooks
from libs.common.errors import InvalidEvent
from libs.common.hours import Calendar
from services.routing.sla import Policy


class Policies:
    def __init__(self, books: BrandBooks) -> None:
        self._books = books
        self._policies: dict[str, Policy] = {}

    def versions(self) -> list[tuple[str, int]]:
        """The brands that have a book, and which version of it."""
        return [(brand, published.version) for brand, published in self._books]

    def of(self, brand: str) -> Policy:
        """Raises `InvalidEvent` for a brand without a book."""
        published = self._books.get(brand)
        if published is None:
            raise InvalidEvent(f"There is no brand book for {brand!r}. Apply one, then replay.")
        known = self._policies.get(brand)
        if known is None or known.version != published.version:
            known = self._policies[brand] = Policy(published.book, Calendar.of(published.book), published.version)
        return known
