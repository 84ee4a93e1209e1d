"""Mail as it comes: broken, in every character set, without what it should have. All mails are invented."""

import contextlib
import time
from datetime import UTC, datetime, timedelta

import pytest

from services.ingest.mail import MAX_MAIL_BYTES, Boxed, Mail, Unreadable, external_id, read_mail, read_mbox, shown
from services.ingest.mention import normalise

ARRIVED = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

PLAIN = b"""From: =?iso-8859-1?q?Ren=E9e_B?= <Renee@Post.example>
To: klant@vaart.example
Subject: =?utf-8?q?Waar_blijft?=
 =?utf-8?q?_mijn_modem=3F?=
Date: Mon, 02 Feb 2026 13:47:09 +0100
Message-ID: <m1@post.example>
Content-Type: text/plain; charset=utf-8

Goedemiddag,

Graag antwoord.
"""


def read(raw: bytes) -> Mail:
    """The mail as it is read an hour after it arrived; what is read, ingest takes."""
    found = read_mail(raw, arrived_at=ARRIVED, now=ARRIVED + timedelta(hours=1))
    normalise(found.mention, "vaart", region="NL", now=ARRIVED + timedelta(hours=1))
    return found


def with_headers(*headers: str, body: bytes = b"hoi") -> bytes:
    return "\n".join(headers).encode("utf-8") + b"\n\n" + body


def test_an_ordinary_mail_is_a_private_mention_of_its_sender() -> None:
    found = read(PLAIN).mention
    assert found.author.name == "Renée B"
    assert (found.author.identities[0].kind, found.author.identities[0].value) == ("email", "renee@post.example")
    assert (found.title, found.text) == ("Waar blijft mijn modem?", "Goedemiddag,\n\nGraag antwoord.")
    assert found.posted_at == datetime(2026, 2, 2, 12, 47, 9, tzinfo=UTC)
    assert (found.channel, found.kind, found.visibility, found.url) == ("email", "mail", "private", "mid:m1@post.example")
    assert found.thread is not None
    assert (found.thread.id, found.thread.in_reply_to) == ("m1@post.example", None)


def test_the_same_bytes_are_the_same_mail_whatever_ends_their_lines_and_a_repeated_message_id_is_not() -> None:
    assert external_id(PLAIN) == external_id(PLAIN.replace(b"\n", b"\r\n") + b"\r\n")
    assert external_id(PLAIN) != external_id(PLAIN.replace(b"antwoord", b"bericht"))
    assert read(PLAIN).mention.external_id == external_id(PLAIN)


@pytest.mark.parametrize(
    ("headers", "thread", "answers"),
    [
        (["References: <a@x> <b@x>", "In-Reply-To: <b@x>"], "a@x", "b@x"),
        (["References: <a@x>\n <b@x>"], "a@x", "b@x"),
        (["In-Reply-To: <b@x>"], "b@x", "b@x"),
        (["In-Reply-To: your message of Monday", "Message-ID: <c@x>"], "your", "your"),
        (["Message-ID: <c@x>"], "c@x", None),
        (["References: <" + "a" * 600 + "@x>", "Message-ID: <c@x>"], "c@x", None),
    ],
)
def test_a_thread_is_named_by_its_first_message(headers: list[str], thread: str, answers: str | None) -> None:
    found = read(with_headers("From: a@b.example", *headers)).mention.thread
    assert found is not None
    assert (found.id, found.in_reply_to) == (thread, answers)


@pytest.mark.parametrize(
    ("header", "address"),
    [
        ('From: "Jan, de Wit" <JAN@x.example>', "jan@x.example"),
        ("From: jan@x.example (Jan)", "jan@x.example"),
        ("From: Team: jan@x.example;", "jan@x.example"),
        ("From: =?utf-8?q?Jan_=3Cjan=40x=2Eexample=3E?=", "jan@x.example"),
        ("From: <<jan@x.example>>", "jan@x.example"),
        ("Sender: jan@x.example", "jan@x.example"),
        ("From: \nReply-To: jan@x.example", "jan@x.example"),
        ("From: J\u00f6hn <j\u00f6@x.example>", "j\u00f6@x.example"),
    ],
)
def test_the_sender_is_found_where_the_mail_names_one(header: str, address: str) -> None:
    assert read(with_headers(header, "Subject: x")).mention.author.identities[0].value == address


@pytest.mark.parametrize(
    "address",
    ["a" * 65 + "@x.example", "a@" + "x" * 250 + ".example", "\u0130" * 40 + "@x.example", "\u0958" * 33 + "@x.example", "a\x91@x.example"],
)
def test_an_address_that_no_mention_may_have_leaves_the_name_of_somebody_unknown(address: str) -> None:
    found = read(with_headers(f"From: Noor <{address}>", f"Message-ID: <{address}>")).mention.author
    assert (found.name, found.identities[0].kind) == ("Noor", "id")


