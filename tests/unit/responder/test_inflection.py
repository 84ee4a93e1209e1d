"""Inflection: which forms of a listed word are looked for, and which are other words."""

import pytest

from services.responder.inflection import forms


@pytest.mark.parametrize(
    ("word", "has", "lacks"),
    [
        ("kosteloos", {"kosteloos", "kosteloze", "kostelozer"}, {"kosten", "kosteloosheid"}),
        ("klus", {"klussen", "klusje", "klusjes"}, {"kluster"}),
        ("leveren", {"lever", "levert", "leverde", "geleverd", "leverend"}, set()),
        ("aanmelden", {"aangemeld"}, {"melden"}),
        ("betalen", {"betaal", "betaald", "betaalde"}, {"gebetaald"}),
        ("moeten", {"moet", "moest", "moesten"}, {"moetend"}),
        ("policy", {"policies"}, {"policyies"}),
        ("refund", {"refunds", "refunded", "refunding"}, {"refundable"}),
        ("c++", {"c++"}, {"c++s"}),
        ("u", {"u"}, {"us", "uen"}),
    ],
)
def test_the_forms_of_a_word(word: str, has: set[str], lacks: set[str]) -> None:
    found = forms(word, finite=False)
    assert has <= found
    assert not lacks & found


def test_a_t_is_a_verbs_only_after_a_pronoun() -> None:
    assert "diende" in forms("dient", finite=True)
    assert "diende" not in forms("dient", finite=False)
