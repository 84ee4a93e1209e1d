"""How many drafts a second the guard judges, with everything in it: its verdicts and the promises. By hand: `python -m bench.guard`.

Ordinary drafts of several channels, in Dutch and English, one process on one core, each read anew as one that just came in: what was worked out for
the last one is forgotten. Processor time, the best of five turns, so that what else the machine does does not count; beside it the time of a single
draft (median, 99 of 100, the longest), and the same drafts through the finding of promises alone in the same turn, which a figure of another machine
can be held against.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from libs.common.bookfile import load_book
from libs.common.brandbook import BrandBook
from services.responder import guard, promise, promised
from services.responder.verdicts import reading
from services.responder.verdicts.draft import Draft

BOOK = """
brand: vaart
name: Vaart (example data)
languages: [nl, en]
hours: {mon-fri: ["08:00-21:00"], sat: ["09:00-17:00"], holidays: {country: NL, closed: true}}
voice:
  address_form: je
  person: ik
  smileys: true
  forbidden_words: ["helaas pindakaas", kosteloos, middels, "u dient", "as per my last"]
  signature: {twitter: initials, mastodon: initials, instagram: optional, default: first_name}
  competitors: [Golfnet, Kabelaar]
  internal_names: [Sluiswachter, "project Noordster", Zendesk]
  official_names: ["Mijn Vaart"]
  safe_domains: [vaart.example]
identifiers: {customer_number: '\\b40\\d{6}\\b', order_number: '\\bVA-\\d{7}\\b'}
team:
  - {id: gs, first_name: Guus, initials: gs, role: agent}
"""
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
_MAIL = (
    "Beste Piet,\n\nBedankt voor je bericht over de rekening van februari. Ik begrijp dat je schrok van het bedrag.\n\nOp de factuur staat een"
    " termijn die al "
    "betaald was. Ik heb dat doorgegeven aan onze afdeling Facturen; zij passen de factuur aan en je ontvangt uiterlijk vrijdag een nieuwe.\n\nHeb je nog "
    "vragen? Antwoord gerust op deze mail, dan kijk ik weer met je mee.\n\nMet vriendelijke groet,\n\nGuus Smit\nKlantenservice Vaart"
)
_MAIL_EN = (
    "Dear Sam,\n\nThank you for your message. I can see why you would like to know where your order is.\n\nIt left our warehouse yesterday and will"
    " be with you "
    "tomorrow between 9:00 and 12:00. You can follow it in Mijn Vaart under Orders. If it has not arrived by then, reply to this message and I'll"
    " look into it "
    "for you.\n\nKind regards,\n\nGuus"
)
DRAFTS = (
    ("twitter", "nl", "waar blijft mijn monteur?", "Hoi Sanne, wat vervelend! Ik zoek het voor je uit en bel je morgen voor 12 uur. ^gs"),
    (
        "twitter",
        "nl",
        "doet weer niks",
        "Bedankt voor je bericht. Het modem in Utrecht doet het weer sinds 17:00. Werkt het bij jou ook? ^gs",
    ),
    (
        "mastodon",
        "nl",
        "kan ik mijn adres wijzigen?",
        "Hoi! Dat kan in Mijn Vaart: ga naar Gegevens en klik op Adres wijzigen. Lukt het niet, laat het me weten 🙂 ^gs",
    ),
    (
        "facebook",
        "nl",
        "ik wacht al weken",
        "Hoi Joep, dat is veel te lang. Stuur me je klantnummer in een privébericht, dan zoek ik uit waar het is blijven liggen. Guus",
    ),
    ("whatsapp", "nl", "oké dank", "Graag gedaan! Fijn dat het weer werkt. Guus"),
    (
        "review",
        "nl",
        "2 sterren, slechte uitleg",
        "Hoi Ria, jammer dat de handleiding niet duidelijk was. Je tip heb ik doorgegeven aan de makers. Op vaart.example/hulp staat ook een filmpje. "
        "Guus",
    ),
    ("email", "nl", "Waarom is mijn rekening zo hoog?", _MAIL),
    ("twitter", "en", "is there an outage?", "Hi Sam, sorry about this! Our engineers are on it. I'll post an update here before 5pm. ^gs"),
    (
        "mastodon",
        "en",
        "can I keep my number?",
        "Hi Alex! Yes you can: tell us your number when you order and we'll take it from there. ^gs",
    ),
    (
        "facebook",
        "en",
        "your app is broken",
        "Hi Kim, thanks for telling us. Could you send me a direct message with your phone's model? Then I'll pass it on to our app team. Guus",
    ),
    ("email", "en", "Where is my order?", _MAIL_EN),
    (
        "whatsapp",
        "en",
        "when does the engineer come?",
        "Hi Mo, he'll be there on Thursday between 10 and 12. He rings half an hour before. Guus",
    ),
)
TURNS = 5


def drafts(book: BrandBook) -> list[Draft]:
    member = book.team[0]
    return [
        Draft(
            text=text,
            channel=channel,
            visibility="private" if channel in ("email", "whatsapp") else "public",
            first_reply="Hoi" in text[:4],
            member=member,
            role=member.role,
            language=language,
            incoming=incoming,
            customer_name="Sanne de Vries",
            now=NOW,
        )
        for channel, language, incoming, text in DRAFTS
    ]


def everything(draft: Draft, book: BrandBook) -> None:
    guard.check(draft, book)
    promised.found_in(draft.text, draft.language, book, NOW)


def promises_alone(draft: Draft, book: BrandBook) -> None:
    promise.found(draft.text, calendar=promised.calendar_of(book), now=NOW, language=draft.language)


def timed(judge: Callable[[Draft, BrandBook], None], texts: Sequence[Draft], book: BrandBook, rounds: int) -> list[float]:
    """Microseconds of processor time of each draft."""
    times = []
    for _ in range(rounds):
        for draft in texts:
            reading.of_text.cache_clear()
            start = time.thread_time_ns()
            judge(draft, book)
            times.append((time.thread_time_ns() - start) / 1000)
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=50)
    rounds = parser.parse_args().rounds
    book = load_book(BOOK)
    texts = drafts(book)
    timed(everything, texts, book, 2)
    turns = [(timed(everything, texts, book, rounds), timed(promises_alone, texts, book, rounds)) for _ in range(TURNS)]
    all_of_it, alone = min(turns, key=lambda turn: sum(turn[0]))
    ordered = sorted(all_of_it)
    found = {
        "drafts_per_s": round(1e6 / statistics.mean(all_of_it)),
        "mean_us": round(statistics.mean(all_of_it)),
        "p50_us": round(statistics.median(all_of_it)),
        "p99_us": round(ordered[int(len(ordered) * 0.99)]),
        "max_us": round(ordered[-1]),
        "times_promises_alone": round(statistics.mean(all_of_it) / statistics.mean(alone), 2),
    }
    print(json.dumps({"bench": "guard", **found}))


if __name__ == "__main__":
    main()
