"""Money, gifts, discounts and guarantees that are promised, or not."""

import pytest

from services.responder.verdicts.commitments import promised_times, unauthorised_promise
from tests.unit.responder.verdicts import BOOK, draft, words

FOUND = (
    "We storten de 45 euro morgen terug op je rekening.",
    "Je krijgt van ons een cadeaubon van 20 euro.",
    "Als goedmaker ontvang je een gratis maand.",
    "Ik regel dat je het volledige bedrag terugkrijgt.",
    "We schelden je de boete kwijt.",
    "Wij vergoeden de reparatie van je scherm.",
    "De kosten voor de taxi nemen wij voor onze rekening.",
    "Ik zet 10 euro tegoed op je account.",
    "Je volgende bestelling krijg je met 15% korting.",
    "Wij garanderen dat uw pakket morgen op tijd is.",
    "Ik beloof dat dit nooit meer gebeurt.",
    "U ontvangt binnen 5 werkdagen een restitutie van de ticketprijs.",
    "We maken het goed met een bos bloemen.",
    "Ik stuur je een voucher voor een gratis rit.",
    "Die 12 euro hoef je niet te betalen, die halen we van je factuur af.",
    "We crediteren de factuur van november.",
    "Je borg krijg je volledig terug.",
    "We compenseren je voor de dagen zonder internet.",
    "Er ligt een verrassing voor je klaar bij de balie.",
    "De eerste drie maanden betaal je niets.",
    "Ik geef je de oude prijs nog een jaar, dat scheelt 60 euro.",
    "Je krijgt je geld terug, geen zorgen.",
    "We sturen een nieuwe tv zonder kosten en je houdt 50 euro korting.",
    "Het verschil betalen we je terug.",
    "We'll refund the full amount to your card.",
    "I'll send you a £10 voucher.",
    "Your next month is free.",
    "You'll get 20% off your next order.",
    "We guarantee your order will be there by Christmas.",
    "I'm crediting your account with 15 euros.",
    "We will cover the cost of the hotel.",
    "Let me make it up to you with a free coffee.",
    "I've decided to waive the late fee for you.",
    "You will be compensated for the delay.",
    "We'll throw in an extra month at no charge.",
    "I promise it will never happen again.",
    "You can keep the item and we'll give you your money back.",
    "As a goodwill gesture I'll knock 10 euros off your bill.",
    "We're sending you some flowers to say sorry.",
    "Your money will be back in your account by Friday.",
    "We maken het bedrag vandaag nog naar je over.",
    "Stuur me je IBAN via DM, dan krijg je het geld terug.",
    "Je krijgt van ons een nieuwe, helemaal gratis.",
    "De volgende bestelling is op kosten van het huis.",
    "Ik regel een tegoedbon van 20 euro voor je.",
    "Volgende maand hoef je niets te betalen.",
    "We geven je tien procent korting op je volgende bestelling.",
    "U wordt volledig schadeloos gesteld.",
    "Wij garanderen dat dit niet meer gebeurt.",
    "Daar zetten we een leuk cadeautje tegenover.",
    "Uiteraard vergoeden we de taxi.",
    "We'll refund the full amount.",
    "Send me a DM and you'll get your money back.",
    "There's a voucher in your inbox for the trouble.",
    "Your next coffee is on us.",
    "I'll take the delivery charge off your bill.",
    "I promise this will never happen again.",
    "The hotel will be paid for by us.",
    "I'm sending you a little something to make up for it.",
    "Ik zorg dat je het hele bedrag retour krijgt.",
    "De verzendkosten krijg je uiteraard van ons terug.",
    "We doen er een gratis maand bij.",
    "Je ontvangt morgen een cadeaukaart van 25 euro.",
    "Natuurlijk compenseren wij u voor de vertraging.",
    "Beloofd: dit gebeurt nooit meer.",
    "Wij nemen de kosten van de reparatie op ons.",
    "Deze maand is voor onze rekening.",
    "Met deze code krijg je 15% korting: SORRY15.",
    "I'll make sure you're fully compensated.",
    "Here's 20% off your next order.",
    "We'll cover your taxi.",
    "Your fee has been waived for next month as well, I'll see to it.",
    "You have my word that it will arrive on Friday.",
    "We'd like to offer you a free dessert.",
    "We sturen u een bloemetje.",
    "U krijgt de helft van uw geld terug.",
    "Ik haal de kosten van uw rekening af.",
    "De eerste drie maanden zijn gratis voor je.",
    "Je schade wordt door ons betaald.",
    "Wij beloven dat uw trein voortaan op tijd rijdt.",
    "You'll be compensated for the missed connection.",
    "We'll throw in a free month.",
    "I can guarantee it won't break again.",
)
NOT_FOUND = (
    "Je kunt je geld terugvragen via Mijn Vaart.",
    "Ik vraag na of je voor een vergoeding in aanmerking komt.",
    "Het bedrag is gisteren teruggestort.",
    "We kunnen je helaas geen korting geven.",
    "Wil je een vergoeding aanvragen? Dat kan met het formulier.",
    "De korting van vorige maand staat op je factuur.",
    "De terugbetaling is op 3 maart verwerkt.",
    "Retourneren is gratis.",
    "Je hebt 14 dagen om te retourneren.",
    "De garantie op het toestel is twee jaar.",
    "Heb je recht op compensatie? Kijk op onze site.",
    "Ik overleg met mijn leidinggevende of we iets kunnen betekenen.",
    "Er is geen restitutie mogelijk op dit ticket.",
    "Je geld is onderweg: we hebben het maandag overgemaakt.",
    "Een cadeaubon kun je inleveren bij de kassa.",
    "Ik bel je morgen terug.",
    "Je krijgt morgen antwoord.",
    "Ik stuur je het formulier voor de geld-terug-regeling.",
    "We kijken of de kosten vergoed kunnen worden.",
    "Je ontvangt een bevestiging per mail.",
    "Uw abonnement wordt per 1 januari stopgezet.",
    "Ik kom er morgen bij u op terug.",
    "Wanneer heb je het bedrag terugbetaald?",
    "De creditnota hebben we vorige week verstuurd.",
    "Bezorging is gratis vanaf 30 euro.",
    "Helaas vergoeden wij geen gevolgschade.",
    "Is je cadeaubon nog geldig? Dat check ik.",
    "We zetten je bestelling klaar bij de winkel.",
    "Ik zet de melding door naar de monteur.",
    "You can claim a refund through the app.",
    "I'll ask my manager whether a refund is possible.",
    "Your refund was processed on Monday.",
    "Unfortunately we can't offer a discount.",
    "We've already credited your account.",
    "Returns are free within 30 days.",
    "I'll get back to you tomorrow.",
    "You'll receive a confirmation by email.",
    "The warranty covers parts for two years.",
    "Are you entitled to compensation? Check our page.",
    "We will look into it and call you back by 5pm.",
    "Could you send us the voucher code?",
    "We geven je melding door aan de wijkbeheerder.",
    "Je krijgt een nieuwe factuur met het juiste bedrag.",
    "Via het formulier kun je een vergoeding aanvragen.",
    "Ik vraag na of we je iets kunnen teruggeven.",
    "De terugbetaling is gisteren al geboekt.",
    "Of de kosten worden vergoed, hangt af van je polis.",
    "Helaas kunnen we geen korting geven.",
    "Je krijgt vandaag nog bericht terug.",
    "Refunds are booked within five days once the parcel is back.",
    "I'll ask whether we can offer compensation.",
    "Ik stuur je de garantievoorwaarden toe.",
    "We sturen het pakket vandaag terug naar de afzender.",
    "Je kunt hier een schadevergoeding aanvragen: vaart.example/claim.",
    "We kunnen helaas niets vergoeden.",
    "Bij een vertraging van meer dan een uur heb je recht op 50% terug.",
    "Het bedrag is vorige week al teruggestort.",
    "We overleggen of we de kosten kunnen vergoeden.",
    "Unfortunately I can't offer a discount.",
    "Your refund was issued on Monday.",
    "I'll call you back tomorrow.",
    "Stuur de bon op, dan bekijken we of we je iets kunnen vergoeden.",
    "Op je rekening staat 10 euro tegoed van vorige maand.",
    "You can claim compensation on our website within 28 days.",
)


