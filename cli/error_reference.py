"""The errors that the services answer with, written down from `libs/common/errors.py` for docs/reference/errors.md."""

from collections.abc import Iterator

from libs.common import errors
from libs.common.errors import WeerklankError
from libs.common.openapi import DESCRIPTIONS
from libs.common.problems import PROBLEM_TYPE

_HEAD = f"""# Errors

Made by `python -m cli.contracts`; do not edit.

Every error is a problem (RFC 9457, `application/problem+json`): `type` stands for the kind of error and does not change, `title` says it in words,
`status` is the HTTP status, and `detail` says what was wrong with which value, and what to do. Some tell more; those fields are named below. This list
is closed: a service answers with no other type. Each begins with `{PROBLEM_TYPE}`.

| type | status | title | what it is for |
|---|---|---|---|
"""

_MORE = {
    "conflict": "what stands in the way, where it has a name: `state`, `newest`, `sibling`, `verdicts`, `digest`, `merged_into`, "
    "`unanswered`, `version`, `changes`",
    "precondition-failed": "`version` as it is now; `changes` since the version that was read, oldest first; of a case `differs` (field → read, now), "
    "of a brand book `fields`",
    "unprocessable": "`errors`: each wrong value's `field` and `message`; of mentions `items` or `rejects`",
    "unavailable": "of a stream of mentions, `line`: the first that may be missing",
}


def kinds(root: type[WeerklankError] = WeerklankError) -> Iterator[type[WeerklankError]]:
    """Every error that can be an HTTP answer: those of the module's tree that have a status, and the root, which is any fault of ours."""
    if root is WeerklankError or root.status != 500:
        yield root
    for below in root.__subclasses__():
        if below.__module__ == errors.__name__:
            yield from kinds(below)


def page() -> str:
    rows = sorted({(kind.status, kind.kind, kind.title) for kind in kinds()})
    lines = [
        f"| `{kind}` | {status} | {title} | {DESCRIPTIONS.get(status, '')}{f'. Tells {_MORE[kind]}' if kind in _MORE else ''} |"
        for status, kind, title in rows
    ]
    return _HEAD + "\n".join(lines) + "\n"
