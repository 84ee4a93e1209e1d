"""A first text for a person to edit: a brand book's script with its greeting, its signature and the facts filled in.

A script, a team member and what is known of the customer come in; a draft's text goes out, and then to the guard. What is
not known stays visible as ``{name}``, so that the guard holds it back. Only ``{identifier}`` is a variable: no attribute,
index or format specification is ever evaluated, and what a value contains is never expanded again. Pure: no I/O.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import time

import regex

from libs.common.bookscripts import VARIABLE, Script
from libs.common.bookteam import Member
from libs.common.brandbook import BrandBook, SignatureStyle
from services.responder.lengths import family

# What a conversation opens with. The guard recognises the same words in either language: "Hi" is Dutch by now.
GREETING_WORDS: Mapping[str, tuple[str, ...]] = {
    "nl": (
        "hoi", "hoihoi", "hoi hoi", "hallo", "hai", "ha", "hé", "hè", "hee", "dag", "beste", "geachte", "lieve",
        "moi", "goedemorgen", "goedemiddag", "goedenmiddag", "goedenavond", "goedeavond", "goedendag", "goededag",
        "goede morgen", "goede middag", "goede avond", "goeden avond", "goede dag", "goedenmorgen", "goedennacht",
        "goeiemorgen", "goeiemiddag", "goeiedag", "goeienavond", "goeieavond", "goeie morgen", "goeie middag",
        "goeie avond", "goeie dag", "goeiendag",
    ),
    "en": (
        "hi", "hiya", "hello", "hey", "heya", "dear", "howdy", "greetings", "good morning", "good afternoon",
        "good evening", "good day",
    ),
    "de": ("guten tag", "guten morgen", "guten abend", "liebe", "lieber", "sehr geehrte", "sehr geehrter"),
    "fr": ("bonjour", "bonsoir", "salut", "cher", "chère"),
}  # fmt: skip

# Which hours of the brand's own day a greeting belongs to, from and until (before).
_HOURS_OF_DAY = {
    "morgen": (time(0), time(12)),
    "morning": (time(0), time(12)),
    "middag": (time(12), time(18)),
    "afternoon": (time(12), time(18)),
    "avond": (time(18), time.max),
    "evening": (time(18), time.max),
}

# Without a name these need somebody to address.
_NEUTRAL = {"beste": "Beste klant", "geachte": "Geachte klant", "dear": "Dear customer"}
_FALLBACK = {"nl": {"je": "Hoi {voornaam}", "u": "Goedendag {naam}"}, "en": {"je": "Hi {voornaam}", "u": "Hello {naam}"}}
_CLOSING = {"nl": {"je": "Groet,", "u": "Met vriendelijke groet,"}, "en": {"je": "Kind regards,", "u": "Kind regards,"}}

_NAME_VARIABLE = regex.compile(r"\s*,?\s*\{(?:voornaam|naam|first_name|name)\}", regex.IGNORECASE)
_NAME_PART = regex.compile(r"\p{L}[\p{L}\p{M}'’-]*")
_TITLES = {"dhr", "de", "heer", "hr", "mevr", "mevrouw", "mw", "meneer", "mr", "mrs", "ms", "miss", "dr", "drs", "ir", "ing", "prof"}
_TITLES |= {"fam", "familie", "klant", "customer"}
_COMPANY = regex.compile(r"\b(?:b\.?v|n\.?v|v\.?o\.?f|vof|ltd|inc|gmbh|stichting|vereniging|fanpage|team)\b\.?", regex.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Rendered:
    """A script's text; ``missing`` names the variables that nobody could fill, in order of appearance, once each."""

    text: str
    missing: list[str]


def render(script: str, context: Mapping[str, str]) -> Rendered:
    """Fill ``{identifier}`` from the context, in one pass.

    A name that the context lacks stays as it stands and is listed; an empty value is a value. ``{{naam}}``, ``{a.b}``,
    ``{0}`` and ``{a!r}`` are no variables and stay as they stand too.
    """
    missing: list[str] = []

    def fill(match: "re.Match[str]") -> str:
        name = match[1]
        value = context.get(name, context.get(name.lower()))
        if value is not None:
            return value
        if name not in missing:
            missing.append(name)
        return match[0]

    return Rendered(VARIABLE.sub(fill, script), missing)


def pick_script(book: BrandBook, labels: Sequence[str], language: str, team: Sequence[Script] = ()) -> Script | None:
    """The first script in this language for the first label that has one; a label's parent stands in for it.

    A script without a label serves when no label has one. Never one in another language: a customer is answered in
    their own. The ``team``'s own scripts come after the book's.
    """
    in_language = [s for s in (*book.scripts, *(s for s in team if s.label)) if s.language == language]
    for label in labels:
        for name in book.label_path(label):
            for script in in_language:
                if script.label == name:
                    return script
    return next((s for s in in_language if s.label is None), None)


