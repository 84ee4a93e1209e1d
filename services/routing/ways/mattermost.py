"""A notice as a message of Mattermost, by an incoming webhook: an attachment (https://developers.mattermost.com/integrate/reference/message-attachments).

Attachments are Markdown: what a stranger wrote is escaped, and calls nobody together. Links are in the text: a button there would call us back.
"""

import re

import orjson

from libs.common.outcome import Outcome
from services.routing.ways.post import post
from services.routing.ways.sending import Message, Sending

_LONGEST = 12_000
"""Characters of a text: a post of Mattermost has 16,383 at most."""
_MARKS = re.compile(r"([\\`*_{}\[\]()#+\-.!|>~<])")
_EVERYBODY = re.compile(r"@(?=(?:all|channel|here)\b)", re.IGNORECASE)


async def send(told: Message, sending: Sending) -> Outcome:
    assert told.way.mattermost is not None
    return await post(told.way.mattermost, {}, body(told), str(told.id), sending)


def body(told: Message) -> bytes:
    links = "\n".join(f"[{_escaped(label)}]({url})" for label, url in told.links)
    text = _escaped(told.text.strip()[:_LONGEST])
    attachment = {
        "fallback": _quiet(told.title),
        "color": told.colour,
        "title": _quiet(told.title),
        "text": f"{text}\n\n{links}" if links else text,
    }
    return orjson.dumps({"attachments": [attachment]})


def _quiet(text: str) -> str:
    """A zero-width blank keeps @channel from being one."""
    return _EVERYBODY.sub("@\u200b", text)


def _escaped(text: str) -> str:
    return _MARKS.sub(r"\\\1", _quiet(text))
