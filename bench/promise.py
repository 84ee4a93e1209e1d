"""How long it takes to find what a draft promises. By hand: `python -m bench.promise`.

Drafts of customer care, as they are and put together to texts of a mail's length, and a text of the greatest length that the API takes in which every word
looks like a promise. Processor time of one process, the best of five turns: what else the machine does does not count.
"""

import argparse
import json
import time
from collections.abc import Sequence
from datetime import UTC, datetime

from libs.common.bookfile import load_book
from services.responder import promise
from services.responder.promised import calendar_of

BOOK = """
brand: vaart
name: Vaart (example data)
languages: [nl, en]
hours: {mon-fri: ["08:00-21:00"], sat: ["09:00-17:00"]}
"""
DRAFTS = (
    ("nl", "Hoi Sanne, wat vervelend! Ik zoek het voor je uit en bel je morgen voor 12 uur. ^gs"),
    ("nl", "Bedankt voor je bericht. De trein van 17:00 rijdt vandaag niet; de volgende vertrekt om 17:30. Fijne reis! ^gs"),
    (
        "nl",
        "Beste Piet, we storten het bedrag binnen 5 werkdagen terug op je rekening. Je ontvangt uiterlijk vrijdag een bevestiging per mail. Groet, Guus",
    ),
    ("nl", "Stuur ons voor vrijdag je klantnummer, dan kijken we zo snel mogelijk met je mee. ^gs"),
    ("en", "Hi Sam, sorry about this! We'll get back to you within 24 hours, and my colleague will call you on Thursday at 2pm. ^gs"),
    ("en", "Our shop is open on Saturday from 9 to 5. Please bring your receipt; you can return the item until 16 March. ^gs"),
)
AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TURNS = 5


def each_us(texts: Sequence[tuple[str, str]], rounds: int) -> float:
    """Microseconds of processor time a text."""
    calendar = calendar_of(load_book(BOOK))
    turns = []
    for _ in range(TURNS):
        start = time.process_time()
        for _ in range(rounds):
            for language, text in texts:
                promise.found(text, calendar=calendar, now=AT, language=language)
        turns.append((time.process_time() - start) / (rounds * len(texts)) * 1e6)
    return min(turns)


def worst_us(text: str) -> float:
    start = time.process_time()
    try:
        promise.found(text, calendar=calendar_of(load_book(BOOK)), now=AT, language="nl")
    except TimeoutError:
        pass
    return (time.process_time() - start) * 1e6


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    mails = [(language, " ".join(text for other, text in DRAFTS * 4 if other == language)) for language in ("nl", "en")]
    found = {
        "draft_us": round(each_us(DRAFTS, 200)),
        "mail_us": round(each_us(mails, 30)),
        "mail_characters": round(sum(len(text) for _, text in mails) / len(mails)),
        "ten_thousand_characters_us": round(worst_us(("ik bel je morgen voor 12 uur en " * 400)[:10_000])),
    }
    print(json.dumps({"bench": "promise", **found}))


if __name__ == "__main__":
    main()
