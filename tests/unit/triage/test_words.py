"""How telling words are."""

from services.triage import words


def test_a_word_weighs_more_the_fewer_use_it() -> None:
    table = words.learnt(["mijn modem is stuk", "mijn modem doet niets", "mijn modem knippert", "mijn bank wacht"])
    assert table["mijn"] < table["modem"]
    assert "bank" not in table  # once is chance
    assert next(iter(table)) == "mijn"


def test_a_word_that_nobody_uses_weighs_most() -> None:
    weighed = words.weighed(words.folded("Mijn Ångström-vergaarbak"))
    assert weighed["mijn"] < 3
    assert weighed["vergaa"] == weighed["angstr"] == words.RAREST


def test_words_of_one_stem_are_one() -> None:
    assert words.stems("opzegging") == words.stems("opzeggen") == {"opzegg"}
