"""Names that may be one person's, and names that cannot be."""

import pytest

from services.triage.names import MAX_NAMESAKES, Name, common_parts, likeness, name


def of(called: str | None, handle: str | None = None, email: str | None = None) -> Name:
    return name(called, handle, email)


ALIKE = [
    (of("Tess van den Broek", email="t.vandenbroek@post.example"), of("Tess", "tess_vdb")),
    (of("Maarten Kuipers", email="m.kuipers@post.example"), of("Maarten", "maartenkprs")),
    (of("M. Kuipers", email="mk@post.example"), of("Maarten Kuipers", "maarten.kuipers.7")),
    (of("Elisabeth Vos", email="e.vos@post.example"), of("Lies", "liesvos")),
    (of("Özgür Şahin", email="o.sahin@post.example"), of("Ozgur", "ozgur_sahin")),
    (of("Nel van Dam", "nel.vandam"), of("P. van Dam-Mulder", email="pvandam@post.example")),
    (of("Bakkerij Kees Smal", email="info@smal.example"), of("Kees Smal")),
    (of("kdevries88", "kdevries88"), of("Karin de Vries", email="k.devries@post.example")),
]
OTHERS = [
    (of("Tess van den Broek", email="tess@post.example"), of("Joris van den Broek", email="joris@post.example")),
    (of("Tess Smit", "tess.smit"), of("Tess de Graaf", "tess.degraaf")),
    (of("R. Nieman", email="r.nieman@post.example"), of("Erik Nieman", email="erik@post.example")),
    (of("Tess", "tess_vdb"), of("Joris", "joris_1990")),
    (of("Maggie P", "maggie_at_home"), of("Maggie Dekker", "maggie.dekker")),
]


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_a_name_and_its_short_forms_are_alike(one: Name, other: Name) -> None:
    found = likeness(one, other)
    assert found.score >= 0.5
    assert not found.against
    assert found == likeness(other, one)


@pytest.mark.parametrize(("one", "other"), OTHERS)
def test_another_first_name_or_surname_speaks_against(one: Name, other: Name) -> None:
    found = likeness(one, other)
    assert found.against
    assert found.score == 0
    assert found == likeness(other, one)


@pytest.mark.parametrize("one", [of(None), of("", ""), of("!!!", "+31600000000"), of("glasvezelgek", "glasvezelgek"), of("K" * 5000)])
def test_a_name_that_tells_nothing_says_nothing(one: Name) -> None:
    found = likeness(one, of("Tess van den Broek", "tess_vdb"))
    assert (found.score, found.against) == (0, False)


def test_what_many_authors_are_called_is_no_likeness() -> None:
    many = [(number, of("Noor", f"noor_kijkt{number}")) for number in range(MAX_NAMESAKES + 1)]
    common = common_parts(many)
    assert common == {"noor", "kijkt"}
    assert common_parts(many[1:]) == frozenset()
    one, other, third = (
        of(called, handle).among(common) for called, handle in (("Noor", "noor_kijkt3"), ("noor", "kijkt.noor"), ("Emma", "emma_kijkt"))
    )
    assert likeness(one, other).score == 0
    assert likeness(one, third).against
    full, short = of("Noor Akkermans", email="n.akkermans@post.example").among(common), of("Noor", "noorakkermans").among(common)
    assert likeness(full, short).score >= 0.9


def test_a_server_and_the_brand_are_no_part_of_a_name() -> None:
    assert of("Ans", "@ans@sociaal.example").parts == {"ans"}
    assert likeness(of(None, "@klusser@post.example"), of(None, "@bakt@post.example")).score == 0
    assert name("Loom fan", "loom_fan", None, {"loom"}).parts == {"fan"}
