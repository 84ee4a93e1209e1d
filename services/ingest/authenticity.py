"""Whether a mail is from whom it says: what the server that took it in found out (`Authentication-Results`, RFC 8601), read by the RFC's grammar. Pure.

We check nothing ourselves: SPF needs the connection that only that server saw, and it removes what pretends to be its own word (RFC 8601, 5). So only the
topmost header under a name that the brand book trusts is believed. What stands further down may have come with the mail.

A pass is worth what it is a pass of: of the domain that the mail says it is from, and not of whatever domain its sender has.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

Verdict = Literal["pass", "fail", "unknown"]
MAX_RESULTS = 50

_VALUE = r'"(?:[^"\\]|\\.)*"|[^\s;"]+'
_AUTHSERV = re.compile(rf"\s*({_VALUE})(?:\s+\d+)?\s*")
_METHOD = re.compile(r"\s*([A-Za-z][A-Za-z0-9-]*)\s*(?:/\s*\d+\s*)?=\s*([A-Za-z][A-Za-z0-9-]*)(?=\s|$)")
_PROPERTY = re.compile(rf"\s+([A-Za-z][A-Za-z0-9-]*(?:\s*\.\s*[A-Za-z][A-Za-z0-9_-]*)?)\s*=\s*({_VALUE})(?=\s|$)")
"""`ptype.property=value`; some servers write words of their own without a type, such as `reason=` and `action=`."""


@dataclass(frozen=True, slots=True)
class Result:
    """One method's outcome, such as spf=pass with `smtp.mailfrom`. Names are in lower case."""

    method: str
    result: str
    properties: Mapping[str, str] = field(default_factory=dict)


def authenticity(headers: Iterable[str], trusted: Sequence[str], from_domain: str | None) -> Verdict:
    """Of a mail with these `Authentication-Results`, the topmost first, that says it is from an address of `from_domain`; none where it names no single
    sender. `trusted`: the names (authserv-id) under which the mailbox's own server writes; without any nothing is known."""
    names = {name.lower() for name in trusted}
    for header in headers if names else ():
        name, results = parsed(header)
        if name is not None and name.lower() in names:
            return judged(results, from_domain)
    return "unknown"


def judged(results: Sequence[Result], from_domain: str | None) -> Verdict:
    """DMARC decides where it was asked. Else DKIM, SPF or a log-in at the server has to pass for a domain of the sender's; what failed without any of them
    is a fail. Passes of somebody else's domain say nothing."""
    sender = _ascii(from_domain or "")
    dmarc = [one for one in results if one.method == "dmarc" and one.result in ("pass", "fail")]
    if any(one.result == "fail" for one in dmarc):
        return "fail"
    if dmarc:
        if not sender:
            return "unknown"
        # It is another sender that passed: whoever is shown was not looked at.
        return "pass" if all(_ascii(one.properties.get("header.from", sender)) == sender for one in dmarc) else "fail"
    if any(one.result == "pass" and _aligned(_domain(one), sender) for one in results):
        return "pass"
    return "fail" if any(_failed(one, sender) for one in results) else "unknown"


def _failed(result: Result, sender: str) -> bool:
    """A softfail is what a domain says that is not sure of itself; and a signature that does not hold is as good as none, unless it is the sender's."""
    if result.method == "spf":
        return result.result in ("fail", "hardfail")
    return result.method == "dkim" and result.result == "fail" and _aligned(_domain(result), sender)


_NAMED_BY = {"dkim": ("header.d", "header.i"), "spf": ("smtp.mailfrom",), "auth": ("smtp.auth", "smtp.mailfrom")}


def _domain(result: Result) -> str:
    """The domain that a method's outcome is about; empty where it names none."""
    found = next((result.properties[name] for name in _NAMED_BY.get(result.method, ()) if name in result.properties), "")
    domain = found.rpartition("@")[2] if result.method != "auth" or "@" in found else ""
    return _ascii(domain.strip("<>").rstrip("."))


def _ascii(domain: str) -> str:
    """In the one spelling that a name has in the DNS, where it has one."""
    try:
        return domain.lower().encode("idna").decode()
    except UnicodeError:
        return domain.lower()


def _aligned(domain: str, sender: str) -> bool:
    """Whether one is the other, or below it. Two that stand beside each other are taken for strangers: which domains are one organisation's is known only
    to a list that changes daily."""
    return "." in domain and "." in sender and (f".{domain}".endswith(f".{sender}") or f".{sender}".endswith(f".{domain}"))


# --- the grammar (RFC 8601, 2.2) ------------------------------------------------------------------------------------------------------------


def parsed(header: str) -> tuple[str | None, list[Result]]:
    """(authserv-id, results) of a header's value, unfolded or not; none and nothing for one that is none. A result that the grammar does not allow is left
    out, whole."""
    first, *rest = _parts(header)
    named = _AUTHSERV.fullmatch(first)
    if named is None or (not named[1].startswith('"') and re.search(r"[=()<>@,:\\/\[\]?]", named[1])):
        return None, []
    return _plain(named[1]), [found for part in rest[:MAX_RESULTS] if (found := _result(part)) is not None]


def _result(part: str) -> Result | None:
    method = _METHOD.match(part)
    if method is None:
        return None
    properties: dict[str, str] = {}
    at = method.end()
    while found := _PROPERTY.match(part, at):
        # Of two the first: nobody gets a second word in behind the server's.
        properties.setdefault(re.sub(r"\s", "", found[1]).lower(), _plain(found[2]))
        at = found.end()
    return Result(method[1].lower(), method[2].lower(), properties) if not part[at:].strip() else None


def _parts(header: str) -> list[str]:
    """What semicolons part, without comments (which nest); neither counts inside quotes. What is not closed goes on to the end."""
    parts, quoted, depth, start = [[""]], False, 0, 0
    for found in re.finditer(r'\\.|["();]', header, re.DOTALL):
        sign = found[0]
        if depth:
            depth += (sign == "(") - (sign == ")")
            start = found.end() if not depth else start
            continue
        if sign == '"':
            quoted = not quoted
        elif not quoted and sign in "(;":
            parts[-1].append(header[start : found.start()])
            start, depth = found.end(), int(sign == "(")
            if sign == "(":
                parts[-1].append(" ")
            else:
                parts.append([""])
    if not depth:
        parts[-1].append(header[start:])
    return ["".join(part) for part in parts]


def _plain(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value[1:-1], flags=re.DOTALL) if value.startswith('"') else value
