"""What counts as strong evidence, in its one canonical form (example data)."""

import time

import pytest

from libs.common.bookfile import load_book
from libs.common.brandbook import BrandBook
from libs.common.events import Identity
from libs.common.ours import Ours
from libs.common.ownnumbers import MAX_CHARS, MAX_EACH, PATTERN_TIMEOUT_S, BookPattern, canonical
from services.triage.identifiers import Identifier, identifiers

BOOK = """
brand: vaart
name: Vaart
languages: [nl]
voice: {safe_domains: [vaart.example]}
channels:
  - {id: mail, type: imap, host: imap.vaart.example, user: klant@post.example, secret: "file:vaart-imap"}
  - {id: app, type: whatsapp, account: "+31 20 123 4567"}
  - {id: x, type: x, account: "@VaartNL"}
departments:
  - {id: webcare, name: Webcare}
  - {id: billing, name: Facturen, email: facturen@boekhouding.example}
staff: {domains: [collega.example], handles: ["@vaart_piet"]}
identifiers:
  customer_number: '\\b40\\d{6}\\b'
  order_number: '\\bVA-\\d{7}\\b'
  case_number: '(?<!\\d)Z\\d{5}(?!\\d)'
  contract_number: 'contract:? (\\d{9,10})\\b'
"""


@pytest.fixture(scope="module")
def book() -> BrandBook:
    return load_book(BOOK)


def named(text: str, book: BrandBook) -> list[Identifier]:
    return identifiers(text, book, Ours.of(book), BookPattern.all_of(book))


