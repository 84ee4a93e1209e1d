"""What became of something that was handed over to somebody else's server: it took it, it did not, or nobody knows."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Accepted:
    """The server answered yes to all of it. `external_id` is what it will be known by there."""

    external_id: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Certainly not accepted; `for_good` when trying again would be answered the same. `after_s`: how long the server asks us to wait. `of_account`: it
    is not this message that is refused but whatever our account sends, as when its credentials have expired."""

    why: str
    for_good: bool
    after_s: float | None = None
    of_account: bool = False


@dataclass(frozen=True, slots=True)
class Unknown:
    """All of it was written, and no answer came, or none that says yes or no."""

    why: str


@dataclass(frozen=True, slots=True)
class NotBegun:
    """Nothing was sent, for a reason of ours: whoever sends had lost its claim, or was too slow."""


Outcome = Accepted | Refused | Unknown | NotBegun
