"""What may be a password, how long somebody waits, and which attempts count together."""

import pytest

from libs.common.errors import TooManyRequests, Unprocessable
from services.routing import access, passwords, throttle
from services.routing.throttle import OF_A_NAME, OF_AN_ADDRESS


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("elf tekens.", "fewer than 12"),
        ("", "fewer than 12"),
        ("é" * 501, "longer than 1000 bytes"),
        ("aaaaaaaaaaaaaa", "too easy"),
        ("guus.smitguus.smit", "too easy"),
    ],
)
def test_a_password_that_is_short_or_guessed_at_once_is_refused_without_repeating_it(password: str, why: str) -> None:
    with pytest.raises(Unprocessable, match=why) as caught:
        passwords.acceptable(password, "guus.smit")
    assert not password or password not in caught.value.detail


@pytest.mark.parametrize("password", ["twaalf tekens", "correct horse battery staple", "ÀÉÎÕÜ àéîõü 12", "😀🎈🌷⚓🚲 fiets12"])
def test_length_counts_and_nothing_else(password: str) -> None:
    passwords.acceptable(password, "gs")


async def test_what_two_keyboards_send_for_one_character_is_one_password() -> None:
    hasher = passwords.Hasher()
    kept = await hasher.hash("caf\u00e9 aan de vaart")
    assert kept.startswith("$argon2id$")
    assert await hasher.verify(kept, "cafe\u0301 aan de vaart") == (True, None)
    assert await hasher.verify(kept, "cafe aan de vaart") == (False, None)
    assert (await hasher.verify(None, "nobody has this password"))[0] is False
    assert (await hasher.verify("not a hash", "x"))[0] is False


async def test_who_finds_the_queue_full_is_told_to_come_back() -> None:
    hasher = passwords.Hasher()
    hasher._waiting = passwords.AT_ONCE + passwords.QUEUE
    with pytest.raises(TooManyRequests) as caught:
        await hasher.hash("x")
    assert caught.value.retry_after_s


@pytest.mark.parametrize(
    ("failures", "of_a_name", "of_an_address"),
    [(0, 0, 0), (4, 0, 0), (5, 1, 0), (6, 2, 0), (10, 32, 0), (11, 60, 0), (10_000, 60, 900), (19, 60, 0), (20, 60, 1), (30, 60, 900)],
)
def test_the_pause_doubles_up_to_a_bound(failures: int, of_a_name: int, of_an_address: int) -> None:
    assert (throttle.pause_s(failures, OF_A_NAME), throttle.pause_s(failures, OF_AN_ADDRESS)) == (of_a_name, of_an_address)


def test_a_secret_is_found_among_those_that_are_kept() -> None:
    secret = access.new_secret(access.SECRET_PREFIX)
    assert access.any_matches(secret, [access.digest("x"), access.digest(secret)])
    assert not access.any_matches(secret, [access.digest("x")])
    assert not access.any_matches(secret, [])
    assert not access.any_matches("", [])
