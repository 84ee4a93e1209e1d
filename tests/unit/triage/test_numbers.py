"""Numbers are one however they are typed, and what is no number of a customer is none."""

import pytest

from libs.common.bookforms import form, forms
from services.triage.endings import Ending, endings
from services.triage.numbers import same, written

BOOK = forms(
    {
        "order_number": r"\bLM31-\d{6}\b",
        "customer_number": r"\bD\d{7}\b",
        "booking_code": r"\b[A-Z]{2}\d[A-Z]\d[A-Z]\b",
        "tracking_number": r"\b4TRX\d{10}\b",
        "contract_number": r"\bPL-\d{6}-\d\b",
    }
)

SPELLINGS = [
    (
        "order_number",
        "31550217",
        ["LM31-550217", "lm31550217", "LM 31 550217", "order LM31 550217!", "bestelnummer 31-550217 (LM)", "(lm31-550217)"],
    ),
    ("customer_number", "5204471", ["D5204471", "d 5204471", "klantnr. 5204471", "5204471 (D)", "Klantnummer: d5204471."]),
    ("booking_code", "WX4N7P", ["WX4N7P", "wx4n7p", "boeking WX4 N7P", "[wx4n7p]"]),
    ("tracking_number", "40061120948", ["4TRX0061120948", "4TRX 0061 1209 48", "4trx0061120948?"]),
    ("contract_number", "5512083", ["PL-551208-3", "pl 551208 3", "PL551208-3"]),
]


@pytest.mark.parametrize(("kind", "core", "spellings"), SPELLINGS)
def test_a_number_is_one_in_every_spelling_with_the_brands_book(kind: str, core: str, spellings: list[str]) -> None:
    for spelling in spellings:
        found = written(f"Hallo, het gaat om {spelling} en ik wacht nog", BOOK).numbers
        assert [(number.kind, number.core) for number in found] == [(kind, core)], spelling


@pytest.mark.parametrize(("kind", "core", "spellings"), SPELLINGS)
def test_and_without_it(kind: str, core: str, spellings: list[str]) -> None:
    for spelling in spellings:
        found = written(f"Hallo, het gaat om {spelling} en ik wacht nog").numbers
        assert [number.core for number in found] == [core], spelling


@pytest.mark.parametrize(
    ("one", "other", "is_one"),
    [
        ("order KW26-408172", "bestelling 408172", True),
        ("factuur 2024-11873", "factuur 2025-11873", False),
        ("factuur 2025-11873", "nota 11873", True),
        ("bestelling W-20417", "dossier MELBX20417", False),
        ("klantnummer 118402", "order 118402", False),
        ("klantnummer 11840277", "nr. 11840277", True),
        ("zie LM-2617348", "VA-2617348", False),
    ],
)
def test_two_numbers_are_one_where_nothing_that_both_tell_differs(one: str, other: str, is_one: bool) -> None:
    (mine,), (theirs,) = written(one).numbers, written(other).numbers
    assert same(mine, theirs) is same(theirs, mine) is is_one


def test_numbers_of_products_and_companies_are_nobodys() -> None:
    for text in ("bel 0900-4455", "EAN 8719327004477", "KvK 61180447", "batch 20417733", "artikelnummer 4471820", "552 5.2.2"):
        assert written(text).numbers == (), text


def test_a_code_without_digits_is_one_where_the_words_before_say_so() -> None:
    assert [one.core for one in written("Boekingscode QXMTRL, graag een stoel").numbers] == ["QXMTRL"]
    for text in ("QXMTRL graag", "boekingscode werkte niet", "MIJN BOEKING GEDAAN EN NIETS GEHOORD", "booking REFUND please"):
        assert written(text).numbers == ()


def test_letters_behind_a_number_are_a_part_of_it() -> None:
    booked = forms({"case_number": r"\b\d{5}-[A-Z]{2}\b"})
    for spelling in ("44170-KZ", "44170 kz", "44170kz"):
        assert [one.kind for one in written(f"zie {spelling} van mei", booked).numbers] == ["case_number"]


def test_what_stands_in_front_may_be_left_out() -> None:
    booked, bare = written("LM31-550217", BOOK).numbers[0], written("ordernummer 550217", BOOK).numbers[0]
    assert booked.cores & bare.cores == {"550217"}


@pytest.mark.parametrize(
    "text",
    [
        "Op 12-11-2026 om 14:12, 3 dagen later op 2026-11-15, voor € 1.150,00 en 89,95",
        "312 euro voor 120000 MB, zie vlucht XQ 4821 met fout E-2044",
        "Met code HERFST26 kreeg ik foutcode 88213, ik woon op 1234 AB 12",
        "landed 4h20 late, gate D14, 200 van de 1000 Mbit sinds 2019",
        "https://mijn.example/pakket/123456789",
    ],
)
def test_dates_amounts_and_codes_of_everybody_are_no_numbers(text: str) -> None:
    assert written(text).numbers == ()


def test_accounts_and_phones_are_themselves_in_any_spelling() -> None:
    for spelling in ("NL69 BRNK 0418 2739 46", "nl69brnk0418273946", "NL69-BRNK-0418-2739-46", "NL69.BRNK.0418.2739.46"):
        assert written(f"rekening {spelling}.", BOOK).accounts == ("NL69BRNK0418273946",)
    for spelling in ("06-07311073", "+31 6 0731 1073", "0031607311073", "06 07 31 10 73"):
        assert written(f"bel {spelling}", BOOK).phones == ("607311073",)


@pytest.mark.parametrize(
    ("text", "ending"),
    [
        ("op het toestel dat eindigt op 1073", Ending("phone", "1073")),
        ("naar de rekening eindigend op 1504, niet de oude", Ending("iban", "1504")),
        ("account ends in 3738 if that helps", Ending("iban", "3738")),
        ("laatste vier cijfers van mijn pas: 9921", Ending("card", "9921")),
        ("my number, last three digits 660", Ending("", "660")),
        ("mijn creditcard ****9921", Ending("card", "9921")),
    ],
)
def test_the_last_digits_of_a_number_are_told(text: str, ending: Ending) -> None:
    assert endings(text) == [ending]


def test_a_year_in_which_something_ends_is_none() -> None:
    assert endings("mijn contract eindigt in 2027 en de actie eindigt op 1500 punten") == []


@pytest.mark.parametrize("pattern", [r"(?<=nr )\d{6}", r"klantnr (\d{6})", r"[^0-9]x"])
def test_a_pattern_that_hangs_on_what_is_around_it_is_read_as_it_is_written_only(pattern: str) -> None:
    assert form("x", pattern) is None or "[^" in pattern


def test_a_book_of_any_patterns_can_be_read() -> None:
    for pattern in (r"\d{3}[- ]?\d{4}", r"(?:AB|CD)-\d{6}", r"^\w{8}$", r"Z\.\d{5}", r"\p{L}", r"[A-Z]{3}/\d{4}", "(", ")"):
        one = form("x", pattern)
        assert one is None or one.kind == "x"
    assert written("cd 204418", forms({"x": r"(?:AB|CD)-\d{6}"})).numbers[0].booked


def test_a_code_of_letters_and_digits_is_one_whatever_it_is_called() -> None:
    (ticket,), (booking,) = (written(text).numbers for text in ("Name change on ticket QP4-TT8", "Booking QP4TT8"))
    assert (ticket.kind, booking.kind) == ("ticket", "booking")
    assert same(ticket, booking)
