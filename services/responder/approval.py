"""Who must approve a reply before it may leave, and what exactly they approved.

The brand book's rules, the writer's role and the risks that triage found come in; who may press the button goes out. The
digest binds an approval to one text for one recipient on one channel: whatever is edited afterwards needs approval again.
Pure: no I/O.
"""

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from libs.common.auth import ROLES
from libs.common.brandbook import Approval, BrandBook
from libs.common.rules import matches

# Each can do what those before it can. Other roles (spokesperson, legal, management) are functions, not ranks.
_RANKS = ("trainee", "agent", "lead")
SELF = "self"


@dataclass(frozen=True, slots=True)
class Requirement:
    """Who may approve: anyone with one of ``roles`` but the writer, and the writer when ``by_writer``. Each of ``also`` has to as well."""

    roles: tuple[str, ...]
    by_writer: bool
    also: tuple[str, ...] = ()

    @property
    def places(self) -> tuple["Requirement", ...]:
        """The approvals that are asked, each by itself."""
        return (Requirement(self.roles, self.by_writer), *(Requirement((role,), by_writer=False) for role in self.also))

    def words(self) -> str:
        who = [f"another {role}" for role in self.roles] + (["its writer"] if self.by_writer else [])
        return " and by ".join([" or ".join(who) or "somebody else", *self.also])


class Hat(BaseModel):
    """In what somebody approves: for themselves, or in the place of a colleague who lets them (``of``). ``roles``: theirs, and what the brand book has
    them be beside that."""

    model_config = ConfigDict(frozen=True)

    role: str
    roles: tuple[str, ...]
    of: str | None = None


class Signature(BaseModel):
    """A person's yes to exactly one text for one recipient, as the world was then."""

    model_config = ConfigDict(frozen=True)

    who: str
    hat: Hat
    digest: str
    at: datetime
    sandbox: bool
    despite: UUID | None = None
    """The newest message that they had read, where the customer had written again."""
    confirmed: tuple[str, ...] = ()
    overrides: tuple[str, ...] = ()


def required(book: BrandBook, writer_role: str, risk: Collection[str] = (), *, facts: Mapping[str, object] | None = None) -> Requirement:
    """What the first rule of ``conduct.approvals`` that matches asks; without one, the writer's own approval.

    ``facts`` are what else a rule can name: ``{"channel": "twitter", "labels": [...]}``. A trainee's own approval never
    counts: where a rule asks for the writer's, an agent's takes its place; so it is with a post, but where the rule
    names ``kind``. Raises RuleError when a rule names a fact that
    is not given: then nobody knows who must approve, and nothing may be sent.
    """
    rule = _first(book.conduct.approvals, _facts(writer_role, risk, facts))
    asked: Collection[str] = (SELF,) if rule is None else rule.by
    also = () if rule is None else tuple("agent" if role == SELF else role for role in rule.also)
    roles = tuple(role for role in asked if role != SELF)
    if writer_role == "trainee" or _always_two(rule, facts):
        return Requirement(roles or ("agent",), by_writer=False, also=also)
    return Requirement(roles, by_writer=SELF in asked, also=also)


def _always_two(rule: Approval | None, facts: Mapping[str, object] | None) -> bool:
    """Whether it is a post, and no rule says of posts in so many words who approves them: then its writer does not."""
    return (facts or {}).get("kind") == "post" and (rule is None or "kind" not in rule.when.conditions())


def _first(rules: Iterable[Approval], facts: Mapping[str, object]) -> Approval | None:
    followers = facts.get("followers")
    reach = followers if isinstance(followers, int) else 0
    # The condition is asked first, so that an unknown fact is found whatever the reach.
    return next((rule for rule in rules if matches(rule.when, facts) and reach >= (rule.followers_min or 0)), None)


