"""To whom a reply goes, and as an answer to what: from the mention that it answers. Pure."""

import re
from urllib.parse import unquote

from pydantic import BaseModel, ConfigDict

from libs.common.events import Mention
from services.responder.lengths import family

# RFC 5322, 3.6.4, loosely: what cannot break a header when it stands in one.
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,900}>")


class Recipient(BaseModel):
    """To whom, and as an answer to what. `name` is what they call themselves."""

    model_config = ConfigDict(frozen=True)

    kind: str
    value: str
    name: str | None = None
    answers: str | None = None
    """The channel's own id of the message that this answers."""
    subject: str | None = None
    references: tuple[str, ...] = ()
    """Of a mail: the Message-IDs of its conversation, in their angle brackets, oldest first."""

    def key(self, visibility: str) -> str:
        """What an approval is bound to, beside the text: the same words in public are another message."""
        return "\x1f".join((self.kind, self.value, visibility, self.answers or ""))


def recipient_of(mention: Mention) -> Recipient | None:
    """The author of a mention as somebody to answer; none when a mail has no address to answer to."""
    identities = mention.author.identities
    if family(mention.channel) == "email":
        identities = [identity for identity in identities if identity.kind == "email"]
    if not identities:
        return None
    return Recipient(
        kind=identities[0].kind,
        value=identities[0].value,
        name=mention.author.name,
        answers=mention.external_id,
        subject=mention.title,
        references=_references(mention) if family(mention.channel) == "email" else (),
    )


def _references(mention: Mention) -> tuple[str, ...]:
    """The Message-IDs of a mail's conversation, oldest first, its own last: that stands in its URL (mid:, RFC 2392)."""
    thread = mention.thread
    told = [thread.id, thread.in_reply_to] if thread else []
    if mention.url and mention.url.startswith("mid:"):
        told.append(unquote(mention.url.removeprefix("mid:")))
    found = [f"<{part.strip('<>')}>" for part in told if part]
    return tuple(dict.fromkeys(part for part in found if _MESSAGE_ID.fullmatch(part)))
