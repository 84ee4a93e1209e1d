"""Whether the channel takes a text of this length."""

from collections.abc import Iterator

from libs.common.brandbook import BrandBook
from services.responder import lengths
from services.responder.verdicts.draft import Draft, Found


def too_long(draft: Draft, book: BrandBook) -> Iterator[Found]:
    over = lengths.excess(draft.channel, draft.text, book, draft.visibility)
    if over:
        most = lengths.limit(draft.channel, book, draft.visibility)
        end = len(draft.text)
        message = f"{over} over the limit of {most} for {draft.channel}, in its own way of counting."
        yield Found("too_long", message, max(0, end - over), end, "conduct.limits")
