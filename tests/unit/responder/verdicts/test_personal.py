"""Personal data that a public reply repeats (example data)."""

import pytest

from tests.unit.responder.verdicts.judged import said

REPEATED = [
    ("Ik bel je op 06-12345678.", None, ["06-12345678"]),
    ("We bellen je vanmiddag op 06 1234 5678.", "mijn nr is 0612345678", ["06 1234 5678"]),
    ("Ik bel u terug op 020 555 01 00.", None, ["020 555 01 00"]),
    ("Klopt +31 6 12345678 nog?", None, ["+31 6 12345678"]),
    ("Ik zie klantnummer 40123456 staan.", None, ["40123456"]),
    ("Bestelling VA-1234567 is onderweg.", None, ["VA-1234567"]),
    ("Je zaak ZK12345 ligt bij een collega.", None, ["ZK12345"]),
    ("Je zaaknummer is 2026118.", None, ["2026118"]),
    ("Het gaat om ticket #88123, toch?", None, ["88123"]),
    ("Je melding met kenmerk 2026-44821 loopt.", None, ["2026-44821"]),
    ("Your case number is 5512908.", None, ["5512908"]),
    ("Your order 77129034 left this morning.", None, ["77129034"]),
    ("Ik zie dat 771-29034 gisteren is verstuurd.", "bestelnummer 771-29034 nog niks", ["771-29034"]),
    ("Op 77129034 staat nog een bedrag open.", "klantnr 77129034", ["77129034"]),
    ("Je polisnummer 99281734 is aangepast.", None, ["99281734"]),
    ("Het geld staat op NL91 ABNA 0417 1643 00.", None, ["NL91 ABNA 0417 1643 00"]),
    ("We hebben NL91ABNA0417164300 aangepast.", "NL91 ABNA 0417 1643 00", ["NL91ABNA0417164300"]),
    ("De mail ging naar jan.devries@post.example.", None, ["jan.devries@post.example"]),
    ("I sent it to jane@mail.example just now.", "my mail is jane@mail.example", ["jane@mail.example"]),
    ("We bezorgen op Dorpsstraat 12.", None, ["Dorpsstraat 12"]),
    ("We zien dat Dorpsstraat 12a, 1234 AB klaar is.", None, ["Dorpsstraat 12a, 1234 AB"]),
    ("Op 1234 AB is er glasvezel.", "kan ik glasvezel krijgen op 1234AB?", ["1234 AB"]),
    ("In 3511 CE is de storing opgelost.", None, ["3511 CE"]),
    ("Voor het Zilverpark 8 komt een monteur.", "Zilverpark 8, 8232 EC Lelystad heeft geen stroom", ["Zilverpark 8"]),
    ("Your postcode SW1A 1AA is covered.", None, ["SW1A 1AA"]),
    ("Je geboortedatum 3-12-1986 klopt.", None, ["3-12-1986"]),
    ("Boeking X7KQ2M staat erin.", "mijn boekingscode is X7KQ2M", ["X7KQ2M"]),
    ("I found MS4471120 in our system.", "my card number MS4471120 does not work", ["MS4471120"]),
    ("We'll call you back on 07700 900 482.", None, ["07700 900 482"]),
    ("Ik heb order 40123456 en 06-12345678 genoteerd.", None, ["40123456", "06-12345678"]),
]
FINE = [
    ("Bel ons op 020 555 01 00.", None),
    ("Je bereikt ons op 020 555 01 00.", None),
    ("Bellen kan ook: 020-555 0100.", None),
    ("Ons nummer is 020 555 01 00.", None),
    ("You can call us on 020 555 0100.", None),
    ("Bel onze klantenservice op 0900-1234 of 088 123 45 67.", None),
    ("Mail naar klant@post.example of hulp@vaart.example.", None),
    ("Mail ons via support@partner.example.", None),
    ("Doe aangifte bij de politie via 0900-8844.", None),
    ("Bel de politie: 020 123 45 67.", None),
    ("Onze winkel aan de Dorpsstraat 12 is open.", None),
    ("Kom langs op Stationsplein 5, 1012 AB Amsterdam!", None),
    ("Our store is at Dorpsstraat 12.", None),
    ("Het retouradres is Havenweg 3, 1234 AB.", None),
    ("Hoi Sanne de Vries, dat zoek ik uit.", "Groet, Sanne de Vries"),
    ("Vlucht KL1234 vertrekt om 14:05.", "KL1234"),
    ("Dat is artikelnummer 48213377.", None),
    ("Foutcode 50012 betekent geen verbinding.", "fout 50012"),
    ("Een ordernummer ziet eruit als VA-1234567.", None),
    ("Je vindt het bij je gegevens, bijvoorbeeld klantnummer 40000000.", None),
    ("Het abonnement heeft 2000 MB en 1000 GB.", None),
    ("We zitten in 2026 NL breed.", None),
    ("Stuur je bestelnummer in een DM.", "VA-1234567"),
    ("Ik heb je bestelling gevonden.", "VA-1234567"),
    ("In 2026 starten we met 5000 huizen.", None),
    ("Morgen 28-11-2026 om 12:00 komt hij.", None),
    ("Je wint 1.000.000 euro niet.", None),
    ("Het model WH-1000XM4 is uit.", None),
    ("Trein 3045 rijdt niet.", "trein 3045?"),
    ("@jan_1986 Dat klopt!", None),
    ("@jan1986@sociaal.example Dat klopt!", None),
    ("Het staat op https://vaart.example/order/12345678.", None),
    ("EAN 8712345678906 is dit product.", None),
    ("KvK 12345678 is ons nummer.", None),
    ("Maak het over naar onze rekening NL91 ABNA 0417 1643 00.", None),
    ("112 bellen mag altijd.", None),
    ("Rekening eindigend op 300: klopt dat?", "NL91 ABNA 0417 1643 00"),
    ("Buslijn 40 en 41 rijden om.", None),
    ("Tussen 10:00 en 12:00, 23 november.", None),
    ("De wifi heet Vaart-2G-5512.", None),
    ("Windows 11 en iOS 17.4.1 worden ondersteund.", None),
    ("Halte Kerkstraat vervalt.", None),
    ("Via de Stationsweg 5 minuten lopen.", None),
    ("App ons op 06-87654321.", None),
    ("Mail naar klant@post.example.", "ik mailde klant@post.example al"),
    ("Er is een storing in Utrecht en omgeving.", None),
]


@pytest.mark.parametrize(("text", "incoming", "data"), REPEATED)
def test_a_datum_of_the_customer_is_repeated_in_public(text: str, incoming: str | None, data: list[str]) -> None:
    assert said(text, "pii_in_public", incoming) == data


@pytest.mark.parametrize(("text", "incoming"), FINE)
def test_what_is_the_brands_or_no_datum_may_be_said(text: str, incoming: str | None) -> None:
    assert said(text, "pii_in_public", incoming) == []


def test_in_private_a_datum_may_be_repeated() -> None:
    assert said("Ik bel je op 06-12345678.", "pii_in_public", visibility="private") == []
