"""The interview of ``weerklank brand new``: questions in the order of a brand book, each with a default, and each answer checked as it is given.

In: answers that are known already, and a way to ask for the others. Out: all answers, as plain values; ``cli.brand_new`` makes a book of them. An
answer is checked by the very types of the brand book's model, so that a book made of checked answers is right.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from libs.common import bookvalues
from libs.common.bookhours import Hours, PublicHolidays, weekdays_of

Answers = dict[str, Any]
Ask = Callable[[str, str], str]
"""The question and its default in, what was answered out."""

ROLES = ("agent", "trainee", "lead", "spokesperson")
_WORKING = ROLES[:3]
_HOSTS = {"gmail.com": "gmail.com", "googlemail.com": "gmail.com", "icloud.com": "mail.me.com", "me.com": "mail.me.com"}
"""Mail domains whose servers are not called imap. and smtp. and the domain."""


@dataclass(frozen=True, slots=True)
class Question:
    """``read`` gives the value of a text, or raises ``ValueError`` with what is wrong. ``default`` may follow from earlier answers; an empty one
    must be answered, unless ``optional``. ``asked``: whether it makes sense after those."""

    key: str
    text: str
    read: Callable[[str, Answers], Any]
    default: Callable[[Answers], str] = lambda answers: ""
    asked: Callable[[Answers], bool] = lambda answers: True
    optional: bool = False


def _of(kind: Any) -> Callable[[str, Answers], Any]:
    """A value of the brand book's model, as it is written there."""
    adapter: TypeAdapter[Any] = TypeAdapter(kind)

    def read(text: str, answers: Answers) -> Any:
        _checked(adapter, text)
        return text

    return read