def may_approve(requirement: Requirement, approver_role: str, approver_id: str, writer_id: str, submitter_id: str | None = None) -> bool:
    """Whether this person may approve this writer's text, which ``submitter_id`` offered for approval; ``also`` apart.

    The writer may only where the rule says ``self``: "by an agent" means another one, or it would ask nothing. A role
    that is asked for is also met by a higher one (an agent's by a lead's), never by a trainee's. Whoever submitted it has
    had their look: where the writer may not approve, neither may they.
    """
    return fills(requirement, Hat(role=approver_role, roles=(approver_role,)), approver_id, writer_id, submitter_id)


def fills(place: Requirement, hat: Hat, who: str, writer_id: str, submitter_id: str | None) -> bool:
    """Whether this person's approval, with this hat on, is the one that is asked. In somebody's place they can do what that one could: the writer's own
    approval is nobody else's to give, and nobody lets another approve what they wrote or offered themselves."""
    if hat.role == "trainee":
        return False
    if who == writer_id:
        return place.by_writer
    if hat.of is not None and hat.of in (writer_id, submitter_id):
        return False
    if who == submitter_id and not place.by_writer:
        return False
    return any(meets(role, asked) for role in hat.roles for asked in place.roles)


def hats(who: str, role: str, book: BrandBook, instead_of: Iterable[tuple[str, str]] = ()) -> list[Hat]:
    """Their own first. `instead_of` are the colleagues (id, role) who let them approve in their place now; one whom the brand book does not have in that
    role any more lets nobody."""
    own = Hat(role=role, roles=(role, *functions(who, book)))
    if role == "trainee":
        return [own]
    lent = [Hat(role=their_role, roles=(their_role, *functions(other, book)), of=other) for other, their_role in instead_of if other != who]
    return [own, *(hat for hat in lent if hat.of is not None and has_role(hat.of, hat.role, book))]


def has_role(who: str, role: str, book: BrandBook) -> bool:
    """Whether the brand book has them as somebody of this role, or of one above it."""
    member = book.member(who)
    of_hub = [known for one in book.hub.members if one.id == who for known in one.roles]
    return any(meets(known, role) for known in ([member.role] if member else []) + of_hub)


def functions(who: str, book: BrandBook) -> tuple[str, ...]:
    """What the brand book has them be beside the role of their token: departments that they are of, and roles of the hub. No role of tokens: that is the
    issuer's to give."""
    departments = [department.id for department in book.departments if who in department.members]
    of_hub = [role for member in book.hub.members if member.id == who for role in member.roles]
    return tuple(dict.fromkeys(name for name in [*departments, *of_hub] if name not in ROLES))


def open_places(requirement: Requirement, signatures: Sequence[Signature], writer_id: str, submitter_id: str | None) -> list[Requirement]:
    """The approvals that are still missing; each person fills one place, so that several are as many people."""
    places = requirement.places
    can = [[place for place, asked in enumerate(places) if fills(asked, one.hat, one.who, writer_id, submitter_id)] for one in signatures]
    taken: dict[int, int] = {}

    def place(signer: int, seen: set[int]) -> bool:
        for at in can[signer]:
            if at not in seen:
                seen.add(at)
                if at not in taken or place(taken[at], seen):
                    taken[at] = signer
                    return True
        return False

    for signer in range(len(signatures)):
        place(signer, set())
    return [asked for at, asked in enumerate(places) if at not in taken]


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


def below(role: str) -> tuple[str, ...]:
    """The ranks that somebody of this role can do the work of, but for a trainee's."""
    return _RANKS[1 : _RANKS.index(role)] if role in _RANKS[1:] else ()


def meets(role: str, asked: str) -> bool:
    """Whether somebody of this role is what is asked for: a higher rank can do what a lower one can."""
    if role in _RANKS and asked in _RANKS:
        return _RANKS.index(role) >= _RANKS.index(asked)
    return role == asked


def _facts(writer_role: str, risk: Collection[str], more: Mapping[str, object] | None) -> dict[str, object]:
    return {**(more or {}), "role": writer_role, "risk": tuple(risk)}
