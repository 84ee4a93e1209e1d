"""Where links in a reply lead (example data)."""

import pytest

from libs.common.brandbook import BrandBook
from services.responder import guard
from services.responder.verdicts.draft import Draft
from tests.unit.responder.verdicts.judged import MEMBER, said


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("Kijk op https://bit.ly/3abc.", ["https://bit.ly/3abc"]),
        ("Kijk op bit.ly/3abc!", ["bit.ly/3abc"]),
        ("See https://t.co/abc123", ["https://t.co/abc123"]),
        ("Zie https://vaart.example.evil.com/login", ["https://vaart.example.evil.com/login"]),
        ("Zie https://vaart.example@evil.com/login", ["https://vaart.example@evil.com/login"]),
        ("Zie http://evilvaart.example/", ["http://evilvaart.example/"]),
        ("Zie https://sannes-blog.nl/klacht (je eigen blog).", ["https://sannes-blog.nl/klacht"]),
        ("Meer op www.golfnet.nl.", ["www.golfnet.nl"]),
        ("Zie https://VAART.example/x en HTTPS://Ander.nl/y", ["HTTPS://Ander.nl/y"]),
        ("Kijk op vaart.example/storing.", []),
        ("Kijk op https://help.vaart.example/storing?x=1.", []),
        ("Kijk op www.vaart.example of vaart-winkel.example.", []),
        ("Mail naar hulp@ander.nl of jan@post.nl.", []),
        ("Hoi @jan.de.wit, dat klopt.Ik kijk mee.", []),
        ("Update naar 4.5.1 of iOS 17.4, bijv. in z.s.m. en a.u.b.", []),
        ("Dat kost 3.95 en nog.iets anders.", []),
        ("@rein@mastodon.example Hoi Rein!", []),
    ],
)
def test_a_link_leads_to_the_brands_own_pages(text: str, links: list[str]) -> None:
    assert said(text, "link_unsafe") == links


def test_a_brand_that_names_no_domain_has_not_said_what_is_safe() -> None:
    book = BrandBook(brand="vaart", name="Vaart", languages=("nl",))
    found = guard.check(Draft(text="Zie https://ander.nl/x ^gs", channel="forum", member=MEMBER), book)
    assert "link_unsafe" not in [one.code for one in found]
