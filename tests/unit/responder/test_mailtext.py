"""A reply's two bodies say the same, and nothing in either is more than text."""

import re
from email.message import EmailMessage
from html import unescape
from html.parser import HTMLParser

import pytest

from libs.common.submission import POLICY
from services.responder.channels import mailtext
from services.responder.channels.contract import File
from tests.unit.responder.test_smtp import on_the_wire, row


class Seen(HTMLParser):
    """What a reader shows of HTML, and the elements and attributes that it found."""

    def __init__(self) -> None:
        super().__init__()
        self.text, self.elements, self.links = "", set[str](), list[str]()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.text += {"br": "\n", "p": "\n\n"}.get(tag, "")
        self.links += [value or "" for name, value in attrs if name == "href"]

    def handle_data(self, data: str) -> None:
        self.text += data.replace("\n", "")


def seen(text: str) -> Seen:
    found = Seen()
    found.feed(mailtext.html(text, "nl"))
    return found


TEXT = """Hoi Sanne,

Dat zoek ik voor je uit: zie https://vaart.example/storing?a=1&b=2.
<b>Niet vet</b>, 5 < 6 & "goed".
  - ingesprongen   en  wijd

Groet,
Esmée"""


def test_the_html_shows_the_words_and_lines_that_were_approved() -> None:
    found = seen(TEXT)
    assert found.text.strip().replace("\xa0", " ") == TEXT
    assert found.elements == {"html", "head", "meta", "body", "p", "br", "a"}
    assert found.links == ["https://vaart.example/storing?a=1&b=2"]


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("javascript:alert(1) http:// www.vaart.example", []),
        ('https://x.example/"onmouseover="a', ["https://x.example/"]),
        ("(zie https://x.example/a_(b)).", ["https://x.example/a_(b)"]),
        ("<https://x.example/>", ["https://x.example/"]),
        ("https://x.example/<script>alert(1)</script>", ["https://x.example/"]),
    ],
)
def test_only_web_addresses_are_links_and_only_what_is_shown_is_linked(text: str, links: list[str]) -> None:
    found = seen(text)
    assert found.links == links
    assert "script" not in found.elements
    assert found.text.strip() == text


@pytest.mark.parametrize("text", ["Dag.", ".\n..\nFrom mij  \n.punt", "één €uro 🙂\n" * 50, "x" * 3000, "=20 is geen spatie"])
def test_both_bodies_go_out_and_say_the_same(text: str) -> None:
    mail = on_the_wire(row(text))
    assert mail.get_content_type() == "multipart/alternative"
    plain, html = mail.iter_parts()
    assert plain.get_content().replace("\r\n", "\n").rstrip("\n") == text.rstrip("\n")
    shown = re.sub(r"<[^>]+>", "", html.get_content().partition("<body>")[2].replace("<br>", ""))
    assert unescape(shown).replace("\xa0", " ").split() == text.split()


def test_a_person_wrote_it_and_the_answer_goes_to_the_signed_address() -> None:
    mail = on_the_wire(row(), reply_to="klant+r.aaaa@vaart.example")
    assert mail["Reply-To"].addresses[0].addr_spec == "klant+r.aaaa@vaart.example"
    assert mail["Reply-To"].addresses[0].display_name == "Vaart Klanten"
    assert {"auto-submitted", "precedence", "x-mailer"}.isdisjoint(name.lower() for name in mail.keys())  # noqa: SIM118  # a message iterates over nothing else


def test_files_hang_on_the_mail_beside_its_bodies() -> None:
    mail = EmailMessage(policy=POLICY)
    mailtext.put(mail, "Zie de foto.", "nl", [File("één foto.png", "image/png", b"\x89PNG", "De meter\nmet een rood lampje")])
    assert [part.get_content_type() for part in mail.walk()] == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "text/html",
        "image/png",
    ]
    (file,) = mail.iter_attachments()
    assert (file.get_filename(), file["Content-Description"], file.get_content()) == (
        "één foto.png",
        "De meter met een rood lampje",
        b"\x89PNG",
    )
