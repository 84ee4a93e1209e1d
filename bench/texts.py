"""Distinct customer messages for load: no two alike, with the mix of labels, languages and identifiers that triage sees (example data)."""

import random
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

_OPENINGS = ("", "Hoi, ", "Hallo Vaart, ", "Goedemorgen! ", "@vaartnl ", "Zeg, ", "Nou, ", "Hi, ", "Hello Vaart, ", "pff ")
_NL = (
    "mijn internet ligt er al {n} uur uit in {city}",
    "waarom is mijn rekening {n} euro hoger dan vorige maand",
    "mijn bestelling VA-{order} is er na {n} dagen nog niet",
    "de wifi valt op zolder {n} keer per avond weg",
    "ik wil mijn abonnement in {city} opzeggen per de {d}e",
    "bedankt, de monteur in {city} was top en binnen {n} minuten klaar",
    "al {n} keer gebeld en nog steeds geen oplossing in {city}",
    "klantnummer 40{customer}: kan iemand kijken waarom de tv in {city} hapert",
    "is er een storing in {city}? al {n} minuten geen bereik",
    "de buren in {city} hebben het ook, {n} huizen zonder verbinding",
)
_EN = (
    "my internet in {city} has been down for {n} hours",
    "why did my bill go up by {n} euros this month",
    "order VA-{order} still not here after {n} days",
    "great service by the engineer in {city}, done in {n} minutes",
    "please cancel my contract in {city} as of the {d}th",
)
_ENDINGS = (
    "",
    ".",
    "!!",
    " en dat is nu al de {x}e keer",
    " (straat {x})",
    " graag antwoord voor {x} uur",
    " thanks, flat {x}",
    " #vaart{x}",
    " 😡 {x}",
)
_CITIES = ("Utrecht", "Zwolle", "Breda", "Assen", "Delft", "Gouda", "Tiel", "Ede", "Venlo", "Sneek", "Goes", "Heerlen", "Almere", "Leiden")
_GIVEN = re.split(
    " ",
    "Anna Bart Carla Daan Els Fatima Femke Gijs Hanneke Henk Ilse Jan Jeroen Joris Karin Kees Kim Lars Lotte Lucas Maaike Marloes Mehmet Mieke Mila Mo "
    "Noor Olga Paul Peter Pim Rachida Rob Ruben Saskia Sem Simone Sjoerd Sophie Tessa Thijs Tim Tom Vera Wendy Willem Wouter Yara Youssef Zoë",
)
_FAMILY = re.split(
    " ",
    "Berg Boer Bos Brink Dam Dekker Dijk Doorn Eik Geest Haan Heide Hoek Hof Horst Jong Kamp Kolk Kroon Laan Linde Loo Meer Molen Oever Plas Poel Rijn "
    "Schoon Steen Tuin Veen Veld Visser Vliet Water Weide Wijk Winter Zand",
)
_BEFORE, _AFTER = ("", "", "", "van ", "van der ", "de "), ("", "", "man", "stra", "sma", "huis", "dorp", "mans")
_CHANNELS = ("twitter", "twitter", "twitter", "mastodon", "facebook", "review")


def mentions(number: int, seed: int, prefix: str, authors: int = 20_000) -> Iterator[dict[str, Any]]:
    """`number` mentions with distinct texts, as bodies for ingest, from at most `authors` authors, each of whom writes as often as chance has it."""
    chance = random.Random(seed)
    seen: set[str] = set()
    while len(seen) < number:
        middle = chance.choice(_EN if chance.random() < 0.25 else _NL)
        text = (chance.choice(_OPENINGS) + middle + chance.choice(_ENDINGS)).format(
            n=chance.randrange(2, 90),
            d=chance.randrange(1, 29),
            x=chance.randrange(1, 3000),
            order=f"{chance.randrange(10**7):07}",
            customer=f"{chance.randrange(10**6):06}",
            city=chance.choice(_CITIES),
        )
        if text in seen:
            continue
        seen.add(text)
        (name, who), channel = _author(prefix, chance.randrange(authors)), chance.choice(_CHANNELS)
        yield {
            "channel": channel,
            "kind": "review" if channel == "review" else "post",
            "external_id": f"{prefix}-{len(seen)}",
            "author": {
                "name": name,
                "identities": [{"kind": "handle", "value": who, "channel": channel}],
                "followers": chance.randrange(900),
            },
            "text": text,
            "posted_at": datetime.now(UTC).isoformat(),
        }


def _author(prefix: str, number: int) -> tuple[str, str]:
    """An author's name and handle, the same every time: most show theirs in full, some a first name, some none at all; namesakes there are, too."""
    chance = random.Random(f"{prefix}{number}")
    given = chance.choice(_GIVEN)
    family = chance.choice(_BEFORE) + chance.choice(_FAMILY) + chance.choice(_AFTER)
    handle = chance.choice((f"{given}{family}", f"{given[0]}_{family}", f"{given}", f"{family}{given}")).replace(" ", "").lower()
    who = f"{handle}{prefix}{number}"
    return chance.choice((f"{given} {family}", f"{given} {family}", f"{given[0]}. {family}", given, who)), who
