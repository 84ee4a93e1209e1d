"""Emoji and emoticons, where the brand has none."""

import re
from collections.abc import Iterator

from libs.common.brandbook import BrandBook
from services.responder.blanks import CARET, LINK, blank
from services.responder.bounded import Pattern
from services.responder.verdicts.draft import Draft, Found
from services.responder.verdicts.placeholders import UNITS

_EMOJI = Pattern(
    r"\p{Regional_Indicator}{2}|[0-9#*]\uFE0F?\u20E3"
    r"|(?:\p{Emoji_Presentation}|\p{Extended_Pictographic}(?=\uFE0F)|[☺☹☻❤♥♡✌☝✨✅❌])"
    r"[\uFE0F\U0001F3FB-\U0001F3FF]*(?:\u200D\p{Extended_Pictographic}[\uFE0F\U0001F3FB-\U0001F3FF]*)*"
)
_EMOTICON = Pattern(
    # eyes, nose, mouth of punctuation; a link's "://" is blanked, "8)" closes a list's number
    r"(?<![\d:;])[:;=]['’]?[-o^]?[)(\]\[|]+(?!\d)"
    r"|(?<!\w):['’]?-?[/\\](?!\S)"
    # mouths that are letters stand alone
    r"|(?<![\w:/])[:;=]-?[DPpOoSsXx$@3*](?![\w:/])|(?<=\p{Ll}{2}):-?[DP](?!\w)"
    r"|(?<!\w)[xX]D+(?!\w)|(?<![\w)])[(][-]?[:;=](?!\w)|(?<!\S)[Bb8]-\)"
    rf"|<3+(?!\w)(?!\s*(?:{UNITS})(?!\w))|</3"
    r"|\^_*\^|(?<!\w)[oO>-][._][oO<-](?!\w)|\\o/|¯\\_\(ツ\)_/¯"
)
# Emoji are beyond Latin-1 and the punctuation that people write; every emoticon has one of these pairs.
_MAY_SMILE = re.compile(
    r"[^\x00-\xff\u2010-\u2027€]|[:;=]['’]?[-o^]?[)(\]\[|/\\DPpOoSsXx$@3*]|[xX]D|\(-?[:;=]|[Bb8]-\)|<[/3]|\^_*\^|[oO>-][._][oO<-]|\\o/"
)


def smileys(draft: Draft, book: BrandBook) -> Iterator[Found]:
    if book.voice.smileys or not _MAY_SMILE.search(draft.text):
        return
    text = blank(draft.text, LINK, CARET)
    for match in (*_EMOJI.finditer(text), *_EMOTICON.finditer(text)):
        start, end = match.span()
        alone = draft.text[start - 1 : start] == " " and not draft.text[end : end + 1].isalnum()
        yield Found("smiley_not_allowed", f"“{match[0].strip()}”: the brand uses no smileys.", start - alone, end, "voice.smileys", "")