@pytest.mark.parametrize("text", FOUND)
def test_it_is_found(text: str) -> None:
    assert words(unauthorised_promise, text)


@pytest.mark.parametrize("text", NOT_FOUND)
def test_what_looks_like_it_is_not(text: str) -> None:
    assert words(unauthorised_promise, text) == []


def codes(text: str, **more: object) -> list[str]:
    return [one.code for one in promised_times(draft(text, **more), BOOK)]


def test_a_role_may_promise_what_the_brand_book_says_and_no_more() -> None:
    text = "Als goedmaker krijg je van ons een vergoeding van 25 euro."
    assert words(unauthorised_promise, text, role="agent")
    assert not words(unauthorised_promise, text, role="lead")
    assert words(unauthorised_promise, text.replace("25", "26"), role="lead")
    assert words(unauthorised_promise, "Je krijgt van ons een vergoeding voor het ongemak.", role="lead")  # how much is not said
    assert words(unauthorised_promise, "Je krijgt 10 euro korting op je volgende bestelling.", role="lead")  # a discount is no compensation


def test_a_verdict_names_the_rule_of_the_writers_role() -> None:
    [found] = unauthorised_promise(draft("Ik geef je 10 euro korting.", role="trainee"), BOOK)
    assert found.rule == "conduct.may_promise.trainee"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Ik bel je zo snel mogelijk.", ["vague_promise"]),
        ("U hoort binnenkort van ons.", ["vague_promise"]),
        ("We'll get back to you shortly.", ["vague_promise"]),
        ("Ik bel je zo snel mogelijk, uiterlijk morgen.", []),
        ("Kun je me zo snel mogelijk je nummer sturen?", []),
        ("Stuur ons zo snel mogelijk je nummer.", []),
        ("Ik bel je terug.", []),
        ("Ik bel je morgen voor 12 uur.", []),
        ("Ik bel je vanavond om 22:00.", ["promise_outside_hours"]),
        ("Ik bel je zondag.", ["promise_outside_hours"]),
        ("I'll call you at 7am tomorrow.", ["promise_outside_hours"]),
        ("Ik bel je vandaag om 21:00.", []),  # the very end of the opening hours
        ("De winkel is zondag open.", []),
    ],
)
def test_a_promise_has_a_moment_within_opening_hours(text: str, found: list[str]) -> None:
    assert codes(text) == found


def test_without_a_time_of_judging_nothing_is_said_of_times() -> None:
    assert codes("Ik bel je zo snel mogelijk.", now=None) == []