def test_two_mails_without_a_sender_are_from_two_unknown_people() -> None:
    one, other = (read(with_headers("Subject: x", body=body)).mention.author.identities[0] for body in (b"a", b"b"))
    assert one.kind == "id"
    assert one.value != other.value


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ([], ARRIVED),
        (["Date: gisteren"], ARRIVED),
        (["Date: Mon, 02 Feb 2026 13:00:00 -0000"], datetime(2026, 2, 2, 13, tzinfo=UTC)),
        (["Date: Thu, 01 Jan 1970 00:00:00 +0000"], ARRIVED),
        (["Received: from a by b; Tue, 03 Feb 2026 10:00:00 +0100"], datetime(2026, 2, 3, 9, tzinfo=UTC)),
        (
            ["Received: from a by b; Tue, 03 Feb 2026 10:00:00 +0100", "Date: Tue, 03 Feb 2036 10:00:00 +0100"],
            datetime(2026, 2, 3, 9, tzinfo=UTC),
        ),
        (["Date: Tue, 03 Feb 2036 10:00:00 +0100"], ARRIVED),
        (["Received: from a by b; Tue, 03 Feb 2036 10:00:00 +0100", "Date: Tue, 03 Feb 2036 10:00:00 +0100"], ARRIVED),
        (["Date: Mon, 02 Mar 2026 12:30:00 +0000"], datetime(2026, 3, 2, 12, 30, tzinfo=UTC)),
    ],
)
def test_a_date_that_cannot_be_is_replaced_by_a_servers(headers: list[str], expected: datetime) -> None:
    assert read(with_headers("From: a@b.example", *headers)).mention.posted_at == expected


@pytest.mark.parametrize(
    ("charset", "body", "text"),
    [
        ("utf-8", "één".encode(), "één"),
        ("iso-8859-1", "één".encode("latin-1"), "één"),
        ("utf-8", "€ één".encode("cp1252"), "€ één"),
        ("x-onbekend", "één".encode(), "één"),
        ("base64", "één".encode(), "één"),
        ("utf-16", b"a", "a"),
        ("us-ascii", b"a\x00b", "ab"),
    ],
)
def test_text_is_read_in_the_character_set_that_fits(charset: str, body: bytes, text: str) -> None:
    assert read(with_headers("From: a@b.example", f"Content-Type: text/plain; charset={charset}", body=body)).mention.text == text


MIXED = b"""From: a@b.example
Content-Type: multipart/mixed; boundary=outer

--outer
Content-Type: multipart/alternative; boundary=inner

--inner
Content-Type: text/plain

%s
--inner
Content-Type: text/html

<html><head><title>weg</title><style>p{}</style></head><body><p>Hallo&nbsp;<b>daar</b></p><p>Tweede<br>regel &amp; meer</p></body></html>
--inner--
--outer
Content-Type: application/pdf; name="rekening.pdf"
Content-Disposition: attachment; filename*=utf-8''caf%%C3%%A9.pdf
Content-Transfer-Encoding: base64

aGFsbG8=
--outer
Content-Type: message/rfc822

From: ander@b.example
Subject: doorgestuurd

niet mijn tekst
--outer--
"""


def test_plain_text_goes_before_html_and_attachments_are_named_and_measured() -> None:
    found = read(MIXED % b"Platte tekst").mention
    assert found.text == "Platte tekst"
    assert [(a.name, a.media_type, a.bytes) for a in found.attachments[:1]] == [("café.pdf", "application/pdf", 5)]
    assert found.attachments[1].media_type == "message/rfc822"


@pytest.mark.parametrize("charset", ["unicode_escape''%5Cud800", "utf-7''%2B2AA-", "utf-8''%ED%A0%80"])
def test_a_name_with_half_a_character_in_it_is_still_a_name(charset: str) -> None:
    header = f"Content-Disposition: attachment; filename*={charset}rekening.pdf"
    (found,) = read(with_headers("From: a@b.example", "Content-Type: application/pdf", header)).mention.attachments
    assert found.name.endswith("rekening.pdf")


def test_html_is_read_where_plain_text_says_nothing() -> None:
    assert read(MIXED % b" ").mention.text == "Hallo daar\n\nTweede\nregel & meer"


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>a<script>alert(1)</script>b", "ab"),
        ("a<br/><br/><br/><br/>b", "a\n\nb"),
        ("<![if !mso]>a<![endif]>", "a"),
        ("a < b", "a < b"),
        ("<ul><li>een<li>twee</ul>", "een\ntwee"),
        ("<table><tr><td>a</td><td>b</td></tr></table>", "a b"),
        ("<style>never closed a", ""),
        ("<" * 5000, "<" * 5000),
        ('<a title="a > b" href=x>c</a>', "c"),
        ('<p title="never closed>a</p><p>b</p>', "a\n\nb"),
        ("<!-- <p>a</p> --><!-->b", "b"),
        ("<title/>a", "a"),
        ("<head><title>a</head><body>b", "b"),
        ("<SCRIPT>if (a < b) '</p>'</SCRIPT >c", "c"),
        ("&eacute;&#233;&#" + "9" * 5000 + ";", "&eacute;&#233;&#" + "9" * 5000 + ";"),
        ("a &lt;b&gt; & c", "a <b> & c"),
        ("I <3 you", "I <3 you"),
    ],
)
def test_html_becomes_what_it_shows(html: str, text: str) -> None:
    assert shown(html) == text


