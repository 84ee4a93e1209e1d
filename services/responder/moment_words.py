"""The words by which a text says when, in Dutch and in English.

A text comes in, in lower case with plain apostrophes and blanks; the phrases of time in it go out with their places. What each means stands in
`moment_meanings.py`; when they are over says `moments.py`.
Pure: no I/O, time passed in.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from services.responder import sieve
from services.responder.bounded import Pattern
from services.responder.moment_meanings import (
    Made,
    ahead,
    dated,
    elastic,
    end_of_day,
    lasting,
    noon,
    of_the_month,
    of_the_week,
    on_the_clock,
    part_of_day,
    same_day,
    shortly_lasting,
    spoken,
    this,
    weekend,
)
from services.responder.moment_names import DAYS_EN, DAYS_NL, MONTHS_EN, MONTHS_NL, NUMBER, SHORT, SPOKEN
from services.responder.moments import Clock, Phrase
from services.responder.verdicts.reading import Reading
from services.responder.wording import split


def _any(words: Iterable[str]) -> str:
    return "|".join(sorted(words, key=len, reverse=True))


_NUMBERS = r"(?:\d{1,3}|" + _any(NUMBER) + r")"
_LIMIT_NL = r"(?:(?P<firm>uiterlijk|voor|vóór|ten laatste|niet later dan|tegen) (?:aan )?)?"
_LIMIT_EN = (
    r"(?:(?P<firm>(?:by|before)(?: or before| or on)?|(?:by )?no later than|not later than|latest by|at the latest by|on or before) )?"
)


_Rows = dict[int, tuple[Pattern, Made]]
"""Patterns and what a match of each means, by their numbers among those that may be found (`sieve.py`), in the order in which they are looked for."""


def _rows(language: str, *rows: tuple[str, Made]) -> _Rows:
    """A blank in a row stands for any white space."""
    whole = [
        (rf"(?<![\w-])(?:{option})(?![\w-])".replace(" ", r"\s+"), made)
        for pattern, made in rows
        for option in (split(pattern[3:-1]) if made is elastic else [pattern])
    ]
    return {sieve.WORDING.register(pattern, language): (Pattern(pattern, brief=True), made) for pattern, made in whole}


_PARTS_NL = r"(?:ochtend|voormiddag|namiddag|middag|avond)"
_MONTHS = {"nl": _any([*MONTHS_NL, *SHORT]), "en": _any([*MONTHS_EN, *SHORT])}
_YEAR = r"(?:,? (?P<year>20\d\d))?"
_ISO = r"(?P<year>20\d\d)-(?P<month>\d{1,2})-(?P<day>\d{1,2})"


def _nl() -> _Rows:
    day = rf"(?P<name>{'|'.join(DAYS_NL)})"
    return _rows(
        "nl",
        (
            r"(?:zo (?:snel|spoedig|gauw|vlug) (?:mogelijk|als (?:ik|we|wij) kan|(?:ik|we) kan|als mogelijk)|z\.?s\.?m\.?|asap|(?:zeer "
            r"|heel )?binnenkort"
            r"|(?:zeer )?spoedig|met spoed|(?<!te\s)(?:heel |erg |weer )?snel|gauw|straks|zo(?= (?:terug|bij (?:je|u)|weer bij|op terug))"
            r"|zo\s?meteen|zo\s?dadelijk|dadelijk|eerdaags|te zijner tijd"
            r"|op (?:zeer )?korte termijn|binnen afzienbare tijd|(?:op )?een later moment|later(?! (?:vandaag|van|deze|dan|op de))"
            r"|(?:binnen|over) (?:enkele|een paar|een aantal) (?:minuten|minuutjes|uren|uur|uurtjes|dagen|werkdagen|weken)"
            r"|(?:in )?de (?:komende|eerstvolgende) (?:dagen|tijd|uren|weken|periode)|zo snel als mogelijk|de eerste gelegenheid)",
            elastic,
        ),
        (
            r"(?P<firm>uiterlijk )?(?:binnen|over|tussen nu en|max(?:imaal|\.)?|hooguit|in(?: de)? komende|(?:de )?komende|na maximaal"
            r"|in) (?:nu en |de |komende |ongeveer |circa |ca\.? |max(?:imaal|\.)? |uiterlijk |hooguit |zo'n )*"
            rf"(?P<number>{_NUMBERS})(?:\s*(?:à|a|-|–|tot|of)\s*(?P<most>{_NUMBERS}))?\s*(?P<unit>werkdag(?:en)?|minu(?:ut|ten|utjes)|min|uur"
            rf"|uren|uurtje|u|dag(?:en)?|etmaal|week|weken|maand(?:en)?)"
            rf"(?: of (?P<most>{_NUMBERS})(?= ))?",
            lasting,
        ),
        (_LIMIT_NL + r"(?:op )?(?:de )?(?:eerst)?volgende (?P<unit>werkdag)", lasting),
        (_LIMIT_NL + r"(?:op )?(?:die|dezelfde|diezelfde) dag(?! dat)(?: nog)?", same_day),
        (r"(?:binnen|in) (?:het|de) (?:komende|eerstvolgende) (?P<unit>uur|dag|week|maand)", lasting),
        (
            r"(?:binnen|over|in) (?:nu en )?(?:een )?(?P<short>half\s?uur(?:tje)?|halve? uur|drie kwartier|kwartier(?:tje)?|anderhal(?:f|ve) uur)",
            shortly_lasting,
        ),
        (_LIMIT_NL + rf"(?:op )?(?:(?:{'|'.join(DAYS_NL)}) )?(?P<day>\d{{1,2}})e? (?P<name>{_MONTHS['nl']})\.?" + _YEAR, dated),
        (_LIMIT_NL + r"(?:op )?" + _ISO, dated),
        (_LIMIT_NL + r"(?:op )?(?P<day>\d{1,2})[-/](?P<month>0?[1-9]|1[0-2])(?:[-/](?P<year>(?:20)?\d\d))?", dated),
        (_LIMIT_NL + r"(?:op )?de (?P<day>\d{1,2})(?:e|de|ste)", dated),
        (
            _LIMIT_NL
            + rf"(?:op )?(?:(?:in de )?loop van |(?:het )?einde? van )?(?:(?P<following>volgende week) |(?:a\.?s\.?|aanstaande|aankomende"
            rf"|eerstvolgende|komende|volgende|deze|op) )*"
            rf"{day}(?P<following_after> volgende week)?(?:\s*(?P<part>{_PARTS_NL}))?",
            ahead,
        ),
        (
            _LIMIT_NL + r"(?:(?:in de )?loop van |(?:aan )?(?:het )?einde? van )?(?:later )?(?P<name>vandaag|overmorgen"
            r"|morgen)(?: nog)?(?:\s*(?:in de )?(?P<part>ochtend|vroeg|middag|namiddag|avond))?",
            ahead,
        ),
        (_LIMIT_NL + r"(?:later )?(?:van|deze )(?P<part>ochtend|middag|avond)(?: nog)?", this),
        (
            _LIMIT_NL
            + r"(?P<which>begin|midden|medio|halverwege|einde?)?\s*(?:van )?(?:(?:in de )?loop van )?(?:later )?(?P<following>(?:de )?volgende week)",
            of_the_week,
        ),
        (
            _LIMIT_NL + r"(?:in de )?(?:(?P<which>begin|midden|medio|halverwege|(?:het |aan het )?einde?|loop) (?:van )?(?:de |deze )week"
            r"|(?:later )?deze week(?: nog)?)",
            of_the_week,
        ),
        (
            r"(?P<over>na) (?:het|dit) weekend|" + _LIMIT_NL + r"(?:in )?(?:het|dit|komend|aankomend|(?P<following>volgend)) weekend",
            weekend,
        ),
        (
            _LIMIT_NL + rf"(?P<which>begin|midden|medio|halverwege|einde?|in de loop van|in) (?:van )?(?P<name>{'|'.join(MONTHS_NL)})",
            of_the_month,
        ),
        (
            _LIMIT_NL
            + r"(?P<which>begin|midden|medio|halverwege|(?:het )?einde?|in de loop van)?\s*(?:van )?(?:de(?:ze)?|(?P<following>volgende)) maand",
            of_the_month,
        ),
        (
            _LIMIT_NL + r"(?:aan )?(?:in )?(?:het |de )?(?:einde?|loop) van de (?:werk)?dag|voor sluitingstijd|voor sluiting",
            end_of_day,
        ),
        (
            _LIMIT_NL
            + r"(?:in |aan |het |de |einde? |loop |begin |van |later )*(?:in|van|einde?|'s)\s*(?:de )?(?P<part>ochtends?|morgens|middags?"
            r"|avonds?|namiddag)",
            part_of_day,
        ),
        (r"(?P<firm>voor|vóór|rond) (?:het middaguur|de middag|middernacht)", noon),
        (
            _LIMIT_NL + r"(?:om |rond )?(?P<how>half|kwart (?:voor|over)) (?P<hour>\d{1,2}|" + _any(list(SPOKEN)[:12]) + r")(?: uur)?",
            spoken,
        ),
        (r"(?P<firm>voor|vóór|na|rond|tegen) (?P<hour>" + _any(list(SPOKEN)[24:]) + r")", spoken),
        (r"(?P<firm>voor|vóór|om|rond|uiterlijk|tegen) (?:om )?(?P<hour>" + _any(list(SPOKEN)[:12]) + r") uur", spoken),
        (
            r"(?P<before>tussen) \d{1,2}(?:[:.]\d\d)?(?:\s*(?:uur|u))?(?: en |\s*[-–]\s*)(?P<hour>\d{1,2})"
            r"(?:[:.](?P<minutes>\d\d))?(?:\s*(?:uur|u|h)(?!\w))?",
            on_the_clock,
        ),
        (
            r"(?P<before>(?:uiterlijk|voor|vóór|om|rond|tegen|na|omstreeks|rond de klok van) (?:om "
            r"|voor )?)(?P<hour>\d{1,2})(?:[:.](?P<minutes>\d\d)(?:\s*(?:uur|u|h)(?!\w))?|\s*(?:uur|u|h)(?!\w))",
            on_the_clock,
        ),
        (r"(?:\d{1,2}[:.]\d\d\s*[-–]\s*)?(?P<hour>\d{1,2}):(?P<minutes>\d\d)(?:\s*(?:uur|u|h)(?!\w))?", on_the_clock),
        (r"(?<=\x00,?\s)(?P<hour>\d{1,2})(?:\.(?P<minutes>\d\d))?\s*(?:uur|u)", on_the_clock),
    )


def _en() -> _Rows:
    day = rf"(?P<name>{'|'.join(DAYS_EN)})"
    part = r"(?P<part>morning|afternoon|evening|night)"
    return _rows(
        "en",
        (
            r"(?:(?:as|so) (?:soon|quickly|fast) as (?:possible|(?:i|we) (?:possibly )?can)|asap|(?:very |real )?(?<!as\s)(?<!how\s)soon"
            r"|shortly|in due course|quickly"
            r"|in a (?:bit|moment|minute|few (?:minutes|hours|days|weeks)|short while|while)|within (?:a few|a couple of|several) (?:minutes"
            r"|hours|days|business days|weeks)"
            r"|(?:in|over|within) the (?:coming|next few|near) (?:days|hours|weeks|future|minutes)|at (?:the|our|my) earliest (?:opportunity"
            r"|convenience)"
            r"|(?:at a )?later(?! (?:today|this|than|on the))|before long|momentarily|promptly)",
            elastic,
        ),
        (
            r"(?P<firm>no later than )?(?:within|in|over|inside) (?:the next |the coming |about |around |approximately |max(?:imum)? |at most )*"
            rf"(?P<number>{_NUMBERS})(?:\s*(?:to|-|–|or)\s*(?P<most>{_NUMBERS}))?[\s-]*(?P<unit>(?:(?:working|business|work|week)[\s-]|week|work)days?"
            rf"|minutes?|mins?|hours?|hrs?|days?|weeks?|months?)(?:'s?)?(?: time)?",
            lasting,
        ),
        (_LIMIT_EN + r"(?:on )?(?:the )?next (?P<unit>(?:working|business) day)", lasting),
        (_LIMIT_EN + r"(?:on |later )?(?:that|the same|that same) day(?! that)", same_day),
        (r"(?:within|in|over) (?:the )?(?:next|coming) (?P<unit>hour|day|week|month)", lasting),
        (
            r"(?:within|in) (?P<short>half an hour|three quarters of an hour|(?:a|the next) half(?: an)? hour|an? hour and a half|a quarter of an hour)",
            shortly_lasting,
        ),
        (
            _LIMIT_EN
            + rf"(?:on )?(?:(?:{'|'.join(DAYS_EN)}),? )?(?:the )?(?P<day>\d{{1,2}})(?:st|nd|rd|th)? (?:of )?(?P<name>{_MONTHS['en']})\.?"
            + _YEAR,
            dated,
        ),
        (
            _LIMIT_EN
            + rf"(?:on )?(?:(?:{'|'.join(DAYS_EN)}),? )?(?P<name>{_MONTHS['en']})\.? (?:the )?(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?!\d)"
            + _YEAR,
            dated,
        ),
        (_LIMIT_EN + r"(?:on )?" + _ISO, dated),
        (_LIMIT_EN + r"(?:on )?(?P<day>\d{1,2})[-/](?P<month>0?[1-9]|1[0-2])(?:[-/](?P<year>(?:20)?\d\d))?", dated),
        (_LIMIT_EN + r"(?:on )?the (?P<day>\d{1,2})(?:st|nd|rd|th)", dated),
        (
            _LIMIT_EN + rf"(?:on )?(?:(?:the )?(?:end|course) of )?(?:(?:next|this|coming|the coming"
            rf"|upcoming) )?{day}(?P<following_after> next week)?(?: (?:in the )?{part})?",
            ahead,
        ),
        (
            _LIMIT_EN
            + rf"(?:(?:the )?(?:end|course|close) of )?(?:later |earlier )?(?P<name>the day after tomorrow|day after tomorrow|today"
            rf"|tomorrow)(?: (?:in the )?{part})?",
            ahead,
        ),
        (_LIMIT_EN + r"(?:later )?(?:to(?P<part>night)|(?:the end of )?this (?P<part>morning|afternoon|evening))", this),
        (
            _LIMIT_EN + r"(?:(?P<which>early|(?:the )?beginning|(?:the )?start|(?:the )?middle|mid|late|later|(?:the )?end"
            r"|(?:in )?the course) )?(?:of )?(?P<following>next week)",
            of_the_week,
        ),
        (
            _LIMIT_EN + r"(?:in the )?(?:(?P<which>(?:the )?end|course|middle) of (?:the|this) week|(?:later )?this week)",
            of_the_week,
        ),
        (
            r"(?P<over>after) (?:the|this) weekend|" + _LIMIT_EN + r"(?:over |at |on )?(?:the|this|(?P<following>next)) weekend",
            weekend,
        ),
        (
            _LIMIT_EN
            + rf"(?:in )?(?:(?:the )?(?P<which>early|mid|end|middle|beginning|start|late)[\s-]+(?:of )?)(?P<name>{'|'.join(MONTHS_EN)})",
            of_the_month,
        ),
        (
            _LIMIT_EN
            + r"(?:in the )?(?:(?:the )?(?P<which>end|middle|course|beginning|start) of )?(?:(?:the|this)|(?P<following>next)) month",
            of_the_month,
        ),
        (
            _LIMIT_EN
            + r"(?:at )?(?:the )?(?:(?:end|close|course) of (?:the |my |our |your )?(?:(?:working |business )?day|business|play|shift)|eod"
            r"|cob|closing time|closing)",
            end_of_day,
        ),
        (
            _LIMIT_EN
            + rf"(?:first thing )?(?:later )?(?:in|during|by) the (?:early |late |course of the )?{part}|"
            + _LIMIT_EN
            + rf"(?:the )?end of the {part}",
            part_of_day,
        ),
        (_LIMIT_EN + r"(?:at )?(?:noon|midday|midnight)", noon),
        (
            _LIMIT_EN + r"(?:at |around )?(?P<how>half past|quarter (?:past|to)) (?P<hour>\d{1,2}|" + _any(list(SPOKEN)[12:24]) + r")",
            spoken,
        ),
        (
            r"(?P<firm>by|before|at|around) (?P<hour>" + _any(list(SPOKEN)[12:24]) + r")(?: o'clock)?(?=\s*(?:[.,!;)\n]|$|\x00))",
            spoken,
        ),
        (
            r"(?P<before>between) \d{1,2}(?:[:.]\d\d)?\s*(?:[ap]\.?m\.?)?(?: and |\s*[-–]\s*)(?P<hour>\d{1,2})"
            r"(?:[:.](?P<minutes>\d\d))?(?:\s*(?P<noon>[ap]\.?m)(?!\w)\.?)?",
            on_the_clock,
        ),
        (
            r"(?P<before>(?:by|before|at|around|about|no later than"
            r"|after) )?(?:at )?(?P<hour>\d{1,2})(?:[:.](?P<minutes>\d\d))?\s*(?P<noon>[ap]\.?m)(?!\w)\.?",
            on_the_clock,
        ),
        (
            r"(?P<before>(?:by|before|at|around|about|no later than|after) )?(?P<hour>\d{1,2}):(?P<minutes>\d\d)(?:\s*(?:hrs|hours|h))?",
            on_the_clock,
        ),
        (
            r"(?P<before>(?:by|before|at|around|no later than|after) )(?P<hour>\d{1,2})(?: o'clock)?"
            r"(?=\s*(?:[.,!;)\n]|$|\x00)| (?:with|to|and|so|today|tomorrow)(?!\w))",
            on_the_clock,
        ),
    )


_NL, _EN = _nl(), _en()
_NOT_DUE: Mapping[str, Pattern] = {
    "nl": Pattern(
        r"(?<!\w)(?:sinds|vanaf|van|tot(?:\s+en\s+met)?|t/m|afgelopen|vorige|gister(?:en)?|d\.?d\.?|per|al|elke|iedere"
        r"|met\s+ingang\s+van)\s+(?:de\s+|het\s+|op\s+|uiterlijk\s+)?$"
    ),
    "en": Pattern(
        r"(?<!\w)(?:since|from|of|until|till|til|through|last|past|dated|every|each|to|as\s+of|yesterday|than)\s+(?:the\s+|on\s+)?$"
    ),
}
"""Before a phrase: it says since when, until when or of when, and not by when."""


def phrases(read: Reading, language: str, clock: Clock) -> list[Phrase]:
    """The phrases of time in a text, in its order, none over another. What says since when or until when is not among them."""
    text = read.own_lower
    found: list[Phrase] = []
    left = text
    rows = _NL if language == "nl" else _EN
    for number in read.likely.get(language, ()):
        pattern, made = rows[number]
        for match in pattern.finditer(left):
            if match.start() == match.end() or (phrase := made(match, clock)) is None:
                continue
            left = left[: phrase.start] + "\x00" * (phrase.end - phrase.start) + left[phrase.end :]
            lead = len(match[0]) - len(match[0].lstrip())
            phrase = replace(phrase, start=phrase.start + lead)
            if not _NOT_DUE[language].search(text[max(0, phrase.start - 30) : phrase.start]):
                found.append(phrase)
    return _told_day(sorted(found, key=lambda phrase: phrase.start))


def _told_day(found: list[Phrase]) -> list[Phrase]:
    """With the day that "that day" means: the last one that was named before it, or the day itself on which that moment is."""
    told: list[Phrase] = []
    day = None
    for phrase in found:
        told.append(replace(phrase, day=day, same=False) if phrase.same else phrase)
        day = phrase.day or day
    return [phrase for phrase in told if phrase != Phrase(phrase.start, phrase.end, firm=phrase.firm)]
