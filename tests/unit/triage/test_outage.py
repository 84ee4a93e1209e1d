# ruff: noqa: E501 - a list of short texts
"""What is out of order, in any words."""

import pytest

from services.triage.outage import ANY, CLEAR, one_outage, outages
from services.triage.words import folded

CLEARLY = {
    "down online": ["De app ligt eruit", "site plat?", "@loom website down?", "error 503 at checkout", "your site is down again", "jullie webshop is onbereikbaar",
                    "app and website are both dead", "krijg een 502 bij het afrekenen"],
    "down network": ["weer storing in het internet hier", "tv en internet liggen plat", "internet outage?", "Internetstoring in Ede"],
    "down power": ["Stroomstoring in de wijk", "stroom uitgevallen", "power cut in Leiden"],
    "": ["@loom down?", "Loom ligt plat??", "alles ligt eruit", "is er een storing?"],
}  # fmt: skip
HARDLY = {
    "down online": ["kan niet inloggen", "app blijft maar draaien", "white screen when I open the app", "de wachtrij is 14.000 lang", "de webshop doet niets"],
    "down network": ["geen internet sinds zeven uur", "no wifi here", "beeld weg bij de finale"],
    "down payment": ["kan niet pinnen bij de bakker"],
}  # fmt: skip


@pytest.mark.parametrize("service", CLEARLY)
def test_who_says_that_it_is_down_says_so_clearly(service: str) -> None:
    for text in CLEARLY[service]:
        found = outages(folded(text))
        assert {ANY, CLEAR, service or ANY} <= found, text


@pytest.mark.parametrize("service", HARDLY)
def test_who_cannot_get_in_says_less(service: str) -> None:
    for text in HARDLY[service]:
        assert outages(folded(text)) & {service, CLEAR} == {service}, text


@pytest.mark.parametrize(
    "text",
    ["ziet er mooi uit", "hoe haal ik de vlek eruit", "waar blijft mijn pakket", "slow down please", "the seat is not bolted down", "mijn jas is kapot", "plat water graag", "Kan ik mijn maat ruilen?"],
)  # fmt: skip
def test_other_trouble_is_no_outage(text: str) -> None:
    assert CLEAR not in outages(folded(text))


def test_a_long_story_is_no_report() -> None:
    assert outages("de site ligt plat. " * 30) == frozenset()


def test_two_reports_are_of_one_outage_unless_they_name_two_services() -> None:
    site, tv, anything, hardly = (outages(text) for text in ("de site ligt plat", "tv ligt eruit", "ligt alles plat?", "kan niet inloggen"))
    assert one_outage(site, hardly) == "down online"
    assert one_outage(site, anything) == ANY
    assert one_outage(site, tv) == ""
    assert one_outage(outages("loom down?"), outages("niets")) == ""
