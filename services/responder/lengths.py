"""How long a reply is in its channel's own way of counting, and how long it may be.

A channel's name and a text come in; a number of the channel's own units goes out. The guard refuses what does not fit and
the API shows what is left while someone writes. Sources of the rules stand beside them. Pure: no I/O.
"""

import re
import unicodedata
from collections.abc import Callable
from typing import Literal, NamedTuple

import regex

from libs.common.brandbook import BrandBook
from libs.common.rules import channel_name
from services.responder.bounded import Pattern

# Names that connectors and review sites go by, beside those that the brand book's rules know.
_FAMILIES = {
    "e-mail": "email",
    "fediverse": "mastodon",
    "bsky": "bluesky",
    "ig": "instagram",
    "fb": "facebook",
    "messenger": "facebook",
    "google_review": "google",
    "google_reviews": "google",
    "google_business": "google",
}

# Reply limits in public. Google's is in bytes (Business Profile API, ReviewReply.comment); SMS in segments: ten is what
# gateways accept for one message. A channel that is not named (email, forum, feed, own) has no limit.
_PUBLIC_LIMITS = {
    "twitter": 280,
    "mastodon": 500,
    "bluesky": 300,
    "instagram": 2200,
    "facebook": 8000,
    "trustpilot": 4096,
    "review": 4096,
    "google": 4096,
    "sms": 10,
    "whatsapp": 4096,
}
_ALWAYS_PRIVATE = frozenset(("email", "whatsapp", "sms", "webchat", "chat"))
# Direct messages have limits of their own: X 10,000 characters, Instagram 1,000 bytes, Messenger 2,000 characters
# (Messenger Platform), Bluesky chat 1,000 graphemes. A private Mastodon message is a status and has a status's limit.
_PRIVATE_LIMITS = {**_PUBLIC_LIMITS, "twitter": 10_000, "bluesky": 1000, "instagram": 1000, "facebook": 2000}

# app.bsky.feed.post and chat.bsky.convo: bytes of UTF-8 beside the graphemes, ten to one in both.
_BLUESKY_BYTES_PER_GRAPHEME = 10

_LINK_LENGTH = 23  # t.co, and Mastodon copies it

# Country code top-level domains, then the generic ones that people meet: X links (and counts as 23) a domain without
# a scheme only when its ending exists.
_TOP_LEVEL_DOMAINS = (
    "ac ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo br bs bt bw by bz ca cc cd cf "
    "cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg er es et eu fi fj fk fm fo fr ga gd ge gf gg "
    "gh gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn hr ht hu id ie il im in io iq ir is it je jm jo jp ke kg kh ki km kn "
    "kp kr kw ky kz la lb lc li lk lr ls lt lu lv ly ma mc md me mg mh mk ml mm mn mo mp mq mr ms mt mu mv mw mx my mz na "
    "nc ne nf ng ni nl no np nr nu nz om pa pe pf pg ph pk pl pm pn pr ps pt pw py qa re ro rs ru rw sa sb sc sd se sg sh "
    "si sk sl sm sn so sr ss st su sv sx sy sz tc td tf tg th tj tk tl tm tn to tr tt tv tw tz ua ug uk us uy uz va vc ve "
    "vg vi vn vu wf ws ye yt za zm zw com net org info biz edu gov int mil name pro mobi app dev shop online site store "
    "tech blog cloud news nrw frl amsterdam gent vlaanderen brussels berlin london paris club live support help jobs"
)
_TLD = "|".join(sorted(_TOP_LEVEL_DOMAINS.split(), key=len, reverse=True))

