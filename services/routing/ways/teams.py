"""A notice as an Adaptive Card for Microsoft Teams, in the envelope that a workflow's webhook takes
(https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using#send-adaptive-cards-using-an-incoming-webhook).

Texts are runs of a RichTextBlock, which knows no Markdown: nothing in them formats, links, or mentions anybody.
"""

import orjson

from libs.common.outcome import Outcome
from services.routing.ways.post import post
from services.routing.ways.sending import Message, Sending

_MOST_BYTES = 28 * 1024
"""Of a message of Teams; a workflow answers 413 to a larger one, or drops it."""
_BUTTONS = 6
"""Actions of a card that Teams shows."""


async def send(told: Message, sending: Sending) -> Outcome:
    assert told.way.teams is not None
    return await post(told.way.teams, {}, body(told), str(told.id), sending)


def body(told: Message) -> bytes:
    text, made = told.text.strip(), b""
    while True:
        made = orjson.dumps(_card(told, text))
        if len(made) <= _MOST_BYTES or not text:
            return made
        text = text[: len(text) * 9 // 10].rstrip("…") + "…" if len(text) > 20 else ""


def _card(told: Message, text: str) -> dict[str, object]:
    lines = [line for line in text.split("\n") if line.strip()]
    parts: list[dict[str, object]] = [_block(told.title.strip()[:500] or told.brand_name, size="large", weight="bolder")]
    parts += [_block(line) for line in lines]
    content = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": parts,
        "actions": [{"type": "Action.OpenUrl", "title": label, "url": url} for label, url in told.links[:_BUTTONS]],
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": content}
    return {"type": "message", "attachments": [attachment]}


def _block(text: str, **style: str) -> dict[str, object]:
    return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": text, **style}]}
