"""Who must approve a reply before it may leave, and what exactly they approved.

The brand book's rules, the writer's role and the risks that triage found come in; who may press the button goes out. The
digest binds an approval to one text for one recipient on one channel: whatever is edited afterwards needs approval again.
Pure: no I/O.
"""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from libs.common.brandbook import BrandBook
from libs.common.rules import first_match, matches

# Each can do what those before it can. Other roles (spokesperson, legal, management) are functions, not ranks.
_RANKS = ("trainee", "agent", "lead")
SELF = "self"


@dataclass(frozen=True, slots=True)
class Requirement:
    """Who may approve: anyone with one of ``roles`` but the writer, and the writer when ``by_writer``."""

    roles: tuple[str, ...]
    by_writer: bool


def required(book: BrandBook, writer_role: str, risk: Collection[str] = (), *, facts: Mapping[str, object] | None = None) -> Requirement:
    """What the first rule of ``conduct.approvals`` that matches asks; without one, the writer's own approval.

    ``facts`` are what else a rule can name: ``{"channel": "twitter", "labels": [...]}``. A trainee's own approval never
    counts: where a rule asks for the writer's, an agent's takes its place. Raises RuleError when a rule names a fact that
    is not given: then nobody knows who must approve, and nothing may be sent.
    """
    rule = first_match(book.conduct.approvals, _facts(writer_role, risk, facts))
    asked: Collection[str] = (SELF,) if rule is None else rule.by
    roles = tuple(role for role in asked if role != SELF)
    if writer_role == "trainee":
        return Requirement(roles or ("agent",), by_writer=False)
    return Requirement(roles, by_writer=SELF in asked)


def may_approve(requirement: Requirement, approver_role: str, approver_id: str, writer_id: str, submitter_id: str | None = None) -> bool:
    """Whether this person may approve this writer's text, which ``submitter_id`` offered for approval.

    The writer may only where the rule says ``self``: "by an agent" means another one, or it would ask nothing. A role
    that is asked for is also met by a higher one (an agent's by a lead's), never by a trainee's. Whoever submitted it has
    had their look: where the writer may not approve, neither may they.
    """
    if approver_role == "trainee":
        return False
    if approver_id == writer_id:
        return requirement.by_writer
    if approver_id == submitter_id and not requirement.by_writer:
        return False
    return any(meets(approver_role, role) for role in requirement.roles)


def held_for_legal(book: BrandBook, writer_role: str, risk: Collection[str] = (), *, facts: Mapping[str, object] | None = None) -> bool:
    """Whether ``conduct.legal_check`` blocks sending until the legal department has looked. Raises RuleError like ``required``."""
    check = book.conduct.legal_check
    return check.blocks_sending and matches(check.when, _facts(writer_role, risk, facts))


def legal_objection(book: BrandBook, answer: str | None, *, asked_for: bool, read: bool) -> str | None:
    """Why the legal check keeps a reply back; none where it does not. `answer` is what the legal department says of the case (`Case.legal_check`),
    `asked_for` what `held_for_legal` says, `read` whether somebody recorded that exactly this text is as legal wants it, since it says that.

    Once the department is asked about a case, only its agreement lets replies of it go; its agreement with changes lets those go of which somebody
    recorded that they have the changes. A word that we do not know is no agreement. Where nobody was asked, the text itself has to have been read.
    """
    check = book.conduct.legal_check
    if not check.blocks_sending or answer == "agreed":
        return None
    if answer is None:
        return None if read or not asked_for else f"the brand book has {check.department} read this text first"
    if answer == "agreed_with_changes":
        return None if read else f"{check.department} agreed with changes, and nobody has recorded that this text has them"
    if answer == "refused":
        return f"{check.department} refused an answer to this case"
    return f"{check.department} was asked about this case and has not agreed"


def text_digest(channel: str, recipient: str, text: str, said: Sequence[object] = ()) -> str:
    """SHA-256 in hex of channel, recipient and text, exactly as they are: one space more is another text. So is anything else that people say it means.

    A JSON array keeps the parts apart (``("a", "bc")`` is not ``("ab", "c")``) and takes any code point.
    """
    parts = json.dumps([channel, recipient, text, *said], ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(parts.encode("ascii")).hexdigest()


def meets(role: str, asked: str) -> bool:
    """Whether somebody of this role is what is asked for: a higher rank can do what a lower one can."""
    if role in _RANKS and asked in _RANKS:
        return _RANKS.index(role) >= _RANKS.index(asked)
    return role == asked


def _facts(writer_role: str, risk: Collection[str], more: Mapping[str, object] | None) -> dict[str, object]:
    return {**(more or {}), "role": writer_role, "risk": tuple(risk)}