# Characters that twitter-text's configuration gives the weight 2, and those that may begin or end an emoji.
_HEAVY = re.compile(r"[^\u0000-\u10ff\u2000-\u200d\u2010-\u201f\u2032-\u2037]")
_MAY_EMOJI = re.compile(r"[^\u0000-\u10ff\u2010-\u2027€]")
_MAY_LINK = re.compile(r"\w\.\w|://")
# twitter-text's regular expressions, in short: labels of a host are at most 63 long and neither begin nor end with a dash or an underscore, the domain
# itself has no underscore; a path ends where Chinese, Japanese or Korean begins, before closing marks, and after a bracket that was opened in it.
_LABEL = r"[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?"
_SUBDOMAIN = r"[\p{L}\p{N}](?:[\p{L}\p{N}_-]{0,61}[\p{L}\p{N}])?"
_IN_PATH = r"[^\s<>\"'“”‘’()\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\u202a-\u202e\u2066-\u2069]"
_ENDS_PATH = r"[^\s<>\"'“”‘’(.,;:!?)\]}…\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\u202a-\u202e\u2066-\u2069]"
_PATH = rf"(?:{_IN_PATH}|\({_IN_PATH}*\))*(?:{_ENDS_PATH}|\({_IN_PATH}*\))"
_HTTP_LINK = Pattern(
    rf"(?<![\w@#$])https?://(?:{_SUBDOMAIN}\.)*{_LABEL}\.\p{{L}}{{2,63}}(?![\w@-]|\.[\p{{L}}\p{{N}}])(?::\d{{1,5}})?(?:[/?]{_PATH})?/?",
    regex.IGNORECASE,
)
_BARE_LINK = Pattern(
    rf"(?<![\p{{Latin}}\p{{N}}_@.$#/-])(?:[\p{{Latin}}0-9](?:[\p{{Latin}}0-9-]{{0,61}}[\p{{Latin}}0-9])?\.)+(?:{_TLD})(?![\p{{Latin}}\p{{N}}_@+-]|\.[\p{{Latin}}\p{{N}}-])(?:/{_PATH})?/?",
    regex.IGNORECASE,
)
_REMOTE_MENTION = Pattern(r"(?<![=/\w])@([a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?)@[\w.-]+\w", regex.IGNORECASE)

# An emoji as a reader sees one: flags, keycaps, and joined sequences with their skin tones and presentation selectors.
_EMOJI = Pattern(
    r"(?:\p{Regional_Indicator}{2}"
    r"|[0-9#*]\uFE0F?\u20E3"
    r"|(?:\p{Emoji_Presentation}|\p{Extended_Pictographic}(?=[\uFE0F\U0001F3FB-\U0001F3FF\u200D]))"
    r"[\uFE0F\U0001F3FB-\U0001F3FF]*[\U000E0020-\U000E007F]*"
    r"(?:\u200D\p{Extended_Pictographic}[\uFE0F\U0001F3FB-\U0001F3FF]*)*)"
)
_GRAPHEME = Pattern(r"\X")

# 3GPP TS 23.038: the default alphabet, and the characters that cost an escape before them.
_GSM_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_EXTENDED = frozenset("\f^{}\\[~]|€")


def links(text: str) -> list["regex.Match[str]"]:
    """What a channel makes a link of, in order: addresses with a scheme, and bare domains whose ending exists."""
    found = [*_HTTP_LINK.finditer(text)]
    bare = [one for one in _BARE_LINK.finditer(text) if all(one.end() <= other.start() or one.start() >= other.end() for other in found)]
    return sorted((*found, *bare), key=lambda one: one.start())


def family(channel: str) -> str:
    """The channel's kind in lower case under one name: ``x`` is ``twitter``, ``imap`` is ``email``."""
    name = channel_name(channel.strip().lower())
    return _FAMILIES.get(name, name)


def length(channel: str, text: str, visibility: str = "public") -> int:
    """The text's length in the units that ``limit`` is given in.

    Weighted characters for Twitter, graphemes for Mastodon and Bluesky, bytes for Google's replies and Instagram's
    direct messages, segments for SMS, code points elsewhere.
    """
    kind = family(channel)
    if kind == "instagram" and visibility == "private":
        return _utf8(text)
    counter = _COUNTERS.get(kind)
    return len(text) if counter is None else counter(text)


class Counted(NamedTuple):
    """A piece of a text that counts otherwise than it is long: its place (code points, end exclusive) and its units."""

    start: int
    end: int
    what: Literal["link", "mention"]
    units: int


def otherwise(channel: str, text: str) -> list[Counted]:
    """The links and mentions that the channel counts otherwise than by what is seen of them, in the order of the text."""
    kind = family(channel)
    if kind not in ("twitter", "mastodon"):
        return []
    found = [Counted(*match.span(), "link", _LINK_LENGTH) for match in _HTTP_LINK.finditer(text)]
    if kind == "twitter":
        without = _HTTP_LINK.sub(lambda match: " " * len(match[0]), text)
        found += [Counted(*match.span(), "link", _LINK_LENGTH) for match in _BARE_LINK.finditer(without)]
    else:
        found += [Counted(*match.span(), "mention", len(match[1]) + 1) for match in _REMOTE_MENTION.finditer(text)]
    return sorted(found)