CASES = [
    ("Klantnummer 40123456, bestelling va-1234567", [("customer_number", "40123456"), ("order_number", "VA-1234567")]),
    ("Twee verwisselde cijfers: 40123465", [("customer_number", "40123465")]),
    ("Uit 140123456 en 4012345 volgt niets", []),
    ("zaak z12345.", [("case_number", "Z12345")]),
    ("contract: 0612345678", [("contract_number", "0612345678")]),
    ("Bel 06-12345678 of +31 6 1234 5678", [("phone", "+31612345678")]),
    ("Bel mij op 0031612345678", [("phone", "+31612345678")]),
    ("Ik belde 0900-1234 en 0800 1234 en 088 123 4567", []),
    ("Op 020 123 4567 neemt niemand op", []),
    ("Mijn Belgische nummer is +32 470 12 34 56", [("phone", "+32470123456")]),
    ("Ring me on +44 7700 900161, any time after 10", [("phone", "+447700900161")]),
    ("Order 7700 900161 of 1 maart, +5 minuten, +44 graden, C++ 12345678", []),
    ("NL91 ABNA 0417 1643 00 is van mij", [("iban", "NL91ABNA0417164300")]),
    ("nl91abna0417164300", [("iban", "NL91ABNA0417164300")]),
    ("NL91ABNA0417164301 heeft een verkeerd controlegetal", []),
    ("Mail Piet.Jansen@Voorbeeld.example.", [("email", "piet.jansen@voorbeeld.example")]),
    ("Ik mailde klant@post.example, hulp@mail.vaart.example, a@collega.example en facturen@boekhouding.example", []),
    ("Dorpsstraat 12a, 1234 AB Utrecht", [("address", "1234AB 12A")]),
    ("postcode 1234ab huisnummer 7-2", [("address", "1234AB 7-2")]),
    ("1234AB 12 mei om 12:30", []),
    ("Sinds 2024 is 1234 AB een postcode zonder nummer", []),
    ("vlucht KL1234, EAN 8712345678906, fout 403", []),
    ("@vriend@mastodon.example kijk eens", []),
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_identifiers_are_found_in_canonical_form(book: BrandBook, text: str, expected: list[tuple[str, str]]) -> None:
    assert [(found.kind, found.value) for found in named(text, book)] == expected


ONE_ORDER = (
    "VA-1234567 is er nog niet",
    "waar is bestelling va 1234567",
    "bestelling VA1234567",
    "VA 123 45 67, al weken",
    "VA.1234.567",
    "VA_1234567",
    "bestelnr. 1234567",
    "order number: 12-34567",
    "mijn bestelling nr 1234567",
    "bestelling 1234567 (VA)",
)
ONE_PHONE = (
    "Bel 06-12345678",
    "bel 06.12.34.56.78",
    "(06) 1234 5678",
    "0031 6 12 34 56 78",
    "+31 (0)6-12345678",
    "app naar 31612345678",
    "O6-12345678 is mijn nummer",
    "o6 12 34 56 78",
    "nul zes twaalf vierendertig zesenvijftig achtenzeventig",
)
NOTHING_ELSE = (
    ("VA-1234576 en VA 12345678", [("order_number", "VA-1234576")]),  # two digits swapped, and one too many
    ("bestelnummer VB-1234567", []),
    ("bestelnummer VB 1234567", []),
    ("klantnummer 1234567", []),
    ("artikelnummer 1234567, bedrag 1234567 euro", []),
    ("nummer 1234567", []),
    ("op 40-12-3456", []),
    ("40 12 34 56", []),
    ("order van 12-10-2026, 14:00 uur, 1234567 keer", []),
    ("klantnummer 40 12 34 56", [("customer_number", "40123456")]),
    ("klantnr: 40.123.465", [("customer_number", "40123465")]),
    ("bel 020-1234567, dat is van kantoor", []),
    ("VA-12345O7 of va 10l4 567", [("order_number", "VA-1014567"), ("order_number", "VA-1234507")]),
)


def test_one_number_in_many_spellings_is_one_identifier(book: BrandBook) -> None:
    assert {text: [(found.kind, found.value) for found in named(text, book)] for text in ONE_ORDER} == {
        text: [("order_number", "VA-1234567")] for text in ONE_ORDER
    }
    assert {text: [(found.kind, found.value) for found in named(text, book)] for text in ONE_PHONE} == {
        text: [("phone", "+31612345678")] for text in ONE_PHONE
    }


@pytest.mark.parametrize(("text", "expected"), NOTHING_ELSE)
def test_a_spelling_makes_no_number_of_another_one_or_of_another_kind(book: BrandBook, text: str, expected: list[tuple[str, str]]) -> None:
    assert [(found.kind, found.value) for found in named(text, book)] == expected


LAYOUTS = [
    (r"\bHY-\d{6}-\d\b", "contract hy 123456 7", "HY-123456-7"),
    (r"\bVA-?\d{6,8}\b", "VA1234567", "VA-1234567"),
    (r"\bVA[- ]?\d{3}[ .]\d{4}\b", "va 1234567", "VA-1234567"),
    (r"\b(?:VA|VX)\d{7}\b", "VX1234567", "VX1234567"),
    (r"\bVA\d{2,4}-\d{2,4}\b", "VA123-4567", "VA123-4567"),
    (r"(?<!\d)Z\d{5}(?!\d)", "z 12345 of Z12345", "Z12345"),
]


@pytest.mark.parametrize(("pattern", "text", "expected"), LAYOUTS)
def test_a_number_is_written_as_the_book_has_it_where_that_can_be_told(pattern: str, text: str, expected: str) -> None:
    book = load_book(f"brand: vaart\nname: Vaart\nlanguages: [nl]\nidentifiers: {{contract_number: '{pattern}'}}\n")
    found = {one.value for one in named(text, book)}
    assert found == {canonical(expected)}
    assert canonical(expected) in {one.value for one in named(expected, book)}


def test_a_country_that_dials_no_zero_has_phone_numbers_too() -> None:
    danish = load_book(BOOK + "hours: {holidays: {country: DK}}\n")
    assert [(found.kind, found.value) for found in named("Ring til mig: 32 12 34 56", danish)] == [("phone", "+4532123456")]


def test_identifiers_are_sorted_and_each_is_named_once(book: BrandBook) -> None:
    found = named("0612345678 40999999 40111111 06 12345678 40999999", book)
    assert found == sorted(set(found))
    assert len(found) == 3


def test_what_stands_behind_the_first_ten_thousand_characters_is_not_read(book: BrandBook) -> None:
    assert named("x" * MAX_CHARS + " 40123456", book) == []


def test_a_list_of_numbers_is_cut_short(book: BrandBook) -> None:
    assert len(named(" ".join(f"40{number:06}" for number in range(900)), book)) == MAX_EACH
    assert len(named(" ".join(f"06{number:08}" for number in range(12_000_000, 12_000_900)), book)) == MAX_EACH


@pytest.mark.parametrize(
    ("kind", "value", "own"),
    [
        ("email", "klant@post.example", True),
        ("email", "facturen@boekhouding.example", True),
        ("email", "piet@collega.example", True),
        ("email", "klant@vaart.example", False),  # an internet provider's customer
        ("email", "student@mail.collega.example", False),
        ("email", "anna@post.example", False),
        ("email", "anna@nietvaart.example", False),
        ("phone", "+31201234567", True),
        ("phone", "+31612345678", False),
        ("handle", "vaartnl", True),
        ("handle", "vaart_piet", True),
        ("handle", "anna", False),
        ("id", "vaartnl", False),
    ],
)
def test_what_belongs_to_the_brand_identifies_nobody(book: BrandBook, kind: str, value: str, own: bool) -> None:
    assert Ours.of(book).has(Identity(kind=kind, value=value)) is own


def test_a_pattern_that_backtracks_for_ever_finds_nothing_and_stops_in_time(book: BrandBook) -> None:
    # The book's own check refuses such a pattern; an older book, or a cleverer pattern, must not stop triage either.
    hostile = book.model_copy(update={"identifiers": {"bad": r"(?<!x)(a|aa)+$"}})
    started = time.monotonic()
    assert named("a" * 5_000 + "!", hostile) == []
    assert time.monotonic() - started < 1.0


def test_many_patterns_that_backtrack_share_one_budget_and_the_rest_still_find(book: BrandBook) -> None:
    slow = {f"slow_{number}": rf"(?<!x{number})(a|aa)+$" for number in range(50)}
    hostile = book.model_copy(update={"identifiers": {**slow, "order_number": r"\bVA-\d{7}\b"}})
    began = time.thread_time()
    assert named("VA-1234567 " + "a" * 5_000 + "!", hostile) == [Identifier("order_number", "VA-1234567")]
    assert time.thread_time() - began < 50 * PATTERN_TIMEOUT_S / 2  # not each its own


@pytest.mark.parametrize("text", ["1 " * 5_000, "a@" * 5_000, "NL91 " * 2_000, "06 12345678 " * 900, "1234 AB " * 1_300])
def test_hostile_text_takes_no_long_time(book: BrandBook, text: str) -> None:
    started = time.monotonic()
    named(text, book)
    assert time.monotonic() - started < 1.0
