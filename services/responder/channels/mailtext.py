"""What a mail says, as a person's mail program writes it: the approved text as it is, and the same text as HTML for readers that prefer that.

The text goes in as it was approved. Both bodies go out; of the HTML a reader sees the same words and the same lines, with its web addresses as links and
nothing else: no picture, no style from elsewhere, nothing that is fetched when it is read.
"""

import re
from collections.abc import Sequence
from email.message import EmailMessage
from html import escape

from services.responder.channels.contract import File

_LINK = re.compile(r"https?://[^\s<>\"'“”‘’«»]+", re.IGNORECASE)
_CLOSING = ".,;:!?…"
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})?")


def put(mail: EmailMessage, text: str, language: str, files: Sequence[File] = ()) -> None:
    """Write both bodies and the files into a mail that has its headers."""
    mail.set_content(text, cte=_encoding(text))
    mail.add_alternative(html(text, language), subtype="html")
    for file in files:
        main, _, sub = file.media_type.partition("/")
        mail.add_attachment(file.content, maintype=main, subtype=sub, filename=file.name)
        if file.alt:
            part = list(mail.iter_attachments())[-1]
            part["Content-Description"] = " ".join(file.alt.split())


def _encoding(text: str) -> str:
    """Lines that are too long for SMTP, or that servers are known to change (a dot or From at the start, blanks at the end), travel encoded."""
    plain = text.isascii() and all(len(line) < 900 and not re.match(r"\.|From |.*[ \t]$", line) for line in text.split("\n"))
    return "7bit" if plain and "\r" not in text else "quoted-printable"


def html(text: str, language: str) -> str:
    """The text as HTML: a paragraph for each run of lines between empty ones. Whatever stands in it is text."""
    lang = f' lang="{language}"' if _LANGUAGE.fullmatch(language) else ""
    paragraphs = [part.strip("\n") for part in re.split(r"\n[ \t]*\n", text.replace("\r\n", "\n").replace("\r", "\n"))]
    body = "\n".join(f"<p>{_lines(part)}</p>" for part in paragraphs if part.strip())
    return f'<!DOCTYPE html>\n<html{lang}><head><meta charset="utf-8"></head><body>\n{body}\n</body></html>\n'


def _lines(paragraph: str) -> str:
    return "<br>\n".join(_linked(line) for line in paragraph.split("\n"))


def _linked(line: str) -> str:
    pieces, at = [], 0
    for found in _LINK.finditer(line):
        url = _trimmed(found[0])
        pieces += [_spaced(line[at : found.start()]), f'<a href="{escape(url)}">{escape(url)}</a>']
        at = found.start() + len(url)
    return "".join([*pieces, _spaced(line[at:])])


def _trimmed(url: str) -> str:
    """Without what belongs to the sentence around it."""
    while url and (url[-1] in _CLOSING or (url[-1] == ")" and url.count(")") > url.count("("))):
        url = url[:-1]
    return url


def _spaced(text: str) -> str:
    """Runs of blanks stay as wide as they are."""
    wide = re.sub(r"^ | {2,}", lambda found: "\N{NO-BREAK SPACE}" * len(found[0]), text.replace("\t", "    "))
    return escape(wide).replace("\N{NO-BREAK SPACE}", "&nbsp;")
