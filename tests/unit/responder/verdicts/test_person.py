"""Who a reply says it is from: I or we (example data)."""

import pytest

from tests.unit.responder.verdicts.judged import said

WRONG_FOR_WE = [
    ("Ik kijk het voor u na.", ["Ik"]),
    ("Dat zoek ik voor u uit.", ["ik"]),
    ("Laat het me weten als het lukt.", ["me"]),
    ("Stuur mij een privébericht.", ["mij"]),
    ("Mijn collega belt u morgen.", ["Mijn"]),
    ("Ik vraag het mijn collega's.", ["Ik", "mijn"]),
    ("Wij kijken het na en ik bel u.", ["ik"]),
    ("M'n collega's kijken mee.", ["M'n"]),
    ("Mn collega kijkt mee.", ["Mn"]),
    ("Dat weet ikzelf ook niet.", ["ikzelf"]),
    ("Excuses van mijn kant.", ["mijn"]),
    ("Hoi Sanne, Ik help je graag.", ["Ik"]),
    ("IK help u graag.", ["IK"]),
    ("Heeft u nog vragen? Dan hoor ik het graag!", ["ik"]),
    ("Wat mij betreft is dat prima.", ["mij"]),
    ("Volgens mij klopt dit.", ["mij"]),
    ("Dat lijkt me een goed plan.", ["me"]),
    ("Zal ik een monteur sturen?", ["ik"]),
    ("Geef me een seintje.", ["me"]),
    ("Mijn excuses voor het ongemak!", ["Mijn"]),
    ("‘k Zal het nakijken. 'k Bel u.", ["‘k", "'k"]),
    ("Kunt u me vertellen welk type het is?", ["me"]),
    ("Ik begrijp dat dit vervelend is. We zoeken het uit.", ["Ik"]),
    ("I will look into this for you.", ["I"]),
    ("I'm sorry to hear that.", ["I'm"]),
    ("I’ve checked your order.", ["I’ve"]),
    ("Let me check that for you.", ["me"]),
    ("My colleague will call you.", ["My"]),
    ("Please send me a DM.", ["me"]),
    ("We've asked them and I'll let you know.", ["I'll"]),
    ("My apologies for the delay!", ["My"]),
    ("i'll look into this for you", ["i'll"]),
    ("I'd be happy to help.", ["I'd"]),
    ("Could you tell me which model you have?", ["me"]),
]
FINE_FOR_WE = [
    "Wij kijken het na en laten het u weten.",
    "We zijn er voor u, ons team ook.",
    "Ga naar Mijn Vaart en kies Ik Spaar.",
    "U schreef: “ik krijg mijn geld niet terug”. Dat zoeken wij uit.",
    "Je zei 'laat mij met rust' en dat begrijpen we.",
    "U vindt het onder Mijn gegevens.",
    "U vindt het via Mijn Bestellingen in de app.",
    "Klik op Ik wil opzeggen en volg de stappen.",
    "Ga naar Account > Mijn abonnement.",
    "> ik wil mijn geld terug\nDat begrijpen wij.",
    "Dat klopt. ^ik",
    "Dat klopt. ^mk",
    "@ik_en_mij Wij kijken mee.",
    "Zie vaart.example/mijn-account of mijn.vaart.example.",
    "Dikke mik en klik, blik en slik.",
    "De me-too beweging en I.E. en i.e. dat.",
    "Deel I van het formulier en type I.",
    "You can find it under My Orders in the app.",
    "Go to My Vaart for your invoices.",
    'You wrote "I want my money back" and we understand.',
    "We will look into this for you.",
    "Please let us know how it goes.",
    "Our team is on it, we'll keep you posted.",
    "Meer info staat op de site.",
    "Het IBAN vindt u in de app.",
    "Wij mailen u, ook bij code I-5.",
    "Dank voor uw mail, uw collega heeft het gemeld.",
    "Mijmeren mag, mijlen ook.",
    "Bij Ik Spaar krijgt u meer.",
    "Log in op mijn Vaart.",
    "In de app onder Mijn contract staat het.",
]
WRONG_FOR_I = [
    ("We kijken het voor je na.", ["We"]),
    ("Wij zoeken het uit.", ["Wij"]),
    ("Dat hadden we beter moeten doen.", ["we"]),
    ("Kun je een foto sturen? Dan kijken we mee.", ["we"]),
    ("Ik snap het, maar we kunnen dit niet.", ["we"]),
    ("Dat vinden wij ook jammer.", ["wij"]),
    ("WE zijn er voor je.", ["WE"]),
    ("Fijn dat we je konden helpen.", ["we"]),
    ("Zodra we meer weten, hoor je het.", ["we"]),
    ("Kunnen we je bellen?", ["we"]),
    ("Helaas kunnen wij dat niet doen.", ["wij"]),
    ("We'll look into it.", ["We'll"]),
    ("We’re sorry about that.", ["We’re"]),
    ("We have sent it again.", ["We"]),
    ("Can we call you?", ["we"]),
    ("I checked, and we don't deliver on Sundays.", ["we"]),
    ("As soon as we know more you will hear from me.", ["we"]),
]
FINE_FOR_I = [
    "Ik kijk het voor je na met ons team.",
    "Onze monteur komt langs, bij ons staat het klaar.",
    "Stuur ons een DM, dan kijk ik mee.",
    "Zullen we morgen even bellen?",
    "Laten we dat afspreken.",
    "Kijk op Wij Helpen voor meer.",
    "Je schreef “we wachten al weken”. Dat snap ik.",
    "> wij wachten al weken\nDat snap ik.",
    "Dat klopt. ^we",
    "@wij_twee ik help jullie.",
    "Ik weet het, weer weken wachten wil niemand.",
    "Shall we set a date? I can do Monday.",
    "Our engineer will come, just let us know.",
    "I am sorry, let me check that for you.",
    "Let's see what I can do.",
]


def _holds(found: list[str], words: list[str]) -> bool:
    """Each place holds its word; the verb may stand in it too, where that has to change."""
    return len(found) == len(words) and all(word in place.split() for place, word in zip(found, words, strict=True))


@pytest.mark.parametrize(("text", "words"), WRONG_FOR_WE)
def test_a_brand_that_says_we_says_no_i(text: str, words: list[str]) -> None:
    assert _holds(said(text, "person_form", person="wij"), words)


@pytest.mark.parametrize("text", FINE_FOR_WE)
def test_names_quotations_and_signatures_are_nobodys_i(text: str) -> None:
    assert said(text, "person_form", person="wij") == []


@pytest.mark.parametrize(("text", "words"), WRONG_FOR_I)
def test_a_brand_that_says_i_says_no_we(text: str, words: list[str]) -> None:
    assert _holds(said(text, "person_form", person="ik"), words)


@pytest.mark.parametrize("text", FINE_FOR_I)
def test_the_company_is_still_ours_and_some_things_are_done_together(text: str) -> None:
    assert said(text, "person_form", person="ik") == []
