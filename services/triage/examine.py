"""What one mention says and shows, seen through its brand's book: mentions reach this module, findings and identifiers leave it.

Slow work without a transaction: the models run in a thread, so that heartbeats go on meanwhile.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from libs.common.books import BrandBooks
from libs.common.brandbook import BrandBook
from libs.common.errors import InvalidEvent
from libs.common.events import Findings, Identity, Mention, PersonalData
from libs.common.ours import Ours
from libs.common.ownnumbers import BookPattern
from services.triage import group, phrases
from services.triage.brandheads import BrandModels
from services.triage.classify import BrandView, Classifier, Depth
from services.triage.context import Context
from services.triage.identifiers import identifiers
from services.triage.words import folded

OwnModels = Callable[[Collection[str]], Awaitable[Mapping[str, BrandModels]]]


@dataclass(frozen=True, slots=True)
class Prepared:
    """What was found in one mention before the transaction, and the version of the brand book that it was decided under.

    `author` is what identifies its author; none where the brand's own address or account wrote it (a contact form, a colleague). `something_else`: it
    says that it is about something else than before.
    """

    findings: Findings
    author: tuple[Identity, ...]
    identifiers: tuple[tuple[str, str], ...]
    book_version: int
    something_else: bool = False


@dataclass(frozen=True, slots=True)
class Lens:
    """What mentions of one brand are looked at through, made once for each version of its book."""

    version: int
    book: BrandBook
    view: BrandView
    ours: Ours
    patterns: tuple[BookPattern, ...]


async def _shipped_alone(brands: Collection[str]) -> dict[str, BrandModels]:
    return {}


class Examiner:
    """The models and the brand books at hand. `own_models` tells the brands' own heads that are live."""

    def __init__(self, books: BrandBooks, classifier: Classifier, own_models: OwnModels = _shipped_alone) -> None:
        self._books, self.classifier, self._own_models = books, classifier, own_models
        self._lenses: dict[str, Lens] = {}

    def lens(self, brand: str) -> Lens:
        """Raises InvalidEvent for a brand without a book."""
        published = self._books.get(brand)
        if published is None:
            raise InvalidEvent(f"There is no brand book for {brand!r}. Apply one, then replay.")
        known = self._lenses.get(brand)
        if known is None or known.version != published.version:
            book = published.book
            known = Lens(published.version, book, self.classifier.view(book), Ours.of(book), BookPattern.all_of(book))
            self._lenses[brand] = known
        return known

    async def examine(self, mentions: Sequence[Mention], depth: Depth) -> dict[UUID, Prepared]:
        """What each mention says and shows. Quick: without the whole encoder, and without the words that weighed most."""
        models = await self._own_models({mention.brand for mention in mentions})
        return await asyncio.to_thread(self._examine, mentions, models, depth)

    async def findings(self, mentions: Sequence[Mention]) -> dict[UUID, Findings]:
        """All that can be found in each mention."""
        models = await self._own_models({mention.brand for mention in mentions})
        found = await asyncio.to_thread(self._findings, mentions, models, "full")
        return {mention.id: one for mention, one in zip(mentions, found, strict=True)}

    async def tried(self, brand: str, text: str, context: Context) -> Findings:
        """What would be found in a text that is no mention."""
        models = await self._own_models({brand})
        view = self.lens(brand).view

        def classify() -> Findings:
            return self.classifier.classify([text], [view], [context], [models.get(brand)], explain=True)[0]

        return await asyncio.to_thread(classify)

    def _findings(self, mentions: Sequence[Mention], models: Mapping[str, BrandModels], depth: Depth) -> list[Findings]:
        through = [self.lens(mention.brand) for mention in mentions]
        found = self.classifier.classify(
            [_text(mention) for mention in mentions],
            [lens.view for lens in through],
            [context_of(mention, lens.book) for mention, lens in zip(mentions, through, strict=True)],
            [models.get(mention.brand) for mention in mentions],
            depth=depth,
            explain=depth == "full",
        )
        return [one.model_copy(update={"pii": placed(one.pii, mention.title)}) for mention, one in zip(mentions, found, strict=True)]

    def _examine(self, mentions: Sequence[Mention], models: Mapping[str, BrandModels], depth: Depth) -> dict[UUID, Prepared]:
        prepared = {}
        for mention, findings in zip(mentions, self._findings(mentions, models, depth), strict=True):
            lens = self.lens(mention.brand)
            text = _text(mention)
            shown = [(item.kind, item.value) for item in identifiers(text, lens.book, lens.ours, lens.patterns)]
            prepared[mention.id] = Prepared(
                findings,
                tuple(identity for identity in mention.author.identities if not lens.ours.has(identity)),
                (*shown, *group.named_handles(mention, lens.ours.handles)),
                lens.version,
                bool(findings.labels) and phrases.of_something_else(folded(phrases.unquoted(text))),
            )
        return prepared


def _text(mention: Mention) -> str:
    return f"{mention.title}\n{mention.text}" if mention.title else mention.text


def context_of(mention: Mention, book: BrandBook) -> Context:
    """Where a mention came from: channel, visibility, reach, and whether the brand book names its author as staff."""
    handles = {handle.lstrip("@").lower() for handle in book.staff.handles}
    staff = any(
        (identity.kind == "handle" and identity.value in handles)
        or (identity.kind == "email" and identity.value.rpartition("@")[2] in book.staff.domains)
        for identity in mention.author.identities
    )
    channel = "direct" if mention.kind == "direct" else mention.channel
    return Context(channel, mention.visibility, mention.author.followers, staff)


def placed(found: Sequence[PersonalData], title: str | None) -> list[PersonalData]:
    """Spans in a title, a line break and a text as spans in either. One that crosses the break is in both: nothing of it stays unmasked."""
    if not title:
        return list(found)
    split = len(title) + 1
    parts = []
    for one in found:
        if one.start < len(title):
            parts.append(one.model_copy(update={"end": min(one.end, len(title)), "field": "title"}))
        if one.end > split:
            parts.append(one.model_copy(update={"start": max(one.start - split, 0), "end": one.end - split}))
    return parts
