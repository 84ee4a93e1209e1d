"""What two messages must share to be one issue."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from libs.common.events import Author, Findings, Identity, Label, Mention, Thread
from services.triage import group
from services.triage.group import WINDOW, Key, Shown

AT = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
ANNA, BRAM = uuid4(), uuid4()
FINDINGS = Findings(
    language="nl", language_confidence=1, sentiment="neutral", sentiment_score=0, sentiment_confidence=1, labels=[], model="test"
)
LABELLED = FINDINGS.model_copy(update={"labels": [Label(name="factuur", score=1)]})


def mention(*identities: Identity, text: str = "", kind: str = "post", visibility: str = "public", thread: str | None = None) -> Mention:
    return Mention(
        id=uuid4(),
        brand="vaart",
        channel="twitter",
        kind=kind,
        external_id="x",
        author=Author(identities=list(identities) or [Identity(kind="id", value="nobody")]),
        text=text,
        thread=Thread(id=thread) if thread else None,
        visibility=visibility,
        posted_at=AT,
        received_at=AT,
    )


def links(second: Mention, identifiers: list[tuple[str, str]], author: UUID, known: dict[Key, Shown]) -> list[str]:
    """The kinds of evidence that a mention finds in what is known."""
    keys = group.keys(second, second.author.identities, FINDINGS, identifiers, author)
    return [
        link.kind
        for link in group.links(
            [(key, known[key]) for key in keys if key in known], AT, author, group.own_keys(second.brand, second.author.identities)
        )
    ]


def shown_by(first: Mention, identifiers: list[tuple[str, str]], author: UUID, at: datetime = AT) -> dict[Key, Shown]:
    keys = group.keys(first, first.author.identities, FINDINGS, identifiers, author)
    return {key: Shown(first.id, first.id, [author], at) for key in keys}


PHONE, MAIL = Identity(kind="phone", value="+31612345678"), Identity(kind="email", value="anna@post.example")
HANDLE = Identity(kind="handle", value="anna_k", channel="twitter")


@pytest.mark.parametrize(
    ("own", "named"), [(PHONE, ("phone", PHONE.value)), (MAIL, ("email", MAIL.value)), (HANDLE, ("handle", "twitter:anna_k"))]
)
def test_who_names_what_another_writes_with_is_linked_whoever_comes_first(own: Identity, named: tuple[str, str]) -> None:
    other = Identity(kind="handle", value="bram", channel="facebook")
    assert links(mention(other), [named], BRAM, shown_by(mention(own), [], ANNA)) == [own.kind]
    assert links(mention(own), [], ANNA, shown_by(mention(other), [named], BRAM)) == [own.kind]


@pytest.mark.parametrize("own", [PHONE, MAIL, HANDLE])
def test_writing_again_with_the_same_address_is_no_evidence_even_when_it_stands_in_the_signature(own: Identity) -> None:
    before = shown_by(mention(own), [], ANNA)
    assert links(mention(own), [], ANNA, before) == []
    written = f"{own.channel}:{own.value}" if own.channel else own.value
    assert links(mention(own), [(own.kind, written)], ANNA, before) == []


def test_the_same_handle_on_two_networks_takes_the_same_label() -> None:
    elsewhere = Identity(kind="handle", value="anna_k", channel="instagram")
    assert links(mention(elsewhere), [], BRAM, shown_by(mention(HANDLE), [], ANNA)) == []
    before, after = (
        {key.value for key in group.keys(mention(who), [who], LABELLED, [], by)} for who, by in ((HANDLE, ANNA), (elsewhere, BRAM))
    )
    assert before & after == {"@anna_k|factuur"}


def test_the_same_customer_with_the_same_order_thread_or_label_is() -> None:
    order = [("order_number", "VA-1234567")]
    assert links(mention(HANDLE), order, ANNA, shown_by(mention(HANDLE), order, ANNA)) == ["order_number"]
    assert links(mention(HANDLE, thread="t"), [], ANNA, shown_by(mention(HANDLE, thread="t"), [], ANNA)) == ["thread"]
    assert [key.kind for key in group.keys(mention(HANDLE), [HANDLE], LABELLED, [], ANNA)] == ["handle", "label", "label"]


def test_evidence_ends() -> None:
    order = [("order_number", "VA-1234567")]
    known = shown_by(mention(HANDLE), order, ANNA, AT - WINDOW - timedelta(seconds=1))
    assert links(mention(PHONE), order, BRAM, known) == []


def test_a_value_of_more_than_five_customers_says_nothing() -> None:
    order = [("order_number", "VA-1234567")]
    known = shown_by(mention(HANDLE), order, ANNA)
    for one in known.values():
        one.authors += [uuid4() for _ in range(group.MAX_AUTHORS - 1)]
    assert links(mention(PHONE), order, BRAM, known) == []


NAMED = [
    ("mail", "private", "Ik vroeg dit ook al als @anna_k en @vaartnl weet ervan", ["anna_k"]),
    ("mail", "private", "Schrijf naar @anna.post.example of anna@post.example", []),
    ("post", "public", "Hoi @anna_k, heb jij ook geen internet?", []),
    ("post", "public", "Ik had het gister ook al op X gevraagd (@anna_k), maar misschien lezen jullie hier sneller mee", ["anna_k"]),
    ("post", "public", "I already asked on Twitter (@Anna_K)", ["anna_k"]),
    ("post", "public", "Ik zag op X dat @anna_k hetzelfde heeft", []),
    ("post", "public", "Op X gevraagd door iemand anders (@anna_k)", []),
    ("post", "public", "Ik ben het zat. Op X klaagt iedereen (@anna_k)", []),
    ("post", "public", "Ik vroeg het op X (@vaartnl)", []),
    ("direct", "private", "Mijn broer is @anna_k", []),
]


@pytest.mark.parametrize(("kind", "visibility", "text", "handles"), NAMED)
def test_a_handle_counts_where_its_owner_says_that_it_is_theirs(kind: str, visibility: str, text: str, handles: list[str]) -> None:
    found = group.named_handles(mention(text=text, kind=kind, visibility=visibility), {"vaartnl"})
    assert [value for _, value in found if value.startswith("twitter:")] == [f"twitter:{handle}" for handle in handles]
    assert {value.partition(":")[2] for _, value in found} == set(handles)
