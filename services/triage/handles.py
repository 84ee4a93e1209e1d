# ruff: noqa: E501 - a pattern reads best on one line
"""The handles of its own writer that a text names: a text reaches this module, handles leave it.

To a brand alone one names oneself ("ik twitterde als @naam", "insta: naam"); among others one names each other, so there a handle is its writer's only
where the words around it say so. A handle without its @ is read where a word beside it says that it is one; it counts only when somebody writes with it.
"""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

import re2

from services.triage.names import is_given_name
from services.triage.words import STEM, folded, weights

MAX_NAMED: Final = 6

_HANDLE: Final = re.compile(r"(?<![\w@./])@([A-Za-z0-9_][A-Za-z0-9_.-]{1,28}[A-Za-z0-9_])(@[\w-]+(?:\.[\w-]+)+)?(?![\w@])")
_OTHERS: Final = re.compile(
    r"(?:\b(?:zus|zusje|broer\w*|vriend\w*|buur\w*|collega\w*|man|vrouw|moeder|vader|oma|opa|zoon|dochter|neef|nicht|huisgeno\w+|iemand|anderen|mensen|friend|flatmate|roommate|neighbou?r|colleague|sister|brother|husband|wife"
    r"|mum|mom|dad|mother|father|someone|others|people|(?:jullie|your)(?! (?:forum|community|site|website|facebook|insta\w*|twitter|x|pagina|page)\b)(?![^.!?\n]*\b(?:getw\w+|gestuurd|gevraagd|gepost|gemeld|ook|too|also)\b)|antwoord\w*|reactie\w*|reply|answer|medewerker|agent|account van jullie)\b[^.!?\n]{0,15}"
    r"|\b(?:net als|zoals|evenals|ook van|same as|just like|like|via via|gelezen (?:van|bij)|retweet\w*|rt|cc|dank\w*|thanks)\s+\(?)$",
    re.IGNORECASE,
)
"""What stands before the handle of somebody else."""
_MINE: Final = re.compile(
    r"(?:\b(?:ik|we|wij|mijn|m'n|mn|i|i'm|i've|my|we've|our)\b[^.!?\n]{0,70}|\b(?:getwitterd|getweet|tweette|tweeted|posted|gepost|gevraagd op|tweets?|dm|bericht|post) ?(?:van|by|from|onder|als|as)?[ (]{0,2})$",
    re.IGNORECASE,
)
"""What stands before a handle that its owner names, among other people: "ik vroeg het ook op X (@naam)"."""
_JUST_BEFORE: Final = re.compile(
    r"(?:\b(?:als|as|onder|under|heet|ben|i'm|am|account|handle|profiel|profile|is|naam|name|x|twitter|insta|instagram|facebook|mastodon|bluesky|threads|tiktok|linkedin|getwitterd|getweet|tweette|gevraagd|gesteld|asked|tweeted|posted)"
    r"|\b(?:tweets?|posts?|bericht\w*|account|profiel) (?:van|by|from|of))[ :,]{0,2}\(?$",
    re.IGNORECASE,
)
"""And what stands just before it."""
_SAID_OF: Final = re.compile(
    r" (?:heeft|had|has|zegt|zei|schreef|schrijft|meldt|meldde|kreeg|krijgt|kan wel|got|gets|says|said|wrote|posted|vertelt|vindt|heeft ook)\b",
    re.IGNORECASE,
)
"""What follows the handle of somebody of whom a text tells."""
_HEARD: Final = re.compile(
    r"\b(?:zag|las|gelezen|gezien|hoorde|saw|read|seen|heard|volgens|according)\b(?![^.!?\n]*\b(?:mijn|m'n|mn|my|ik ben|ik heet)\b)[^.!?\n]{0,40}$",
    re.IGNORECASE,
)


def own_handles(text: str, *, private: bool) -> Iterator[str]:
    """The handles with an @ in a text that are its writer's, as far as it says."""
    for match in _HANDLE.finditer(text):
        before = text[max(0, match.start() - 90) : match.start()]
        if _OTHERS.search(before) or _HEARD.search(before) or _SAID_OF.match(text, match.end()):
            continue
        if private or (_MINE.search(before) and _JUST_BEFORE.search(before)):
            yield (match[1] + (match[2] or "")).lower()


