"""Where personal data stands in a message, and what only looks like it (example data)."""

from itertools import pairwise
from time import thread_time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from libs.common.bookfile import load_book
from libs.common.ownnumbers import MAX_CHARS
from libs.common.personal import MAX_SPANS, Lens, personal_data

PHONES = [
    ("Bel mij op 06-12345678.", "06-12345678"),
    ("Tel. 0612 903 477\n\nG. Roos", "0612 903 477"),
    ("mijn nr. is 06 - 12 34 56 78", "06 - 12 34 56 78"),
    ("bel 06.12.34.56.78 aub", "06.12.34.56.78"),
    ("mobiel: +31 (0)6 1234 5678", "+31 (0)6 1234 5678"),
    ("0031(0)6-12345678 of mail", "0031(0)6-12345678"),
    ("(020) 555 12 34 na zessen", "(020) 555 12 34"),
    ("mijn dochter (06 12 34 56 78) belt", "06 12 34 56 78"),
    ("Sanne 0592 – 31 22 33", "0592 – 31 22 33"),
    ("06 12345678 2 weken geleden al gegeven", "06 12345678"),
    ("gsm 0476/90.14.55", "0476/90.14.55"),
    ("Bel 02/344.18.77 (Brussel)", "02/344.18.77"),
    ("Ring me on +44 7700 900161 any time", "+44 7700 900161"),
    ("My mobile is 07700 900 482.", "07700 900 482"),
    ("call 01632 960123", "01632 960123"),
    ("(312) 555-0148", "(312) 555-0148"),
    ("whatsapp +31 97 0102 8844 10", "+31 97 0102 8844 10"),
    ("Tel. 0251 / 618 44 20", "0251 / 618 44 20"),
    ("au +33 (0)3 20 11 84 77 ou par mail", "+33 (0)3 20 11 84 77"),
]
EMAILS = [
    ("Mail Piet.Jansen@Voorbeeld.example.", "Piet.Jansen@Voorbeeld.example"),
    ("Van: Redactie <pers+nl@krant.example>", "pers+nl@krant.example"),
    ("@merk stuur het naar j_de-wit@post.example!", "j_de-wit@post.example"),
]
IBANS = [
    ("NL91 ABNA 0417 1643 00 is van mij", "NL91 ABNA 0417 1643 00"),
    ("rekening nl91abna0417164300, graag", "nl91abna0417164300"),
    ("op NL91.ABNA.0417.1643.00.", "NL91.ABNA.0417.1643.00"),
    ("My account: GB82 WEST 1234 5698 7654 32", "GB82 WEST 1234 5698 7654 32"),
    ("FR1420041010050500013M02606 2 juin", "FR1420041010050500013M02606"),
]
BSNS = [
    ("Mijn BSN is 123456782.", "123456782"),
    ("burgerservicenummer: 123.456.782", "123.456.782"),
    ("bsn (voor zover nodig): 1234-56-782", "1234-56-782"),
    ("my bsn came today its 123456782", "123456782"),
]
ADDRESSES = [
    ("Dorpsstraat 12a, 1234 AB Utrecht", "Dorpsstraat 12a, 1234 AB"),
    ("aan de Oude Gracht 14 bis, 3511 AP Utrecht", "Oude Gracht 14 bis, 3511 AP"),
    ("adres Burg. de Withstraat 61 II, 3732 EM De Bilt", "Burg. de Withstraat 61 II, 3732 EM"),
    ("Groet, Fam. Bos\nLaan van Kans 5\n1433HT Kudelstaart", "Laan van Kans 5\n1433HT"),
    ("Adres is eikenstraat 4b 9723KL groningen", "eikenstraat 4b 9723KL"),
    ("bij Kerkstraat 12 (1234 AB)", "Kerkstraat 12 (1234 AB)"),
    ("postcode 1234ab huisnummer 7-2.", "1234ab huisnummer 7-2"),
    ("Wij zitten op 1234 AB 12, geen internet", "1234 AB 12"),
    ("postcode 1234 AB", "1234 AB"),
    ("Wilgenhof 7 Zuidlaren heeft geen stroom", "Wilgenhof 7"),
    ("Molenstraat 33, 2300 Turnhout", "Molenstraat 33, 2300 Turnhout"),
    ("Lindenweg 14, 48143 Münster", "Lindenweg 14, 48143 Münster"),
    ("14 bis, rue des Martyrs, 59800 Lille", "14 bis, rue des Martyrs, 59800 Lille"),
    ("I live at 221B Baker Street, London NW1 6XE now", "221B Baker Street, London NW1 6XE"),
    ("Flat 6, 22 Albion Row, NE6 1LQ", "Flat 6, 22 Albion Row, NE6 1LQ"),
]
BIRTHDATES = [
    ("geboren op 3 december 1986 te Assen", "3 december 1986"),
    ("geb. 03-12-'86", "03-12-'86"),
    ("Geboortedatum: 3.12.86", "3.12.86"),
    ("geboren te Schiedam op 5 oktober 2016", "5 oktober 2016"),
    ("Mw. S. Bos\n28-2-1969\nAssen", "28-2-1969"),
    ("mijn dochter (14-02-2011) mag niet", "14-02-2011"),
    ("hij heet Ruben, 30-01-1998", "30-01-1998"),
    ("DOB 17/06/1988", "17/06/1988"),
    ("my date of birth is the 14th of February 1961.", "14th of February 1961"),
    ("born February 14, 1961", "February 14, 1961"),
    ("born 1987-02-28, thanks", "1987-02-28"),
    ("née le 8 février 1961", "8 février 1961"),
    ("geb. 4. Juli 1952", "4. Juli 1952"),
]
ORDERS = [
    ("Mijn ordernummer is 1234567890.", "1234567890"),
    ("bestelnr. 88129", "88129"),
    ("Bestelling DL-4490317 is er niet", "DL-4490317"),
    ("besteld onder nummer TZ-50993", "TZ-50993"),
    ("boeking KV/2210/0837", "KV/2210/0837"),
    ("Boekingscode Q7X4LM", "Q7X4LM"),
    ("boekingscode k7m2qx", "k7m2qx"),
    ("PNR XKQPLM aub", "XKQPLM"),
    ("Kan ik PT3GX7 annuleren", "PT3GX7"),
    ("reservering nr 7781234 voor 2 personen", "7781234"),
    ("pakket met code 3SDUIF40117720", "3SDUIF40117720"),
    ("het stuk (RD 5518 0442 7NL) is kwijt", "RD 5518 0442 7NL"),
    ("Ordernr MOB-55820913, status", "MOB-55820913"),
    ("99887766 is mijn bestelnummer", "99887766"),
    ("where is PK-70033918 pls", "PK-70033918"),
    ("mijn order (van 12 november) met nummer 123456", "123456"),
    ("Bestelling d.d. 3 nov, nummer 1234567", "1234567"),
    ("order #12345?", "12345"),
    ("Order No: A1234567", "A1234567"),
    ("Booking ref is QX7P2K", "QX7P2K"),
    ("booking reference: PT8V5J", "PT8V5J"),
    ("my reservation number 55120-K", "55120-K"),
    ("Bestellnummer HC-20771-DE", "HC-20771-DE"),
    ("ma commande TM-2026-50773 est bloquée", "TM-2026-50773"),
]
CUSTOMERS = [
    ("Klantnummer 40123456", "40123456"),
    ("klantnr. 2200 418 873.", "2200 418 873"),
    ("kl.nr 40099218", "40099218"),
    ("Mijn klantnummer stond op de brief: 2037 1146", "2037 1146"),
    ("klantnummer (staat op de factuur) 40128837", "40128837"),
    ("Klantnummer | 40123456", "40123456"),
    ("klantnr 40118826 2 stuks ontvangen", "40118826"),
    ("klant nr: KR 7710245", "KR 7710245"),
    ("Klantnr 3528 0441 9027 1186", "3528 0441 9027 1186"),
    ("lidnummer 88-20314", "88-20314"),
    ("Polisnummer 5510.771.03", "5510.771.03"),
    ("OV-chipkaart 3528 0012 3456 7890", "3528 0012 3456 7890"),
    ("relatienr 00123456", "00123456"),
    ("40123456 is mijn klantnummer", "40123456"),
    ("My customer number is BW 771 204.", "BW 771 204"),
    ("customer no. 10-884-203", "10-884-203"),
    ("end my membership (no. 4410-982)", "4410-982"),
    ("account LB/7730915 please", "LB/7730915"),
    ("Kundennummer 123456789", "123456789"),
    ("n° client 66-2018-04", "66-2018-04"),
]
MARKED = [
    (kind, text, datum)
    for kind, cases in {
        "phone": PHONES,
        "email": EMAILS,
        "iban": IBANS,
        "bsn": BSNS,
        "postcode_address": ADDRESSES,
        "birthdate": BIRTHDATES,
        "order_number": ORDERS,
        "customer_number": CUSTOMERS,
    }.items()
    for text, datum in cases
]
NOTHING = [
    "",
    "Wat een gedoe, al drie weken geen antwoord",
    "Ik belde 0900-1234567, 0800 1234567, 088 123 4567 en 112",
    "I called 1-800-555-0199 and 800-555-0199",
    "Vlucht KL1234 en HV 5678, boeking van KL 1023, rit 12",
    "Mijn koffer AMSKL12345, bagagedossier GRQKA20417, bagagelabels 0220 881734 t/m 0220 881737",
    "EAN 8712345678906 of EAN-code 871687140009981234",
    "Factuurnr. 2024-0518833, invoice number 88-204171, nota 7781-0092, F-22011",
    "my receipt (no. 2024/55119) and receipt no. 0043 1187",
    "Artikel 40.118.22, art. nr 8710-22, serienummer WP8-2219-00417, S/N 2290-88420, framenr BK5502881",
    "foutcode 50012, error TB-33071, versie 8.12.0.1, batch 24-0917123, meternr 00912345",
    "Laatste vier cijfers 4300, order 4471, klantnr 1234, pincode 4418 2290",
    "@vriend@mastodon.example kijk, zegt @merk_nl",
    "NL91ABNA0417164301 heeft een verkeerd controlegetal",
    "Mijn BSN is 123456789, dat klopt niet",
    "123456782 reizigers",
    "1234AB 12 mei om 12:30, sinds 2024 is 1234 AB een postcode zonder nummer",
    "Klant sinds 12-03-2009, op 3 mei 2012 verhuisd, factuur (12-03-2012) betaald",
    "Bestelling van 18.20 uur, besteld 2/11, order is 3 weken oud, 2 orders van 1500 euro",
    "Klacht 2026-1180, zaaknr. 2025/33812, kenmerk 4000 1182 9930 0017, dossier 2024-1234",
    "kortingscode ZOMER25, code L2261 07:14, kenteken GB-001-B",
    "150.000 km, iPhone 14 Pro, iOS 17.1.2, boxspring 160x200, € 12.345,00, +5 minuten",
    "https://volg.example/3SDUIF40117720 en www.volg.example/order/12345678",
    "bus 12 uur later, treinstel 4107, lijn 4, tussen 09.30 en 10.15",
]
BOOK = """
brand: vaart
name: Vaart
languages: [nl]
voice: {safe_domains: [vaart.example]}
channels:
  - {id: mail, type: imap, host: imap.vaart.example, user: klant@post.example, secret: "file:vaart-imap"}
  - {id: app, type: whatsapp, account: "+31 20 123 4567"}
departments:
  - {id: webcare, name: Webcare}
identifiers:
  customer_number: '\\b40\\d{6}\\b'
  order_number: '\\bVA\\d{4}\\b'
  case_number: '\\bZK-\\d{6}\\b'
"""


