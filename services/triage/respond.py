"""Whether the brand should answer, in words: what the heads decided reaches this module, a proposal with its reason leaves it.

The reason is what a colleague reads beside the proposal, in the brand's own language where we have it. Which messages deserve an answer is what the team
agreed on (the definitions are in `docs/findings.md`); a person's choice always stands above it.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from libs.common.events import Respond
from services.triage.context import Context

_Words = Mapping[str, str]

_REPLY: Final[Mapping[str, _Words]] = MappingProxyType(
    {
        "complaint": {"en": "Complains to the brand.", "nl": "Heeft een klacht voor het merk."},
        "question": {"en": "Asks the brand something.", "nl": "Stelt het merk een vraag."},
        "compliment": {"en": "Praises the brand to its face.", "nl": "Geeft het merk een compliment."},
        "order_status": {"en": "Wants to know where an order is.", "nl": "Wil weten waar een bestelling blijft."},
        "cancellation": {"en": "Wants to cancel.", "nl": "Wil opzeggen."},
        "billing": {"en": "Asks about money owed or charged.", "nl": "Vraagt over een rekening of betaling."},
        "outage": {"en": "Reports that something does not work.", "nl": "Meldt dat iets het niet doet."},
        "idea": {"en": "Suggests something to the brand.", "nl": "Doet het merk een voorstel."},
        "product_advice": {"en": "Asks which product fits.", "nl": "Vraagt welk product past."},
        "praise_ambassador": {"en": "Recommends or defends the brand.", "nl": "Beveelt het merk aan of verdedigt het."},
        "press": {"en": "The press asks.", "nl": "De pers vraagt iets."},
        "job": {"en": "Asks about working here.", "nl": "Vraagt naar werk bij het merk."},
        "abuse": {"en": "Swears, and has a real problem too.", "nl": "Scheldt, en heeft ook een echt probleem."},
        "": {"en": "Is addressed to the brand.", "nl": "Is aan het merk gericht."},
    }
)  # fmt: skip
_CLARIFY: Final[Mapping[str, _Words]] = MappingProxyType(
    {
        "complaint": {"en": "Is unhappy and does not say with what.", "nl": "Is ontevreden en zegt niet waarover."},
        "": {"en": "Wants something and does not say what.", "nl": "Wil iets en zegt niet wat."},
    }
)
_NO_REPLY: Final[Mapping[str, _Words]] = MappingProxyType(
    {
        "spam": {"en": "Advertises something.", "nl": "Maakt reclame."},
        "abuse": {"en": "Only insults, in private.", "nl": "Scheldt alleen, en niet in het openbaar."},
        "staff_post": {"en": "Is a colleague's own post.", "nl": "Is een bericht van een collega."},
        "compliment": {"en": "Is pleased and asks nothing.", "nl": "Is tevreden en vraagt niets."},
        "praise_ambassador": {
            "en": "Tells others about the brand and asks it nothing.",
            "nl": "Vertelt anderen over het merk en vraagt het niets.",
        },
        "complaint": {"en": "Grumbles about the brand, not to it.", "nl": "Moppert over het merk, niet tegen het merk."},
        "outage": {"en": "Talks about an outage, not to the brand.", "nl": "Praat over een storing, niet tegen het merk."},
        "question": {"en": "Asks others, not the brand.", "nl": "Vraagt het anderen, niet het merk."},
        "job": {"en": "Is a vacancy or a talk about work.", "nl": "Is een vacature of een gesprek over werk."},
        "chatter": {"en": "Is talk that expects no answer.", "nl": "Is gepraat dat geen antwoord verwacht."},
        "": {"en": "Asks nothing of the brand.", "nl": "Vraagt het merk niets."},
    }
)
_HIDE: Final[Mapping[str, _Words]] = MappingProxyType(
    {
        "spam": {"en": "Spam on the brand's own pages.", "nl": "Spam op de pagina's van het merk."},
        "": {"en": "Hurts in public and asks nothing.", "nl": "Kwetst in het openbaar en vraagt niets."},
    }
)
_REASONS: Final[Mapping[str, Mapping[str, _Words]]] = MappingProxyType(
    {"reply": _REPLY, "ask_clarification": _CLARIFY, "no_reply": _NO_REPLY, "hide": _HIDE}
)
_STAFF: Final[_Words] = MappingProxyType(
    {"en": "Its author is one of the brand's own people.", "nl": "De schrijver is iemand van het merk zelf."}
)


def respond(decision: str, intent: str, context: Context, language: str) -> Respond:
    """The proposal. What the brand's own people write gets no reply; what nobody but the brand sees is not hidden."""
    if context.staff:
        return Respond(decision="no_reply", reason=_said(_STAFF, language))
    if decision == "hide" and context.visibility == "private" and intent in ("spam", "abuse", "chatter"):
        decision = "no_reply"
    reasons = _REASONS[decision]
    return Respond(decision=decision, reason=_said(reasons.get(intent, reasons[""]), language))


def _said(words: _Words, language: str) -> str:
    return words.get(language, words["en"])