_NETWORK: Final = r"(?:x|twitter|insta(?:gram)?|facebook|fb|mastodon|bluesky|bsky|threads|tiktok|tik tok|linkedin|youtube|reddit|(?:het |jullie |uw |your |the )?(?:forum|community))"
_BARE: Final = r"[‘'\"“(]?(?P<{}>[A-Za-z0-9_](?:[A-Za-z0-9_.-]{{2,28}})[A-Za-z0-9_])"
_NAMED: Final = re.compile(
    r"(?:twitter|x|instagram|facebook|tiktok|threads|youtube|reddit|bsky)\.(?:com|net|app|example)/(?:@|u/|user/|profile/)?" + _BARE.format("link")
    + r"|\b(?P<cue>(?:twitter|insta\w{0,4}|forum|gebruikers|account|scherm|profiel|user|screen|facebook|mastodon|x)[- ]?(?:na(?:am|me)|handle|account|profiel)|handle|alias|nick(?:name|naam)?|username|schuilnaam|account|profiel|profile|(?:tweet|bericht|post|dm|message)(?= ?\()|"
    + _NETWORK + r"|onder de naam|under the name|(?:als|as|onder|under|vanaf|van|from|by|heet(?: ik| daar)?|ben(?: ik)?|i am|i'm|genaamd|called|named))"
    r"(?: (?:on|op|at|bij) (?:\w{2,8} )?\w{1,10}(?= ?[:=]))?(?: (?:is|heet|ben ik|am i|i am|i'm|heet ik|ik heet|van mij|daar|als|as|onder|under)){0,2}[ :=]{1,3}" + _BARE.format("behind")
    + r"|(?<![\w@./-])" + _BARE.format("before") + rf"[’'\"”)]?(?:,? ?=? ?(?:dat|die|that)?(?: ben|'s| is) (?:ik|me)\b| ?= ?(?:ik|me)\b| (?:op|on|bij|at|via) {_NETWORK}(?!\w))",
    re.IGNORECASE,
)  # fmt: skip
_WEAK_CUE: Final = re.compile(
    r"(?:als|as|onder|under|vanaf|van|from|by|heet.*|ben.*|i am|i'm|x|account|profiel|profile|called|named|genaamd)\Z"
)
_SELF: Final = re.compile(r"\b(?:ik|mijn|m'n|mn|i|i'm|my|me|mij)\b", re.IGNORECASE)
_ABOUT_NETWORKS: Final = re2.compile(
    rf"(?i)\b{_NETWORK}\b|tweet|getwit|twitter|\bdm\b|\bdat ben ik\b|that's me|handle|account|profie?l|\bgepost|posted|user ?name|gebruikersnaam|nickname|alias|na(?:am|me)\b|= ?(?:ik|me)\b"
)
_SHORTEST, _LONG = 5, 8
"""Letters of a handle that has nothing else in it; of a long one the first letters may be a word."""
_SHAPED: Final = re.compile(r"[\d_]|[a-z]\.[a-z]")


def named_handles(text: str, *, private: bool) -> Iterator[str]:
    """What a text calls a handle without an @, at most MAX_NAMED; among others only where it says "ik" beside it."""
    if _ABOUT_NETWORKS.search(text):
        yield from islice(_named(text, private), MAX_NAMED)


def _named(text: str, private: bool) -> Iterator[str]:
    for match in _NAMED.finditer(text):
        group = next(group for group in ("link", "behind", "before") if match[group])
        name, start = match[group].strip(".-"), match.start(group)
        before = text[max(0, start - 60) : start]
        if len(name) < 4 or _OTHERS.search(before) or _HEARD.search(before) or _SAID_OF.match(text, match.end()):
            continue
        if not private and not _SELF.search(text, max(0, match.start() - 25), match.end()):
            continue
        if match["link"] or _SHAPED.search(name) or _telling(name, match["cue"]):
            yield name.lower()


def _telling(name: str, cue: str | None) -> bool:
    """Whether a word of letters alone can be a handle: no everyday word, and no first name behind a word that names follow."""
    lower = folded(name)
    if cue is None or _WEAK_CUE.match(cue.lower()):
        return len(name) >= _SHORTEST and lower[:STEM] not in weights() and not is_given_name(lower)
    return len(name) >= _LONG or (len(name) >= _SHORTEST and lower[:STEM] not in weights())
