"""A notice as a message of Slack, by an incoming webhook: Block Kit (https://docs.slack.dev/reference/block-kit/blocks).

Texts are `plain_text`: nothing in them formats, links, or calls a channel together. Limits are Slack's own.
"""

import orjson

from libs.common.outcome import Outcome
from services.routing.ways.post import post
from services.routing.ways.sending import Message, Sending

_HEADER, _SECTION, _BUTTON, _SECTIONS, _BUTTONS = 150, 3000, 75, 10, 25
"""Characters of a header, a section and a button's label; sections that we send, of 50 blocks; buttons in a row of actions."""


async def send(told: Message, sending: Sending) -> Outcome:
    assert told.way.slack is not None
    return await post(told.way.slack, {}, body(told), str(told.id), sending)


def body(told: Message) -> bytes:
    text = told.text.strip()
    blocks: list[dict[str, object]] = [{"type": "header", "text": _plain(told.title.strip() or told.brand_name, _HEADER)}]
    pieces = [text[start : start + _SECTION] for start in range(0, len(text), _SECTION)][:_SECTIONS]
    blocks += [{"type": "section", "text": _plain(piece, _SECTION)} for piece in pieces if piece.strip()]
    if told.links:
        buttons = [{"type": "button", "text": _plain(label, _BUTTON), "url": url} for label, url in told.links[:_BUTTONS]]
        blocks.append({"type": "actions", "elements": buttons})
    return orjson.dumps({"text": _escaped(told.title[:_SECTION]), "blocks": blocks, "unfurl_links": False, "unfurl_media": False})


def _plain(text: str, longest: int) -> dict[str, object]:
    cut = text if len(text) <= longest else text[: longest - 1] + "…"
    return {"type": "plain_text", "text": cut, "emoji": False}


def _escaped(text: str) -> str:
    """For the fallback, which is mrkdwn: the three characters that Slack has escaped (& < >)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