@pytest.fixture(scope="module")
def lens() -> Lens:
    return Lens.of(load_book(BOOK))


def marked(text: str, lens: Lens | None = None) -> list[tuple[str, str]]:
    return [(found.kind, text[found.start : found.end]) for found in personal_data(text, lens)]


@pytest.mark.parametrize(("kind", "text", "datum"), MARKED)
def test_a_datum_is_marked_without_its_label(kind: str, text: str, datum: str) -> None:
    assert marked(text) == [(kind, datum)]


@pytest.mark.parametrize(("kind", "text", "datum"), MARKED)
def test_positions_count_code_points_of_the_text_as_it_came(kind: str, text: str, datum: str) -> None:
    written = f"🙂 é\u0301 \ud83d\n\n{text}\n\n👍🏽"
    assert marked(written) == [(kind, datum)]


@pytest.mark.parametrize("text", NOTHING)
def test_what_only_looks_like_personal_data_is_not_marked(text: str) -> None:
    assert marked(text) == []


def test_the_data_of_one_message_come_in_their_order() -> None:
    text = (
        "Hoi, order HC-60017-221 en HC-60017-224 zijn niet geleverd.\n\nGroet,\nNoor de Wit (geb. 3-12-1986)\nKerkpad 3, 7873 AB Odoorn\n"
        "Klant 40123456\n06-12345678 | noor@post.example\nNL91 ABNA 0417 1643 00"
    )
    assert marked(text) == [
        ("order_number", "HC-60017-221"),
        ("order_number", "HC-60017-224"),
        ("birthdate", "3-12-1986"),
        ("postcode_address", "Kerkpad 3, 7873 AB"),
        ("customer_number", "40123456"),
        ("phone", "06-12345678"),
        ("email", "noor@post.example"),
        ("iban", "NL91 ABNA 0417 1643 00"),
    ]