def _list_of(kind: Any) -> Callable[[str, Answers], list[str]]:
    one = _of(kind)

    def read(text: str, answers: Answers) -> list[str]:
        found = list(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
        if not found:
            raise ValueError("must be at least one")
        return [one(part, answers) for part in found]

    return read


def _checked(adapter: TypeAdapter[Any], value: object) -> None:
    try:
        adapter.validate_python(value)
    except ValidationError as error:
        detail = error.errors(include_url=False)[0]
        cause = detail.get("ctx", {}).get("error")
        raise ValueError(str(cause) if cause else detail["msg"]) from None


def _one_of(*words: str) -> Callable[[str, Answers], str]:
    def read(text: str, answers: Answers) -> str:
        if text.lower() not in words:
            raise ValueError(f"must be {', '.join(words[:-1])} or {words[-1]}, not {text!r}")
        return text.lower()

    return read


def _yes(text: str, answers: Answers) -> bool:
    found = {"y": True, "yes": True, "true": True, "j": True, "ja": True, "n": False, "no": False, "false": False, "nee": False}.get(
        text.lower()
    )
    if found is None:
        raise ValueError(f"must be yes or no, not {text!r}")
    return found


def _days(text: str, answers: Answers) -> str:
    if not weekdays_of(text):
        raise ValueError(f"must be weekdays such as mon-fri or mon,wed,sat, not {text!r}")
    return text.replace(" ", "")


def _hours(text: str, answers: Answers) -> list[str]:
    blocks = [part.strip() for part in text.split(",") if part.strip()]
    if not blocks:
        raise ValueError("must be at least one block of hours such as 09:00-17:30")
    _checked(TypeAdapter(Hours), {"mon": blocks})
    return blocks


def _country(text: str, answers: Answers) -> str:
    if text.lower() == "none":
        return "none"
    _checked(TypeAdapter(PublicHolidays), {"country": text.upper()})
    return text.upper()


def _region(text: str, answers: Answers) -> str:
    if text:
        _checked(TypeAdapter(PublicHolidays), {"country": answers["holidays"], "region": text.upper()})
    return text.upper()


def _mailbox(text: str, answers: Answers) -> str:
    return str(_of(bookvalues.Email)(text, answers)) if text else ""


def _port(text: str, answers: Answers) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65535:
        raise ValueError(f"must be a port, 1 to 65535, not {text!r}")
    return int(text)


def _has_mailbox(answers: Answers) -> bool:
    return bool(answers["mailbox"])


def _server(kind: str) -> Callable[[Answers], str]:
    def guess(answers: Answers) -> str:
        domain = answers["mailbox"].rpartition("@")[2].lower()
        return f"{kind}.{_HOSTS.get(domain, domain)}"

    return guess


def slug_of(name: str) -> str:
    """A slug for a name: ``Café Zeester`` is ``cafe-zeester``. Empty where no letter of it can stand in one."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:63].rstrip("-")


QUESTIONS: Sequence[Question] = (
    Question("name", "What is the brand called?", _of(bookvalues.Text)),
    Question("brand", "Its name in addresses and commands", _of(bookvalues.Slug), lambda a: slug_of(a["name"])),
    Question("languages", "Languages that the team answers in, the first one first", _list_of(bookvalues.LanguageCode), lambda a: "nl, en"),
    Question("address_form", "Does the brand say je or u?", _one_of("je", "u"), lambda a: "je"),
    Question("person", "Does a colleague write as ik or as wij?", _one_of("ik", "wij"), lambda a: "ik"),
    Question(
        "signature",
        "What does a colleague sign a mail with: first_name, initials, none or optional (as they like)?",
        _one_of("first_name", "initials", "none", "optional"),
        lambda a: "first_name",
    ),
    Question("timezone", "Time zone", _of(bookvalues.TimeZone), lambda a: "Europe/Amsterdam"),
    Question("days", "Open on which days?", _days, lambda a: "mon-fri"),
    Question("hours", "Open from when to when? (09:00-12:30, 13:00-17:00 for a break)", _hours, lambda a: "09:00-17:00"),
    Question("holidays", "Closed on the public holidays of which country? (none: open then too)", _country, lambda a: "NL"),
    Question(
        "region", "A region with holidays of its own (nothing: none)", _region, asked=lambda a: a["holidays"] != "none", optional=True
    ),
    Question("reaction", "How much opening time until a first answer? (30m, 4h, 1d)", _of(bookvalues.OpeningSpan), lambda a: "4h"),
    Question("resolution", "And until the customer is helped?", _of(bookvalues.OpeningSpan), lambda a: "2d"),
    Question(
        "departments",
        "Departments that a case can be with, the one for everything else first (webcare, billing, …)",
        _list_of(bookvalues.Id),
        lambda a: "webcare",
    ),
)
MAIL: Sequence[Question] = (
    Question("mailbox", "The mailbox that customers write to (nothing: none yet)", _mailbox, optional=True),
    Question("imap_host", "Its IMAP server", _of(bookvalues.Host), _server("imap"), _has_mailbox),
    Question("imap_port", "The port there", _port, lambda a: "993", _has_mailbox),
    Question(
        "imap_tls",
        "TLS there from the start (true), or by starttls?",
        _one_of("true", "starttls"),
        lambda a: "starttls" if a["imap_port"] == 143 else "true",
        _has_mailbox,
    ),
    Question("mail_user", "The user name there", _of(bookvalues.Text), lambda a: a["mailbox"], _has_mailbox),
    Question("imap_folder", "The folder to read", _of(bookvalues.Text), lambda a: "INBOX", _has_mailbox),
    Question("smtp_host", "The SMTP server that answers leave by", _of(bookvalues.Host), _server("smtp"), _has_mailbox),
    Question("smtp_port", "The port there", _port, lambda a: "587", _has_mailbox),
    Question(
        "smtp_tls",
        "TLS there from the start (true), or by starttls?",
        _one_of("true", "starttls"),
        lambda a: "true" if a["smtp_port"] == 465 else "starttls",
        _has_mailbox,
    ),
    Question("pilot", "A pilot first: everything runs, and nothing leaves the building?", _yes, lambda a: "yes"),
)


_FIRST = "first_name"
_NOBODY = "-"
"""Said instead of a colleague: nobody after all. After a colleague: that one not."""


def _first_name(text: str, answers: Answers) -> str:
    if text == _NOBODY and not answers["team"]:
        raise ValueError("must be somebody: a team has one colleague at least")
    return str(_of(bookvalues.Text)(text, answers))


def _initials(text: str, answers: Answers) -> str:
    _of(bookvalues.Initials)(text, answers)
    if text.casefold() in [member["initials"].casefold() for member in answers["team"]]:
        raise ValueError(f"{text!r} are a colleague's already")
    return text


def _member_id(text: str, answers: Answers) -> str:
    _of(bookvalues.Id)(text, answers)
    if text in [member["id"] for member in answers["team"]]:
        raise ValueError(f"{text!r} is a colleague's already")
    return text


def _role(text: str, answers: Answers) -> str:
    found = _one_of(*ROLES)(text, answers)
    if found not in _WORKING and not answers["team"]:
        raise ValueError("the first colleague owns cases, so agent, trainee or lead")
    return found


def _member_departments(text: str, answers: Answers) -> list[str]:
    found = [part.strip() for part in text.split(",") if part.strip()]
    for id in found:
        if id not in answers["departments"]:
            raise ValueError(f"there is no department {id!r} (there are: {', '.join(answers['departments'])})")
    return found


MEMBER: Sequence[Question] = (
    Question(_FIRST, "First name", _first_name),
    Question("initials", "Initials, as they sign with", _initials, lambda a: "".join(filter(str.isalpha, a["first_name"]))[:2].lower()),
    Question("id", "Id, as in an access token", _member_id, lambda a: slug_of(a["initials"])),
    Question("role", "Role: agent, trainee, lead or spokesperson", _role, lambda a: "agent" if a["team"] else "lead"),
    Question("departments_of", "Departments", _member_departments, lambda a: ", ".join(a["departments"]), optional=True),
)


class Unanswered(ValueError):
    """Nobody is there to ask, and an answer is missing or wrong. The text names it."""


def interview(given: Mapping[str, Any], ask: Ask | None, say: Callable[[str], None], keep: Callable[[Answers], None]) -> Answers:
    """All answers. What is given is not asked again, unless it is wrong; ``keep`` is handed what is known after each answer. Without ``ask``
    defaults are taken. Raises ``Unanswered``."""
    if ask is None:
        asked = {key: value for key, value in given.items() if key != _ANOTHER.key}
        _all_known(asked, [*(question.key for question in QUESTIONS), "team", *(question.key for question in MAIL)], "")
    answers: Answers = {}
    _section(QUESTIONS, given, ask, say, answers, lambda: keep(answers))
    _team(given, ask, say, answers, lambda: keep(answers))
    staffed = {id for member in answers["team"] if member["role"] in _WORKING for id in member["departments"]}
    fallback = answers["departments"][0]
    for id in answers["departments"]:
        if id not in staffed:
            say(f"Nobody in {id} owns cases: those that go there are {fallback if fallback in staffed else 'the whole team'}'s.")
    _section(MAIL, given, ask, say, answers, lambda: keep(answers))
    return answers


def _all_known(given: Mapping[str, Any], known: Sequence[str], where: str) -> None:
    """Raises ``Unanswered`` for what answers nothing: with a misspelt key a default would hold that nobody chose."""
    if unknown := [key for key in map(str, given) if key not in known]:
        raise Unanswered(f"{where}there is no question {', '.join(map(repr, unknown))} (there are: {', '.join(known)})")


def _section(
    questions: Sequence[Question],
    given: Mapping[str, Any],
    ask: Ask | None,
    say: Callable[[str], None],
    answers: Answers,
    keep: Callable[[], None],
) -> None:
    for question in questions:
        if question.asked(answers):
            answers[question.key] = _answer(question, given.get(question.key), ask, say, answers)
            keep()


def _team(given: Mapping[str, Any], ask: Ask | None, say: Callable[[str], None], answers: Answers, keep: Callable[[], None]) -> None:
    members = answers["team"] = []
    known = given.get("team")
    waiting = [dict(member) for member in known if isinstance(member, Mapping)] if isinstance(known, list) else []
    if ask is None and (not waiting or not isinstance(known, list) or len(waiting) < len(known)):
        raise Unanswered("team: must be a list of colleagues, such as [{first_name: Guus}]")
    for number, member in enumerate(waiting if ask is None else []):
        _all_known(member, _OF_A_COLLEAGUE, f"team[{number}]: ")
    for member in waiting:
        members += _colleague(member, members, answers, ask, say)
        keep()
    is_complete = ask is None or (members and given.get(_ANOTHER.key) is False)
    another = "no" if is_complete else ""
    while another != "no":
        if another == _NOBODY:
            say(f"  {members.pop()[_FIRST]} is not in the team.")
        elif another == "yes" or not members:
            say(f"Colleague {len(members) + 1} ({_NOBODY}: nobody after all):" if members else "Who is in the team? You first.")
            members += _colleague({}, members, answers, ask, say)
        keep()
        another = _answer(_ANOTHER, None, ask, say, {}) if members else ""
    answers[_ANOTHER.key] = False
    keep()


def _colleague(
    known: Mapping[str, Any], members: Sequence[Answers], answers: Answers, ask: Ask | None, say: Callable[[str], None]
) -> list[Answers]:
    """One of the team, or nobody after all."""
    member: Answers = {"team": members, "departments": answers["departments"]}
    given = {"departments_of" if key == "departments" else key: value for key, value in known.items()}
    _section(MEMBER[:1], given, ask, say, member, lambda: None)
    if member[_FIRST] == _NOBODY:
        return []
    _section(MEMBER[1:], given, ask, say, member, lambda: None)
    return [{key: member[key] for key in _OF_A_COLLEAGUE[:-1]} | {"departments": member["departments_of"]}]


_OF_A_COLLEAGUE = (_FIRST, "initials", "id", "role", "departments")


def _another(text: str, answers: Answers) -> str:
    try:
        return text if text == _NOBODY else "yes" if _yes(text, answers) else "no"
    except ValueError:
        raise ValueError(f"must be yes, no or {_NOBODY}, not {text!r}") from None


_ANOTHER = Question("another", f"Another colleague? ({_NOBODY}: take the last one out again)", _another, lambda a: "no")


def confirmed(text: str, default: str, ask: Ask, say: Callable[[str], None]) -> bool:
    """A yes or a no; another answer is told what would be one."""
    return bool(_answer(Question("confirmed", text, _yes, lambda a: default), None, ask, say, {}))


def _answer(question: Question, given: object, ask: Ask | None, say: Callable[[str], None], answers: Answers) -> Any:
    default = question.default(answers)
    text = _text(given) if given is not None else None
    while True:
        if text is None:
            text = default if ask is None else ask(question.text, default)
        text = text.strip()
        try:
            if not text and not question.optional:
                raise ValueError("must be answered")
            return question.read(text, answers)
        except ValueError as error:
            if ask is None:
                raise Unanswered(f"{question.key}: {error}") from None
            say(f"  {error}")
            text = None


def _text(given: object) -> str:
    """An answer from a file as somebody would have typed it."""
    if isinstance(given, bool):
        return "true" if given else "false"
    if isinstance(given, list):
        return ", ".join(map(_text, given))
    return str(given)
