"""Scripts are found by what they mean, in other words and in inflections, and by their words where nothing else is known."""

import numpy as np
import pytest

from services.responder import search
from services.responder.search import Finder, Index, Item
from tests.unit.responder.searches import ENGLISH, QUERIES, SCRIPTS

ITEMS = [Item(id, "en" if id in ENGLISH else "nl", frozenset(), (text,)) for id, text in SCRIPTS.items()]


async def test_of_thirty_searches_in_other_words_two_thirds_find_the_script_among_the_first_three() -> None:
    finder = Finder()
    index = await finder.make("scripts", 1, ITEMS)
    right, by_words = 0, 0
    nothing = np.zeros(len(index.texts))
    for query, language, expected in QUERIES:
        found = await finder.search(index, query, language=language, limit=3)
        assert found.by_meaning
        assert all(hit.item.language == language for hit in found.hits)
        right += any(hit.item.id in expected for hit in found.hits)
        by_words += any(hit.item.id in expected for hit in index.search(query, nothing, language=language, labels=(), limit=3))
    assert (right, by_words) == (pytest.approx(22, abs=1), pytest.approx(12, abs=1))


async def test_a_search_in_one_language_finds_scripts_in_another() -> None:
    finder = Finder()
    index = await finder.make("scripts", 1, ITEMS)
    found = await finder.search(index, "my phone was stolen", language="nl", limit=3)
    assert "telefoon-gestolen" in [hit.item.id for hit in found.hits]


async def test_what_answers_the_cases_label_is_put_first() -> None:
    same = ("{groet}, we kijken ernaar. {handtekening}",)
    index = Index([Item("a", "nl", frozenset({"factuur"}), same), Item("b", "nl", frozenset({"storing"}), same)])
    hits = index.search("kijken", np.zeros(2), language="nl", labels=["storing"], limit=5)
    assert [hit.item.id for hit in hits] == ["b", "a"]


async def test_what_has_not_been_read_yet_is_found_by_its_words_and_read_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "_AT_ONCE", 10)
    finder = Finder()
    index = await finder.make("scripts", 1, ITEMS)
    first = await finder.search(index, "retoursticker", language="nl", limit=1)
    assert (first.by_meaning, first.hits[0].item.id) == (False, "modem-retour")
    for task in list(finder._later):
        await task
    assert (await finder.search(index, "apparaat terugsturen", language="nl", limit=3)).by_meaning


async def test_an_index_is_kept_for_its_version_and_an_empty_one_finds_nothing() -> None:
    finder = Finder()
    made = await finder.make("scripts", 1, [])
    assert finder.index("scripts", 1) is made
    assert finder.index("scripts", 2) is None
    assert (await finder.search(made, "iets", language=None, limit=3)).hits == []