def test_a_number_without_a_word_is_what_the_named_ones_with_its_letters_are() -> None:
    assert marked("Klantnr KR-2290178. Laat KR-6018834 doorlopen, dat is mijn bestelling") == [
        ("customer_number", "KR-2290178"),
        ("customer_number", "KR-6018834"),
    ]


def test_a_brands_own_patterns_come_first(lens: Lens) -> None:
    assert marked("40123456 en VA1234 en 4012345", lens) == [("customer_number", "40123456"), ("order_number", "VA1234")]
    assert marked("40123456 en VA1234 en 4012345") == []


def test_a_brands_case_number_is_not_personal_data_whatever_stands_before_it(lens: Lens) -> None:
    assert marked("mijn bestelling ZK-123456", lens) == []
    assert marked("mijn bestelling ZK-123456") == [("order_number", "ZK-123456")]


def test_what_is_the_brands_own_is_not_marked(lens: Lens) -> None:
    text = "Ik belde 020-1234567 en mailde klant@post.example, mijn nummer is 020-1234568 en mail jan@post.example"
    assert marked(text, lens) == [("phone", "020-1234568"), ("email", "jan@post.example")]
    assert [kind for kind, _ in marked(text)] == ["phone", "email", "phone", "email"]


def test_an_internet_providers_customer_has_an_address_of_his_own(lens: Lens) -> None:
    assert marked("mail jan@vaart.example", lens) == [("email", "jan@vaart.example")]


