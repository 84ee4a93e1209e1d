"""The page behind a signed link: plain HTML without anything from elsewhere, in Dutch or English, that works without JavaScript.

A page never acts by itself: programs that look for malware open links, and run the scripts of what they find. It takes a person's click on its button.
"""

import html
from collections.abc import Mapping, Sequence

from fastapi.responses import HTMLResponse

from services.routing.links import Field, Purpose, said_in

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;margin:0;background:#f4f5f7;color:#1c2024}"
    "main{max-width:36rem;margin:8vh auto;padding:1.5rem 2rem 2rem;background:#fff;border-radius:8px}"
    "h1{font-size:1.35rem;margin:.3em 0 .8em}p{white-space:pre-wrap;overflow-wrap:anywhere}small{color:#5b6470}"
    "label{display:block;margin:1rem 0 .3rem;font-weight:600}input,textarea,select{width:100%;box-sizing:border-box;font:inherit;padding:.5rem}"
    "textarea{min-height:9rem}button{margin-top:1.4rem;font:inherit;font-weight:600;padding:.7rem 1.4rem;border:0;border-radius:6px;"
    "background:#0a58a5;color:#fff;cursor:pointer}.problem{border-left:4px solid #b3261e;padding-left:.8rem}"
)
HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "x-frame-options": "DENY",
    "x-robots-tag": "noindex, nofollow",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "interest-cohort=()",
}

INVALID = {
    "title": {"nl": "Deze link klopt niet", "en": "This link is not valid"},
    "text": {
        "nl": "Kopieer de hele link uit het bericht, of vraag om een nieuwe.",
        "en": "Copy the whole link from the message, or ask for a new one.",
    },
}
EXPIRED = {
    "title": {"nl": "Deze link is verlopen", "en": "This link has expired"},
    "text": {
        "nl": "Vraag degene die hem stuurde om een nieuwe, of log in.",
        "en": "Ask whoever sent it for a new one, or log in.",
    },
}
GONE = {
    "title": {"nl": "Deze link is niet meer van jou", "en": "This link is not yours any more"},
    "text": {
        "nl": "Wie hem kreeg staat niet meer in het merkboek van dit merk.",
        "en": "Whoever it was sent to is not in this brand's book any more.",
    },
}
_DONE = {"nl": "Gedaan", "en": "Done"}
_ALREADY = {"nl": "Dit was al gedaan", "en": "This was done already"}
_NOT_NOW = {"nl": "Dit kan nu niet", "en": "This cannot be done now"}
_FILL_IN = {"nl": "Vul dit in: {name}.", "en": "Fill this in: {name}."}
_TOO_LONG = {"nl": "Dit is te lang: {name} (hoogstens {most} tekens).", "en": "This is too long: {name} (at most {most} characters)."}
_NOT_A_CHOICE = {"nl": "Kies een van de mogelijkheden: {name}.", "en": "Choose one of the options: {name}."}


def told(texts: Mapping[str, Mapping[str, str]], language: str, status: int) -> HTMLResponse:
    """A page that only says something."""
    return _page(language, said_in(texts["title"], language), [_paragraph(said_in(texts["text"], language))], status)


def asking(
    purpose: Purpose,
    language: str,
    brand_name: str,
    text: str,
    fields: Sequence[Field],
    given: Mapping[str, str],
    problem: str | None = None,
    status: int = 200,
) -> HTMLResponse:
    """The page with the button, and what it asks. `given` is what was filled in already."""
    parts = [_paragraph(text)]
    if problem:
        parts.append(f'<p class="problem" role="alert">{html.escape(problem)}</p>')
    parts.append('<form method="post">')
    parts += [_field(asked, language, given.get(asked.name, "")) for asked in fields]
    parts.append(f"<button>{html.escape(said_in(purpose.button, language))}</button></form>")
    return _page(language, said_in(purpose.title, language), parts, status, brand_name)


def over(purpose: Purpose, language: str, brand_name: str, text: str, why: str) -> HTMLResponse:
    """There is nothing to do any more."""
    return _page(language, said_in(purpose.title, language), [_paragraph(text), _paragraph(why)], 200, brand_name)


def done(language: str, brand_name: str, said: str, *, already: bool) -> HTMLResponse:
    return _page(language, said_in(_ALREADY if already else _DONE, language), [_paragraph(said)], 200, brand_name)


def not_now(language: str, brand_name: str, why: str) -> HTMLResponse:
    return _page(language, said_in(_NOT_NOW, language), [_paragraph(why)], 409, brand_name)


def problem_with(fields: Sequence[Field], given: Mapping[str, str], language: str) -> str | None:
    """What is wrong with what was filled in; none: nothing."""
    for asked in fields:
        value = given.get(asked.name, "")
        name = said_in(asked.label, language)
        if asked.required and not value.strip():
            return said_in(_FILL_IN, language).format(name=name)
        if len(value) > asked.longest:
            return said_in(_TOO_LONG, language).format(name=name, most=asked.longest)
        if asked.kind == "choice" and value and value not in {choice for choice, _ in asked.choices}:
            return said_in(_NOT_A_CHOICE, language).format(name=name)
    return None


def _page(language: str, title: str, parts: Sequence[str], status: int, brand_name: str = "Weerklank") -> HTMLResponse:
    body = (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">'
        f'<meta name="robots" content="noindex"><title>{html.escape(title)}</title><style>{_STYLE}</style></head>'
        f"<body><main><small>{html.escape(brand_name)}</small><h1>{html.escape(title)}</h1>{''.join(parts)}</main></body></html>"
    )
    return HTMLResponse(body, status, HEADERS)


def _paragraph(text: str) -> str:
    return f"<p>{html.escape(text)}</p>" if text else ""


def _field(asked: Field, language: str, value: str) -> str:
    label, needed = html.escape(said_in(asked.label, language)), " required" if asked.required else ""
    attributes = f'id="{asked.name}" name="{asked.name}"{needed}'
    if asked.kind == "choice":
        options = "".join(
            f'<option value="{html.escape(choice)}"{" selected" if choice == value else ""}>{html.escape(said_in(shown, language))}</option>'
            for choice, shown in asked.choices
        )
        box = f"<select {attributes}>{options}</select>"
    elif asked.kind == "lines":
        box = f'<textarea {attributes} maxlength="{asked.longest}">\n{html.escape(value)}</textarea>'
    else:
        box = f'<input {attributes} maxlength="{asked.longest}" value="{html.escape(value)}">'
    return f'<label for="{asked.name}">{label}</label>{box}'
