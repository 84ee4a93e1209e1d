"""What is known of a message beside its words: where it came from and how it is written, as numbers that the heads can weigh."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from libs.common.wordvectors import Floats

CHANNELS: Final = (
    "twitter", "facebook", "instagram", "email", "review", "forum", "whatsapp", "direct", "linkedin", "tiktok", "mastodon", "bluesky",
    "webform",
)  # fmt: skip
_SAME: Final = {
    "x": "twitter", "mail": "email", "imap": "email", "dm": "direct", "chat": "whatsapp", "web form": "webform", "reddit": "forum",
    "trustpilot": "review", "tripadvisor": "review", "google reviews": "review", "app review": "review", "facebook group": "facebook",
}  # fmt: skip
INFLUENTIAL_FOLLOWERS: Final = 50_000
_ADDRESSED = re.compile(r"\s*\.?@")
_LINK = re.compile(r"https?://|www\.|\w\.(?:nl|be|com|org|net|example)\b")
_ONLY_HANDLES = re.compile(r"\s*(?:@\S+(?:\s+|\Z))+\Z")  # a handle ends at a blank, so that a row of @ is read in one way only
_DIGIT = re.compile(r"[0-9]")
_SHARED = re.compile(r"\s*RT @")
_QUOTED = re.compile(r"^>|-----\s?(?:oorspronkelijk|original|doorgestuurd|forwarded)|^(?:van|from|von): ", re.IGNORECASE | re.MULTILINE)
_SIGNED = re.compile(
    r"\b(?:met vriendelijke groet|vriendelijke groeten|hoogachtend|m\.?v\.?g\.?|groetjes|kind regards|best regards|yours (?:sincerely|faithfully)|"
    r"mit freundlichen|cordialement)",
    re.IGNORECASE,
)
_GREETED = re.compile(r"\s*(?:beste|geachte|hallo|hoi|hai|dag|goede\w+|hi|hello|dear|hey|guten|bonjour)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Context:
    """Where a message came from; None: not known. `staff`: the brand book names its author as one of the brand's own people."""

    channel: str | None = None
    visibility: str | None = None
    followers: int | None = None
    staff: bool = False

    @property
    def influential(self) -> bool:
        return self.followers is not None and self.followers >= INFLUENTIAL_FOLLOWERS

    @property
    def known_channel(self) -> str | None:
        """The channel by the name that the models know."""
        given = (self.channel or "").lower()
        given = _SAME.get(given, given)
        return given if given in CHANNELS else None


UNKNOWN: Final = Context()
SIZE: Final = len(CHANNELS) + 23


def context_features(texts: Sequence[str], contexts: Sequence[Context]) -> Floats:
    """Shape (n, SIZE): channel, visibility, reach, and the form of each original text (before `plain` takes handles and links away)."""
    table = np.zeros((len(texts), SIZE), dtype=np.float32)
    for row, (text, context) in enumerate(zip(texts, contexts, strict=True)):
        channel = context.known_channel
        if channel is not None:
            table[row, CHANNELS.index(channel)] = 1.0
        handles, length = text.count("@"), len(text)
        table[row, len(CHANNELS) :] = (
            context.visibility == "private",
            context.visibility == "public",
            context.influential,
            context.staff,
            handles > 0,
            handles > 1,
            _ADDRESSED.match(text) is not None,
            _SHARED.match(text) is not None,
            "#" in text,
            text.count("#") > 2,
            _LINK.search(text) is not None,
            "?" in text,
            text.count("?") > 1,
            "!" in text,
            length < 25,
            min(length / 500.0, 2.0),
            length > 3 and text.isupper(),
            text.count("\n") > 2,
            handles > 0 and _ONLY_HANDLES.match(text) is not None,
            length > 40 and _QUOTED.search(text) is not None,
            length > 40 and _SIGNED.search(text) is not None,
            _GREETED.match(text) is not None,
            _DIGIT.search(text) is not None,
        )
    return table
