"""Addresses that answer a question by mail: whose they are, what makes them none, and where there is no room for one."""

from typing import Any
from uuid import uuid4

import pytest

from libs.common.answers import Answers, Asked, mailbox_of
from libs.common.bookfile import load_book
from libs.common.brandbook import BrandBook

KEY, OTHER = "k" * 32, "o" * 32


def book(brand: str = "vaart", user: str = "klant@vaart.example", **account: str) -> BrandBook:
    more = "".join(f", {name}: {value}" for name, value in account.items())
    return load_book(f"""
brand: {brand}
name: Vaart
languages: [nl]
departments: [{{id: webcare}}, {{id: billing}}, {{id: legal}}]
channels:
  - {{id: smtp, type: smtp, host: smtp.vaart.example, from: "Vaart <zorg@vaart.example>"}}
  - {{id: mail, type: imap, host: imap.vaart.example, user: {user}, secret: "file:{brand}-imap"{more}}}
""")


def test_an_address_names_its_question_and_department_whatever_mail_programs_do_to_its_capitals() -> None:
    id, answers = uuid4(), Answers([KEY])
    address = answers.address(book(), id, "billing")
    assert address is not None
    assert address.startswith("klant+c.")
    assert len(address.partition("@")[0]) <= 64
    for written in (address, address.upper(), address.title()):
        assert answers.read(book(), ["klant@vaart.example", written]) == Asked(id, "billing")


@pytest.mark.parametrize("change", [lambda a: a.replace("+c.", "+c.a"), lambda a: a[:10] + ("b" if a[10] != "b" else "c") + a[11:]])
def test_an_address_with_anything_changed_is_none(change: Any) -> None:
    address = Answers([KEY]).address(book(), uuid4(), "billing")
    assert Answers([KEY]).read(book(), [change(address)]) is None


def test_another_brand_another_key_and_a_department_that_is_gone_do_not_hold() -> None:
    address = Answers([KEY]).address(book(), uuid4(), "billing")
    assert address is not None
    assert Answers([KEY]).read(book("noord"), [address]) is None
    assert Answers([OTHER]).read(book(), [address]) is None
    assert Answers([]).read(book(), [address]) is None
    without = book().model_copy(update={"departments": book().departments[:1]})
    assert Answers([KEY]).read(without, [address]) is None


def test_a_key_can_be_changed_while_questions_are_open() -> None:
    address = Answers([KEY]).address(book(), uuid4(), "legal")
    assert address is not None
    assert Answers([OTHER, KEY]).read(book(), [address]) is not None


def test_without_a_key_a_mailbox_or_room_in_its_name_there_is_no_address() -> None:
    id = uuid4()
    assert Answers([]).address(book(), id, "billing") is None
    assert Answers([KEY]).address(book(user="klant"), id, "billing") is None
    assert Answers([KEY]).address(book(plus_addresses="false"), id, "billing") is None
    assert Answers([KEY]).address(book(user="klantenservice.nederland@vaart.example"), id, "billing") is None


def test_a_mailbox_whose_log_in_is_no_address_is_known_by_its_account() -> None:
    assert mailbox_of(book(user="u12345", account="klant@vaart.example")) == "klant@vaart.example"
