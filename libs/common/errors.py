"""Every error that Weerklank raises on purpose, and the problem type (RFC 9457) that it becomes over HTTP.

    WeerklankError
    ├── BadRequest            400  the request cannot be read
    ├── Unauthenticated       401  a token that does not hold
    │   ├── TokenMissing      401  no token at all
    │   └── LoginRefused      401  a name and password, or a refresh token, that do not hold
    ├── Forbidden             403  a token that does not reach this brand or this action
    ├── NotFound              404
    ├── MethodNotAllowed      405  with Allow
    ├── Conflict              409  the state of the thing does not allow this
    ├── StillRunning          409  the same request, under the same Idempotency-Key, has not been answered yet
    ├── PreconditionFailed    412  the thing has changed since it was read; says what changed
    ├── TooLarge              413
    ├── UnsupportedMedia      415  with Accept
    ├── Unprocessable         422  readable, but a value is wrong
    ├── KeyReused             422  another request had this Idempotency-Key
    ├── PreconditionRequired  428  If-Match is missing
    ├── TooManyRequests       429  with Retry-After
    ├── HeadersTooLarge       431
    ├── Unavailable           503  a part that we need does not answer; with Retry-After
    ├── InvalidEvent               an event that can never be handled: it becomes a dead letter
    │   └── UnknownEventType       parked until a version that knows it is deployed
    └── StreamStopped              consuming stopped on purpose: an operator chooses how to go on
        ├── PositionBelowLogStart
        ├── PositionBeyondLogEnd
        └── TooManyDeadLetters

A text says what was wrong with which value and what to do. It holds no personal data: it is logged.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar


class WeerklankError(Exception):
    """The root. `status` is the HTTP status, `kind` the last part of the problem's stable `type`, `challenge` its WWW-Authenticate (RFC 6750)."""

    status: ClassVar[int] = 500
    kind: ClassVar[str] = "internal"
    title: ClassVar[str] = "Something went wrong on our side"
    challenge: ClassVar[str | None] = None

    def __init__(
        self, detail: str, *, retry_after_s: int | None = None, headers: Mapping[str, str] = MappingProxyType({}), **more: object
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.retry_after_s = retry_after_s
        self.headers = headers
        self.more: Mapping[str, object] = more


class BadRequest(WeerklankError):
    status, kind, title = 400, "bad-request", "The request cannot be read"


class Unauthenticated(WeerklankError):
    status, kind, title = 401, "unauthenticated", "A valid token is needed"
    challenge = 'Bearer realm="weerklank", error="invalid_token"'


class TokenMissing(Unauthenticated):
    """Nothing was sent to judge: the challenge names no error then (RFC 6750, 3.1)."""

    challenge = 'Bearer realm="weerklank"'


class LoginRefused(Unauthenticated):
    """One answer for whatever does not fit, so that nobody learns which people there are."""

    kind, title = "login-refused", "This log-in does not hold"
    challenge = 'Bearer realm="weerklank"'


class Forbidden(WeerklankError):
    status, kind, title = 403, "forbidden", "This token does not allow that"
    challenge = 'Bearer realm="weerklank", error="insufficient_scope"'


class NotFound(WeerklankError):
    status, kind, title = 404, "not-found", "There is no such thing"


class MethodNotAllowed(WeerklankError):
    status, kind, title = 405, "method-not-allowed", "This path does not take that method"


class Conflict(WeerklankError):
    status, kind, title = 409, "conflict", "The state of this thing does not allow that"


class StillRunning(WeerklankError):
    status, kind, title = 409, "still-running", "The same request has not been answered yet"


class PreconditionFailed(WeerklankError):
    status, kind, title = 412, "precondition-failed", "The thing has changed since it was read"


class TooLarge(WeerklankError):
    status, kind, title = 413, "too-large", "The request is too large"


class UnsupportedMedia(WeerklankError):
    status, kind, title = 415, "unsupported-media", "This content type is not read here"


class Unprocessable(WeerklankError):
    status, kind, title = 422, "unprocessable", "A value is wrong"


class KeyReused(WeerklankError):
    status, kind, title = 422, "idempotency-key-reused", "Another request had this Idempotency-Key"


class PreconditionRequired(WeerklankError):
    status, kind, title = 428, "precondition-required", "If-Match is needed"


class TooManyRequests(WeerklankError):
    status, kind, title = 429, "too-many-requests", "Too much at once"


class HeadersTooLarge(WeerklankError):
    status, kind, title = 431, "headers-too-large", "The request's headers are too large"


class Unavailable(WeerklankError):
    status, kind, title = 503, "unavailable", "A part that this needs does not answer"


class InvalidEvent(WeerklankError):
    """An event that no retry can mend. Its consumer turns it into a dead letter and parks what follows on its key."""

    kind = "invalid-event"


class UnknownEventType(InvalidEvent):
    """An event of a type that this version does not know: kept until one that does replays it."""

    kind = "unknown-event-type"


class StreamStopped(WeerklankError):
    """Consuming stopped on purpose; going on by itself could lose or hide events."""

    kind = "stream-stopped"


class PositionBelowLogStart(StreamStopped):
    """The log no longer holds the next event that this service needs: retention was shorter than the outage."""

    kind = "position-below-log-start"


class PositionBeyondLogEnd(StreamStopped):
    """The log is shorter than what this service has handled: it was truncated, or the topic was made anew."""

    kind = "position-beyond-log-end"


class TooManyDeadLetters(StreamStopped):
    """So many events fail that the cause is more likely this version than the events."""

    kind = "too-many-dead-letters"
