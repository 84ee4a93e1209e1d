"""Addresses at which customers answer: whose they are, which mailbox they are of, and what makes them none."""

from uuid import UUID, uuid4

import pytest

from libs.common.answers import Answers
from libs.common.brandbook import BrandBook, Channel
from libs.common.replyaddress import ReplyAddresses
from tests.unit.common.test_answers import KEY, OTHER, book

ID = uuid4()


def smtp(found: BrandBook, sender: str = "Vaart <zorg@vaart.example>") -> Channel:
    return found.channels[0].model_copy(update={"sender": sender})


def made(keys: list[str], user: str = "klant@vaart.example", **account: str) -> str | None:
    found = book(user=user, **account)
    return ReplyAddresses(keys).address(found, smtp(found), ID)


def test_an_address_names_its_reply_whatever_mail_programs_do_to_its_capitals() -> None:
    address = made([KEY]) or ""
    assert address.startswith("klant+r.")
    assert len(address.partition("@")[0]) <= 64
    for written in (address, address.upper(), f"Vaart <{address}>"):
        assert ReplyAddresses([KEY]).read("vaart", ["klant@vaart.example", written]) == ID


def test_what_we_did_not_sign_for_this_brand_is_none() -> None:
    address = made([KEY]) or ""
    other = address[:12] + ("b" if address[12] != "b" else "c") + address[13:]
    assert ReplyAddresses([KEY]).read("dijk", [address]) is None
    assert ReplyAddresses([OTHER]).read("vaart", [address]) is None
    assert ReplyAddresses([]).read("vaart", [address]) is None
    assert ReplyAddresses([KEY]).read("vaart", [other]) is None
    assert Answers([KEY]).read(book(), [address]) is None, "no question to a department"
    assert ReplyAddresses([OTHER, KEY]).read("vaart", [address]) == ID, "signed before the key was changed"


@pytest.mark.parametrize(
    "account", [{"plus_addresses": "false"}, {"user": "klant@elders.example"}, {"user": "k" * 20 + "@vaart.example"}, {"user": "klant"}]
)
def test_there_is_none_where_no_mailbox_of_the_senders_domain_has_room_for_it(account: dict[str, str]) -> None:
    assert made([KEY], **account) is None
    assert made([]) is None


def test_of_several_mailboxes_it_is_the_one_that_the_mail_is_from() -> None:
    found = book()
    more = found.channels[1].model_copy(update={"id": "zorg", "user": "zorg@vaart.example"})
    found = found.model_copy(update={"channels": (*found.channels, more)})
    address = ReplyAddresses([KEY]).address(found, smtp(found), UUID(int=1))
    assert address is not None
    assert address.startswith("zorg+r.")