def test_only_the_beginning_of_a_long_text_is_read_and_a_list_is_cut_short() -> None:
    assert marked("x" * MAX_CHARS + " 06-12345678") == []
    assert len(personal_data("a@b.example " * 800)) == MAX_SPANS


PIECES = st.sampled_from(
    [datum for _, _, datum in MARKED]
    + [text for _, text, _ in MARKED]
    + [
        "klantnr",
        "order",
        "geboren",
        "bsn",
        "code",
        "tel",
        "postcode",
        " ",
        "\n",
        ", ",
        ". ",
        "(",
        ")",
        "-",
        "/",
        "@",
        "+31",
        "06",
        "€",
        "12",
        "A",
        "🙂",
        "é",
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, max_size=12).map("".join) | st.text(max_size=80) | st.text(alphabet="0123456789 -/.()+@AaNnLl\n", max_size=60))
@example("06-1234567806-12345678")
def test_spans_lie_inside_the_text_in_order_without_overlap(text: str) -> None:
    found = personal_data(text)
    assert all(0 <= span.start < span.end <= len(text) for span in found)
    assert all(first.end <= second.start for first, second in pairwise(found))
    for span in found:
        datum = text[span.start : span.end]
        assert datum == datum.strip(" \n.,;:!?'\"")


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from([case for case in MARKED if case[0] in ("phone", "email", "iban")]),
    st.sampled_from(["", "Hoi, ", "Groet\n", "("]),
    st.sampled_from(["", ".", ", dank", ")", "\n\nJan"]),
)
def test_what_was_marked_is_found_again_wherever_it_stands(case: tuple[str, str, str], before: str, behind: str) -> None:
    kind, _, datum = case
    assert marked(f"{before}{datum}{behind}") == [(kind, datum)]


HOSTILE = [
    "1 ",
    "0 ",
    "a@",
    "@",
    "NL91 ",
    "06 12345678 ",
    "0(",
    "1234 AB ",
    "Kerkstraat 1, 1234 AB ",
    "SW1A 1AA ",
    ", 1234 Aa",
    "A-1",
    "AA-",
    "klantnr ",
    "12 mei ",
    "1/",
    "(2",
    "order 12345 en ",
]


@pytest.mark.parametrize("unit", HOSTILE)
def test_twice_the_text_takes_about_twice_as_long_whatever_the_text(unit: str) -> None:
    def cost(size: int) -> float:
        text = "bsn geboren nummer " + (unit * size)[:size]
        costs = []
        for _ in range(3):
            began = thread_time()
            personal_data(text)
            costs.append(thread_time() - began)
        return min(costs)

    assert cost(8_000) <= 6 * cost(4_000) + 0.02
