"""Passwords: what may be one, and Argon2id hashes of them, made and checked off the event loop, few at once.

A hash costs 32 MiB and some 50 ms on purpose. More than a few at once would take the memory and the time of everything else, so the rest queues, and who
finds the queue full is told to come back.
"""

import asyncio
import unicodedata
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from libs.common.errors import TooManyRequests, Unprocessable

T = TypeVar("T")

MIN_CHARACTERS, MAX_BYTES = 12, 1000
AT_ONCE, QUEUE = 2, 16


def acceptable(password: str, user_id: str) -> None:
    """Raises `Unprocessable` for a password that is too short, too long, or guessed at once; the text never repeats it. Length counts, not kinds of
    characters (NIST SP 800-63B)."""
    plain = _plain(password)
    if len(plain) < MIN_CHARACTERS:
        raise Unprocessable(f"The password has fewer than {MIN_CHARACTERS} characters. A few words make a good one.")
    if too_long(password):
        raise Unprocessable(f"The password is longer than {MAX_BYTES} bytes.")
    rest = plain.casefold().replace(user_id.casefold(), "") if len(user_id) > 2 else plain
    if len(set(plain)) < 5 or len(rest) < MIN_CHARACTERS // 2:
        raise Unprocessable("The password is too easy to guess: it repeats a few characters, or the user's id.")


def too_long(password: str) -> bool:
    return len(_plain(password).encode(errors="surrogatepass")) > MAX_BYTES


def _plain(password: str) -> str:
    """One form of what different keyboards send for the same characters."""
    return unicodedata.normalize("NFKC", password)


class Hasher:
    """Argon2id."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._argon2 = hasher or PasswordHasher(time_cost=3, memory_cost=32 * 1024, parallelism=1)
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="argon2")
        self._waiting = 0
        # What a name that does not exist is checked against, so that it takes as long as one that does.
        self._nobody = self._argon2.hash("nobody has this password")

    @contextmanager
    def place(self) -> Iterator[None]:
        """A place in the queue, to `verify` in. Raises `TooManyRequests` when all are taken."""
        if self._waiting >= AT_ONCE + QUEUE:
            raise TooManyRequests("Too many people log in at this moment. Try again.", retry_after_s=2)
        self._waiting += 1
        try:
            yield
        finally:
            self._waiting -= 1

    async def hash(self, password: str) -> str:
        with self.place():
            return await self._run(lambda: self._argon2.hash(_plain(password)))

    async def verify(self, kept: str | None, password: str) -> tuple[bool, str | None]:
        """(Whether it is the password, its new hash where the parameters have changed since). None: nobody's, which takes as long. In a `place`."""
        if too_long(password):
            kept, password = None, ""
        return await self._run(lambda: self._verified(kept or self._nobody, _plain(password), nobody=kept is None))

    def _verified(self, kept: str, password: str, *, nobody: bool) -> tuple[bool, str | None]:
        try:
            self._argon2.verify(kept, password)
        except (VerificationError, InvalidHashError):
            return False, None
        return not nobody, self._argon2.hash(password) if self._argon2.check_needs_rehash(kept) else None

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)