def compose(
    book: BrandBook,
    member: Member,
    channel: str,
    customer_name: str | None,
    script: Script,
    visibility: str,
    first_reply: bool,
    *,
    context: Mapping[str, str] | None = None,
    local_time: time | None = None,
    variant: int = 0,
    wording: int = 0,
) -> str:
    """A draft's text from a script, with a greeting where one is asked and the writer's signature.

    ``context`` fills the script's other variables. ``local_time`` is the time of day in the brand's own zone; without it
    no greeting is chosen that belongs to a part of the day, while the book has another. ``variant`` walks through the
    book's greetings, so that replies do not all open the same; ``wording`` is the place of one of the script's.
    """
    language = script.language or book.languages[0]
    greeting = ""
    if first_reply or book.voice.greeting.required == "always":
        greeting = greet(book, customer_name, language, local_time=local_time, variant=variant)
    signed = signature(book, member, channel, visibility)
    first = first_name(customer_name) or ""
    values = {
        "groet": greeting,
        "handtekening": signed,
        "initialen": member.initials,
        "medewerker": member.first_name,
        "merk": book.name,
        **({"voornaam": first, "naam": first} if first else {}),
        **(context or {}),
    }
    values["greeting"], values["signature"] = values["groet"], values["handtekening"]
    worded = script.wordings[wording]
    names = {match[1].lower() for match in VARIABLE.finditer(worded)}
    text = render(worded, values).text.strip()
    if not greeting:
        text = _open_without_greeting(text)
    elif not names & {"groet", "greeting"} and book.voice.greeting.required != "never":
        text = f"{greeting},{_paragraph(channel)}{text}"
    if signed and not names & {"handtekening", "signature"}:
        text += sign_off(book, channel, language, signature_form(book, channel, visibility), signed)
    return text


def greet(book: BrandBook, customer_name: str | None, language: str, *, local_time: time | None = None, variant: int = 0) -> str:
    """The opening words, without a comma: ``Hoi Sanne``, or ``Hoi`` when no first name can be told from the name.

    ``{naam}`` is the whole name in a brand that says *u* and the first name in one that says *je*.
    """
    choice = greetings(book, language, local_time)
    example = choice[variant % len(choice)]
    first = first_name(customer_name)
    if first is None:
        bare = _NAME_VARIABLE.sub("", example).strip(" ,!")
        return _NEUTRAL.get(bare.lower(), bare)
    whole = " ".join((customer_name or "").split()) if book.voice.address_form == "u" else first
    if not all(_NAME_PART.fullmatch(part) for part in whole.split()):
        whole = first
    return render(example, {"voornaam": first, "naam": whole, "first_name": first, "name": whole}).text.strip(" ,!")


def greetings(book: BrandBook, language: str, local_time: time | None = None) -> list[str]:
    """The greetings to choose from, with their variables: the book's that suit language and hour, or one that always does."""
    examples = [e for e in book.voice.greeting.examples if _suits(e, language)]
    timely = [e for e in examples if _fits_hour(e, local_time)]
    return timely or [_FALLBACK.get(language, _FALLBACK["en"])[book.voice.address_form]]


def opens_with(text: str, choice: Sequence[str]) -> int | None:
    """Which of these greetings a text opens with, whoever it greets; None when with none. The longest wins."""
    start = regex.sub(r"^(?:@\S+\s+)+", "", text).lower()
    bare = {place: _NAME_VARIABLE.sub("", example).strip(" ,!").lower() for place, example in enumerate(choice)}
    found = [place for place, words in bare.items() if start.startswith(words) and not start[len(words) :][:1].isalnum()]
    return max(found, key=lambda place: len(bare[place]), default=None)


def first_name(customer_name: str | None) -> str | None:
    """The first name in a display name, or None when it cannot be told: a handle, an initial, a title, a company.

    ``Vries, Sanne de`` is Sanne; ``SANNE`` and ``sanne`` are Sanne; ``S. de Vries`` is nobody's first name.
    """
    name = regex.sub(r"[^\p{L}\p{M}\p{N}\s'’.,@_{}\[\]-]", " ", customer_name or "").strip()
    if not name or _COMPANY.search(name) or regex.search(r"[@_{}\[\]\p{N}]", name):
        return None
    if name.count(",") == 1:
        after = name.split(",")[1].strip()
        name = after or name.rstrip(",")
    first = name.split()[0].rstrip(",")
    if first.rstrip(".").lower() in _TITLES or not 2 <= len(first) <= 20 or not _NAME_PART.fullmatch(first):
        return None
    if first.isupper() or first.islower():
        return "-".join(part.capitalize() for part in first.split("-"))
    return first


def signature_form(book: BrandBook, channel: str, visibility: str) -> SignatureStyle:
    """How a reply is signed here. In a direct message initials give way to the first name: nobody else reads along."""
    form = book.signature_style(family(channel))
    return "first_name" if form == "initials" and visibility == "private" else form


def signature(book: BrandBook, member: Member, channel: str, visibility: str) -> str:
    """``^gs``, ``Guus``, or nothing where the brand does not sign or leaves it open."""
    form = signature_form(book, channel, visibility)
    if form == "initials":
        return f"^{member.initials}"
    return member.first_name if form == "first_name" else ""


def _suits(example: str, language: str) -> bool:
    """Whether the greeting's words are this language's; words that no language claims are the brand's own and suit any."""
    words = _NAME_VARIABLE.sub("", example).strip(" ,!").lower()
    claimed = {lang for lang, known in GREETING_WORDS.items() if words in known}
    return not claimed or language in claimed


def _fits_hour(example: str, local_time: time | None) -> bool:
    """Whether the greeting fits the hour; one that belongs to a part of the day never fits an unknown hour."""
    for part, (start, end) in _HOURS_OF_DAY.items():
        if part in example.lower():
            return local_time is not None and start <= local_time < end
    return True


def _paragraph(channel: str) -> str:
    return "\n\n" if family(channel) == "email" else "\n"


def _open_without_greeting(text: str) -> str:
    """A text whose greeting fell away starts with its next word, not with the comma that followed the greeting."""
    opened = regex.sub(r"^[\s,!.;:–-]+", "", text)
    return opened[:1].upper() + opened[1:] if opened != text else text


def sign_off(book: BrandBook, channel: str, language: str, form: SignatureStyle, signed: str) -> str:
    if form == "initials":
        return f" {signed}"
    if family(channel) == "email":
        return f"\n\n{_CLOSING.get(language, _CLOSING['en'])[book.voice.address_form]}\n{signed}"
    return f"\n{signed}"