NESTED = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(200))


@pytest.mark.parametrize(
    ("before", "unit"),
    [
        *(
            (b"Content-Type: text/html\n\n", unit)
            for unit in (b'<a "', b"<a b='", b"<!--", b"</", b"<![CDATA[", b"<script>", b"&#1", b"<b><p>")
        ),
        (b"From: ", b"a"),
        (b"Subject: ", b"=?a?q?x"),
        (b"Content-Type: text/plain", b";"),
        (b"Content-Disposition: attachment", b';a="'),
        (NESTED, b"\n"),
    ],
)
def test_a_mail_that_is_made_to_take_long_takes_no_longer_than_its_size(before: bytes, unit: bytes) -> None:
    began = time.process_time()
    with contextlib.suppress(Unreadable):
        read(before + unit * (1_000_000 // len(unit)))
    assert time.process_time() - began < 5


def test_a_line_that_looks_like_many_dates_takes_no_longer_than_its_size() -> None:
    began = time.process_time()
    assert len(boxed(b"From a Mon Feb  2 13:47:09 2026\nA: b\n\nFrom " + b"1:11 2026 " * 100_000 + b"x\nA: b\n")) == 1
    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    "raw",
    [
        b"Content-Type: multipart/mixed\n\nno boundary",
        b"Content-Type: multipart/mixed; boundary=a\n\n--b\n",
        b"Content-Type: ;;;\nFrom: \xff\xfe\n\n\xff",
        b"From: a@b.example\nContent-Transfer-Encoding: base64\n\n!!!not base64",
        b"Subject: =?utf-8?b?====?=\nFrom: =?bad\n\nx",
        b"From: a@b.example\nContent-Type: text/plain; charset*0*=x'y\n\nhoi",
        b"Subject: " + b"a" * 100_000 + b"\n\nx",
        b"From: " + b"<" * 10_000 + b"\n\nx",
        b"From: a@b.example\n\n" + "é".encode() * 80_000,
    ],
)
def test_a_broken_mail_is_still_a_mention(raw: bytes) -> None:
    assert read(raw).mention.posted_at == ARRIVED


def test_a_mail_of_a_thousand_nested_parts_ends() -> None:
    nested = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(1000))
    with pytest.raises(Unreadable, match="nested"):
        read(b"From: a@b.example\n" + nested + b"\nx")


@pytest.mark.parametrize(
    ("header", "automatic"),
    [
        ("Auto-Submitted: auto-replied", True),
        ("Auto-Submitted: no", False),
        ("Precedence: bulk", True),
        ("X-Autoreply: yes", True),
        ("List-Id: <nieuws.example>", True),
        ("Return-Path: <>", True),
        ("X-Ander: auto", False),
    ],
)
def test_a_mail_that_no_person_wrote_says_so(header: str, automatic: bool) -> None:
    assert read(with_headers("From: a@b.example", header)).automatic is automatic


@pytest.mark.parametrize("raw", [b"", b"\n\n", b"zomaar wat tekst\nzonder kop", b"x" * (MAX_MAIL_BYTES + 1)])
def test_what_is_no_mail_is_refused(raw: bytes) -> None:
    with pytest.raises(Unreadable):
        read(raw)


def boxed(data: bytes) -> list[Boxed]:
    return list(read_mbox(iter(data.splitlines(keepends=True))))


def test_a_mailbox_is_split_at_its_separators_only() -> None:
    box = (
        b"From a@b.example Mon Feb  2 13:47:09 2026\nFrom: a@b.example\n\nFrom here it went wrong.\n\nFrom now on: nothing\n>From the start\n>>From\n\n"
        b"From b@b.example Tue Feb  3 13:47:09 2026\nFrom: b@b.example\n\ntwee\n"
    )
    one, two = boxed(box)
    assert one.raw == b"From: a@b.example\n\nFrom here it went wrong.\n\nFrom now on: nothing\nFrom the start\n>>From\n\n"
    assert (one.line, two.line, two.arrived_at) == (1, 10, datetime(2026, 2, 3, 13, 47, 9, tzinfo=UTC))
    assert external_id(two.raw or b"") == external_id(b"From: b@b.example\n\ntwee")


def test_a_mail_that_is_too_large_costs_only_itself() -> None:
    big = b"x" * 1023 + b"\n"
    box = (
        b"From a Mon Feb  2 13:47:09 2026\nA: b\n\n"
        + big * (MAX_MAIL_BYTES // 1024 + 1)
        + b"\nFrom b Mon Feb  2 13:47:09 2026\nA: b\n\nx\n"
    )
    assert [mail.raw for mail in boxed(box)] == [None, b"A: b\n\nx\n"]


def test_what_is_no_mailbox_holds_no_mail() -> None:
    assert boxed(b"hallo\nFrom a Mon Feb  2 13:47:09 2026\n") == []