def limit(channel: str, book: BrandBook, visibility: str = "public") -> int | None:
    """The most that the channel takes, in ``length``'s units; None when it has no limit.

    ``conduct.limits`` of the brand book goes before a channel's own public limit, under either of its names. Direct
    messages keep the channel's own: a brand that holds its posts to 140 characters does not mean its conversations. On a
    channel that has no other messages it means those.
    """
    kind = family(channel)
    if visibility == "private" and kind not in _ALWAYS_PRIVATE:
        return _PRIVATE_LIMITS.get(kind)
    return book.limit(kind) or _PUBLIC_LIMITS.get(kind)


def excess(channel: str, text: str, book: BrandBook, visibility: str = "public") -> int:
    """By how many units the text is over the limit; 0 when it fits.

    Bluesky counts bytes too: a post of 300 graphemes that are all family emoji has over 3,000 bytes and is refused, so
    its excess is then given in tens of bytes.
    """
    most = limit(channel, book, visibility)
    if most is None or (family(channel) in _WEIGHTED and text.isascii() and len(text) + _LINK_LENGTH * text.count(".") <= most):
        return 0
    over = length(channel, text, visibility) - most
    if family(channel) == "bluesky":
        per = _BLUESKY_BYTES_PER_GRAPHEME
        over = max(over, -(-(_utf8(text) - most * per) // per))
    return max(0, over)


_WEIGHTED = frozenset({"twitter", "mastodon"})
"""Where plain letters count for one, and only a link (which has a full stop) for more than it is long."""


def _twitter(text: str) -> int:
    """Weighted length of twitter-text's configuration version 3 (NFC; links 23; an emoji 2)."""
    normal = unicodedata.normalize("NFC", text)
    without_links, links, bare = normal, 0, 0
    if _MAY_LINK.search(normal):
        without_links, links = _take_out(_HTTP_LINK, normal)
        without_links, bare = _take_out(_BARE_LINK, without_links)
    plain, emoji = _take_out(_EMOJI, without_links) if _MAY_EMOJI.search(without_links) else (without_links, 0)
    return (links + bare) * _LINK_LENGTH + emoji * 2 + len(plain) + len(_HEAVY.findall(plain))


def _mastodon(text: str) -> int:
    """Mastodon's StatusLengthValidator: links with a scheme 23, ``@user@server`` as ``@user``, the rest in graphemes."""
    without_links, links = _take_out(_HTTP_LINK, text)
    return links * _LINK_LENGTH + _graphemes(_REMOTE_MENTION.sub(r"@\1", without_links))


def _take_out(pattern: Pattern, text: str) -> tuple[str, int]:
    """The text without what the pattern finds, and how many were found."""
    return pattern.subn("", text)


def _graphemes(text: str) -> int:
    if text.isascii() and "\r" not in text:
        return len(text)
    return sum(1 for _ in _GRAPHEME.finditer(text))


def _utf8(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


def _sms_segments(text: str) -> int:
    """Segments of an SMS: 160 septets, or 70 UTF-16 units once a character is outside the GSM alphabet.

    A message of several segments spends part of each on its header: 153 septets or 67 units are left. A character that
    takes two (``€``, an emoji) is not cut in half, so it may push itself to the next segment.
    """
    costs = [_gsm_cost(c) for c in text]
    single, joined = 160, 153
    if any(cost == 0 for cost in costs):
        costs = [len(c.encode("utf-16-le", "surrogatepass")) // 2 for c in text]
        single, joined = 70, 67
    if not costs:
        return 0
    if sum(costs) <= single:
        return 1
    segments, used = 1, 0
    for cost in costs:
        if used + cost > joined:
            segments, used = segments + 1, 0
        used += cost
    return segments


def _gsm_cost(character: str) -> int:
    """Septets of one character in the GSM alphabet; 0 when it is not in it."""
    if character in _GSM_BASIC:
        return 1
    return 2 if character in _GSM_EXTENDED else 0


_COUNTERS: dict[str, Callable[[str], int]] = {
    "twitter": _twitter,
    "mastodon": _mastodon,
    "bluesky": _graphemes,
    "google": _utf8,
    "sms": _sms_segments,
}
