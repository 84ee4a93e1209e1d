"""Whether a text addresses its reader as the brand does."""

from collections.abc import Iterator

import regex

from libs.common.brandbook import BrandBook
from services.responder.blanks import CARET, HANDLE, LINK, QUOTED, QUOTED_LINE, blank
from services.responder.bounded import Pattern
from services.responder.verdicts import reading, turned
from services.responder.verdicts.draft import Draft, Found, official

_JE_FORMS = r"je|jij|jou|jouw|jouwe|jouwes|jezelf|jijzelf|jouzelf|jullie|jullies|dankje|dankjewel|bedanktje|alsjeblieft|asjeblieft"
_U_FORMS = r"u|uw|uwe|uzelf|uws|dankuwel|danku|alstublieft|uwerzijds"
_JE_WORDS, _U_WORDS = frozenset(_JE_FORMS.split("|")), frozenset(_U_FORMS.split("|"))
_BOUND_LEFT, _BOUND_RIGHT = r"(?<![\w'’&^-])(?<!\w\.)", r"(?![\w&^-])(?!['’]\w)"
_JE = Pattern(rf"{_BOUND_LEFT}(?:{_JE_FORMS}){_BOUND_RIGHT}", regex.IGNORECASE)
_U = Pattern(rf"{_BOUND_LEFT}(?:{_U_FORMS}){_BOUND_RIGHT}", regex.IGNORECASE)
# With loose bounds: what stands beside a word may be blanked before it is judged.
_ANY_JE = Pattern(rf"(?<!\w)(?:{_JE_FORMS})(?!\w)", regex.IGNORECASE)
_ANY_U = Pattern(rf"(?<!\w)(?:{_U_FORMS})(?!\w)", regex.IGNORECASE)
_NOT_ADDRESS = Pattern(
    # idioms in which je is nobody
    r"\bhoud?t?\s+je\s+(?:haaks|taai)\b|\bje[\s-]van[\s-]het\b"
    # the hour: 2u, 14.00 u, 24 u; not "in 2024 u"
    r"|(?<![\w.:])\d{1,3}(?:[.:]\d{2})?\s?u(?![\w'’])|\d\s?u\s?\d{2}\b|\b(?:km|kilometer)\s?/\s?u\b|\bper\s+u\b(?!\w)"
    # letters and names: U2, vak U, letter u
    r"|\bU\s2\b|\bletters?\s+['‘’\"]?u\b",
    regex.IGNORECASE,
)
_LETTER = Pattern(
    r"\b(?i:rij|vak|gate|zone|type|model|optie|categorie|blok|perron|klasse|serie|hal|maat|tribune|ingang|kolom|lijn|gebouw)\s+U\b"
)
# A name that the book does not list: "de app Jouw Gezondheid". Capitals in mid-sentence, both of them.
_TITLE_CASED = Pattern(r"(?<=\p{Ll}\s)(?:Jouw|Je|Jij|Uw|U)\s\p{Lu}\p{Ll}\w*")
_METALANGUAGE = Pattern(r"\bje\s?/\s?u\b|\bu\s?/\s?je\b|\bjij\s?/\s?u\b|\bu\s?/\s?jij\b", regex.IGNORECASE)


def address_form(draft: Draft, book: BrandBook) -> Iterator[Found]:
    """Every word of the form that the brand does not use; a mixed text has some of those by definition. Dutch only."""
    wrong, own, anywhere, forms = (_U, "je", _ANY_U, _U_WORDS) if book.voice.address_form == "je" else (_JE, "u", _ANY_JE, _JE_WORDS)
    if not reading.of(draft).has(forms) or not draft.is_dutch or not anywhere.search(draft.text):
        return
    text = blank(draft.text, QUOTED_LINE, LINK, official(book), QUOTED, HANDLE, CARET, _NOT_ADDRESS, _LETTER, _TITLE_CASED, _METALANGUAGE)
    for match in wrong.finditer(text):
        turn = (turned.to_je if own == "je" else turned.to_u)(draft.text, *match.span())
        start, end = (turn.start, turn.end) if turn else match.span()
        yield Found(
            "address_form", f"“{match[0]}” where the brand says “{own}”.", start, end, "voice.address_form", turn.fix if turn else None
        )
