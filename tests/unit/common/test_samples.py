"""The sample data in samples/: two brand books, 336 mentions, 64 mails, and which of those belong together.

Other tests and every demonstration build on these files, so this one holds them to what samples/README.md says of them. What counts as
evidence here is deliberately the plain reading: the brand book's identifiers, a phone number, a handle, an address; no model takes part.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from html.parser import HTMLParser
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from libs.common.bookfile import load_book
from libs.common.brandbook import BrandBook
from libs.common.events import Attachment, Author, Engagement, Thread

SAMPLES = Path(__file__).parents[3] / "samples"
FOLDERS = {"vaart": SAMPLES, "kwartel": SAMPLES / "kwartel"}
MAILS = [path for folder in FOLDERS.values() for path in sorted((folder / "mail").glob("*.eml"))]

MENTION_FIELDS = {
    "channel", "kind", "external_id", "url", "author", "text", "title", "thread", "visibility", "attachments", "posted_at",
    "engagement",
}  # fmt: skip
FIRST, LAST = datetime(2026, 9, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)

ALIKE = 0.6
"""Two texts are alike from this Jaccard index of their sets of five characters on."""

BRAND_HANDLES = {"vaart", "vaartnl", "golfnet", "kwartel", "kwartelov"}
BRAND_DOMAINS = ("@vaart.example", "@kwartel.example")
_PHONE = re.compile(r"(?<![\w-])(?:\+\d{2}|0)[ -]?\d(?:[ -]?\d){7,9}(?!\d)")
_HANDLE = re.compile(r"(?<![\w@.])@([\w.]*\w)")
_ADDRESS = re.compile(r"(?<![\w.+@-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_IBAN = re.compile(r"\bNL\d{2}(?: ?[A-Z0-9]{4}){3} ?\d{2}\b")
_HOUSE = re.compile(r"(\d+),? (\d{4}) ?([A-Z]{2})\b")


@dataclass(frozen=True)
class Sample:
    """One mention of either form. `ref` is how pairs.jsonl names it; `written` is what its author wrote, heading included."""

    brand: str
    ref: str
    written: str
    identities: frozenset[tuple[str, str]]


class _Text(HTMLParser):
    """The text of a piece of HTML without its style sheet; enough for the samples."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in ("style", "title")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in ("style", "title")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(data)


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


MENTIONS = [line for folder in FOLDERS.values() for line in lines_of(folder / "mentions.jsonl")]


def told() -> list[dict[str, str]]:
    """What pairs.jsonl of either brand says, each mention named with its brand in front."""
    found = []
    for brand, folder in FOLDERS.items():
        for line in lines_of(folder / "pairs.jsonl"):
            found.append(line | {end: line[end] if ":" in line[end] else f"{brand}:{line[end]}" for end in ("a", "b")})
    return found


def parse(path: Path) -> EmailMessage:
    message = BytesParser(policy=policy.default).parsebytes(path.read_bytes())
    assert isinstance(message, EmailMessage)
    return message


def body(message: EmailMessage) -> str:
    part = message.get_body(("plain", "html"))
    assert part is not None
    content = str(part.get_content())
    if part.get_content_type() == "text/plain":
        return content
    html = _Text()
    html.feed(content)
    return " ".join(html.parts)


def samples() -> Iterator[Sample]:
    for brand, folder in FOLDERS.items():
        for line in lines_of(folder / "mentions.jsonl"):
            identities = frozenset((one["kind"], one["value"]) for one in line["author"]["identities"])
            yield Sample(brand, f"{brand}:{line['channel']}/{line['external_id']}", f"{line['title'] or ''}\n{line['text']}", identities)
        for path in sorted((folder / "mail").glob("*.eml")):
            mail = parse(path)
            sender = mail["From"].addresses[0].addr_spec
            yield Sample(brand, f"{brand}:email/{path.name}", f"{mail['Subject']}\n{body(mail)}", frozenset({("email", sender)}))


def evidence(sample: Sample, books: dict[str, BrandBook]) -> set[tuple[str, str]]:
    """What says who wrote this or which thing it is about; the brand's own handles and addresses say neither."""
    found = set(sample.identities)
    for kind, pattern in books[sample.brand].identifiers.items():
        found |= {(kind, match.group()) for match in re.finditer(pattern, sample.written)}
    for match in _PHONE.finditer(sample.written):
        digits = re.sub(r"\D", "", match.group())
        found.add(("phone", f"+31{digits[1:]}" if digits.startswith("0") else f"+{digits}"))
    found |= {("handle", name.lower()) for name in _HANDLE.findall(sample.written)} - {("handle", handle) for handle in BRAND_HANDLES}
    found |= {("email", address.lower()) for address in _ADDRESS.findall(sample.written)}
    found |= {("iban", match.group().replace(" ", "")) for match in _IBAN.finditer(sample.written)}
    found |= {("address", "".join(match.groups())) for match in _HOUSE.finditer(" ".join(sample.written.split()))}
    return {(kind, value) for kind, value in found if not value.endswith(BRAND_DOMAINS)}


def five_grams(text: str) -> set[str]:
    plain = re.sub(r"\s+", " ", text.lower()).strip()
    return {plain[at : at + 5] for at in range(max(1, len(plain) - 4))}


@pytest.fixture(scope="module")
def books() -> dict[str, BrandBook]:
    paths = {brand: SAMPLES / f"{brand}.yaml" for brand in FOLDERS}
    return {brand: load_book(path.read_text(encoding="utf-8"), str(path)) for brand, path in paths.items()}


@pytest.fixture(scope="module")
def by_ref() -> dict[str, Sample]:
    return {sample.ref: sample for sample in samples()}


def test_there_are_four_hundred_mentions_of_two_brands_and_each_has_its_own_name(by_ref: dict[str, Sample]) -> None:
    assert (len(MENTIONS), len(MAILS)) == (336, 64)
    assert len(by_ref) == 400
    assert [sum(sample.brand == brand for sample in by_ref.values()) for brand in FOLDERS] == [276, 124]


def test_every_channel_has_a_share() -> None:
    counts = Counter(line["channel"] for line in MENTIONS)
    assert set(counts) == {"twitter", "facebook", "instagram", "mastodon", "bluesky", "forum", "review", "whatsapp"}
    assert min(counts.values()) >= 12


@pytest.mark.parametrize("folder", FOLDERS.values(), ids=FOLDERS)
def test_lines_stand_in_the_order_in_which_they_were_posted(folder: Path) -> None:
    posted = [datetime.fromisoformat(line["posted_at"]) for line in lines_of(folder / "mentions.jsonl")]
    assert posted == sorted(posted)


@pytest.mark.parametrize("line", MENTIONS, ids=lambda line: line["external_id"])
def test_a_line_is_one_mention_as_ingest_takes_it(line: dict[str, Any]) -> None:
    assert set(line) == MENTION_FIELDS
    for part, model in (("author", Author), ("engagement", Engagement), ("thread", Thread)):
        if line[part] is not None:
            assert set(line[part]) <= set(model.model_fields)
            model.model_validate(line[part])
    for attachment in line["attachments"]:
        assert set(attachment) == set(Attachment.model_fields)
        Attachment.model_validate(attachment)
    assert line["kind"] in ("post", "reply", "direct", "review")
    assert line["visibility"] == ("private" if line["kind"] == "direct" else "public")
    begins_a_thread = line["thread"] is not None and line["thread"]["id"] == line["external_id"]
    assert (line["kind"] == "reply") == (line["thread"] is not None and not begins_a_thread)
    assert line["text"].strip() == line["text"] != ""
    assert FIRST <= datetime.fromisoformat(line["posted_at"]) < LAST
    if line["url"] is not None:
        assert re.match(r"https://[\w.-]+\.example/", line["url"])
    for identity in line["author"]["identities"]:
        assert identity["value"] == identity["value"].lower().removeprefix("@")
        assert ("channel" in identity) == (identity["kind"] == "handle")


@pytest.mark.parametrize("path", MAILS, ids=lambda path: f"{path.parent.parent.name}-{path.stem}")
def test_a_mail_is_well_formed_and_marked_as_example(path: Path) -> None:
    raw = path.read_bytes()
    assert raw.count(b"\n") == raw.count(b"\r\n") > 0
    assert max(map(len, raw.split(b"\r\n"))) <= 998  # RFC 5322, 2.1.1
    mail = parse(path)
    assert [defect for part in mail.walk() for defect in part.defects] == []
    assert [defect for header in mail.values() for defect in header.defects] == []
    assert mail["From"].addresses[0].domain.endswith(".example")
    assert mail["Message-ID"].strip().endswith(".example>")
    assert mail["X-Example-Data"]
    assert FIRST <= mail["Date"].datetime < LAST
    assert mail["Date"].datetime.strftime("%a") == str(mail["Date"])[:3]
    assert len(body(mail).strip()) > 40
    assert "\ufffd" not in body(mail) + mail["Subject"] + mail["From"]


def test_message_ids_differ() -> None:
    assert len({parse(path)["Message-ID"] for path in MAILS}) == len(MAILS)


@pytest.mark.parametrize(
    ("form", "pattern"),
    [
        ("multipart/report", rb"(?m)^Content-Type: multipart/report"),
        ("calendar notice", rb"(?m)^Content-Type: text/calendar"),
        ("Outlook's quoted heading", rb"(?m)^Verzonden: "),
        ("Gmail's quoted history", rb"gmail_quote"),
        ("Apple's quoted history", rb"heeft Vaart Klantenservice <klant@vaart\.example> het volgende geschreven"),
        ("multipart/alternative", rb"(?m)^Content-Type: multipart/alternative"),
        ("multipart/mixed", rb"(?m)^Content-Type: multipart/mixed"),
        ("multipart/related", rb"(?m)^Content-Type: multipart/related"),
        ("HTML only", rb"\A(?s:(?!multipart/).)*\r\nContent-Type: text/html(?s:(?!multipart/).)*\Z"),
        ("quoted-printable", rb"(?m)^Content-Transfer-Encoding: quoted-printable"),
        ("base64 text", rb"Content-Type: text/plain[^\r]*\r\nContent-Transfer-Encoding: base64"),
        ("raw ISO-8859-1 bytes", rb"charset=iso-8859-1\r\nContent-Transfer-Encoding: 8bit(?s:.)*[\xe9\xef\xf6]"),
        ("windows-1252", rb'charset="windows-1252"'),
        ("format=flowed", rb"format=flowed"),
        ("encoded name", rb"(?mi)^From: =\?iso-8859-1\?"),
        ("encoded subject", rb"(?mi)^Subject: =\?utf-8\?"),
        ("attachment", rb"(?m)^Content-Disposition: attachment"),
        ("inline picture", rb"(?m)^Content-ID: <"),
        ("reply", rb"(?m)^In-Reply-To: (?s:.)*^References: "),
        ("quoted history, nested", rb"(?m)^>> "),
        ("quoted history under a line", rb"-----Original Message-----"),
        ("automatic reply", rb"(?m)^Auto-Submitted: auto-replied"),
        ("bulk", rb"(?m)^List-Unsubscribe: "),
    ],
)
def test_every_form_of_mail_has_an_example(form: str, pattern: bytes) -> None:
    assert [path.name for path in MAILS if re.search(pattern, path.read_bytes())], form


def test_an_attachment_arrives_whole_with_its_accented_name() -> None:
    (attachment,) = parse(SAMPLES / "mail" / "13-factuur-bijlage.eml").iter_attachments()
    assert attachment.get_filename() == "factuur F26-204871 (creëer nieuw).pdf"
    content = attachment.get_content()
    assert content.startswith(b"%PDF-")
    assert content.rstrip().endswith(b"%%EOF")


def test_no_two_texts_are_alike_except_where_documented(by_ref: dict[str, Sample]) -> None:
    documented = {frozenset((line["a"], line["b"])) for line in told()}
    grams = {ref: five_grams(sample.written) for ref, sample in by_ref.items()}
    alike = {frozenset((a, b)) for a, b in combinations(grams, 2) if len(grams[a] & grams[b]) / len(grams[a] | grams[b]) >= ALIKE}
    assert alike <= documented


def test_pairs_traps_and_threads_name_mentions_that_exist(by_ref: dict[str, Sample]) -> None:
    lines = told()
    assert Counter(line["kind"] for line in lines) == {"pair": 40, "trap": 14, "thread": 3}
    for line in lines:
        assert set(line) == {"kind", "a", "b", "why"}
        assert line["a"] in by_ref
        assert line["b"] in by_ref
        assert line["a"] != line["b"]
    pairs = [line for line in lines if line["kind"] == "pair"]
    assert all(channel_of(line["a"]) != channel_of(line["b"]) for line in pairs), "a pair is on two channels"
    assert all(line["a"].split(":")[0] == line["b"].split(":")[0] for line in lines if line["kind"] != "trap")
    assert len({ref for line in lines for ref in (line["a"], line["b"])}) == 2 * len(lines)


def channel_of(ref: str) -> str:
    return ref.split(":")[1].split("/")[0]


@pytest.mark.parametrize("line", told(), ids=lambda line: f"{line['kind']} {line['a']}")
def test_a_pair_shares_evidence_and_a_trap_shares_none(
    line: dict[str, str], by_ref: dict[str, Sample], books: dict[str, BrandBook]
) -> None:
    a, b = by_ref[line["a"]], by_ref[line["b"]]
    shared = evidence(a, books) & evidence(b, books)
    if line["kind"] == "thread" or (line["kind"] == "trap" and a.brand == b.brand and a.identities == b.identities):
        assert shared == a.identities == b.identities, "the same person, and nothing else"
    elif a.brand != b.brand:
        assert {kind for kind, _ in shared} == {"phone"}, "brands never mix, whatever they share"
    else:
        assert bool(shared) == (line["kind"] == "pair"), shared


def test_no_two_mentions_outside_the_documented_ones_share_evidence(by_ref: dict[str, Sample], books: dict[str, BrandBook]) -> None:
    documented = {frozenset((line["a"], line["b"])) for line in told()}
    found = {ref: evidence(sample, books) for ref, sample in by_ref.items()}
    assert {frozenset((a, b)) for a, b in combinations(found, 2) if found[a] & found[b]} <= documented


@pytest.mark.parametrize(
    ("brand", "languages", "form", "person"), [("vaart", ["nl", "en"], "je", "ik"), ("kwartel", ["nl", "de", "en"], "u", "wij")]
)
def test_each_brand_book_is_a_pilot_with_a_voice_of_its_own(
    brand: str, languages: list[str], form: str, person: str, books: dict[str, BrandBook]
) -> None:
    book = books[brand]
    assert (book.brand, book.pilot, list(book.languages)) == (brand, True, languages)
    assert (book.voice.address_form, book.voice.person) == (form, person)
    assert {member.role for member in book.team} == {"agent", "lead", "trainee", "spokesperson"}
    assert {script.language for script in book.scripts} == set(languages)


def test_labels_have_six_to_ten_examples_and_none_of_them_is_a_sample_mention(
    books: dict[str, BrandBook], by_ref: dict[str, Sample]
) -> None:
    written = [sample.written.lower() for sample in by_ref.values()]
    for book in books.values():
        assert len(book.labels) >= 8
        for label in book.labels:
            assert 6 <= len(label.examples) <= 10, label.name
            for example in label.examples:
                assert not any(example.lower() in text for text in written), example


def test_nothing_in_the_samples_has_an_address_outside_the_example_domain() -> None:
    for path in [*MAILS, *SAMPLES.glob("*.yaml"), *SAMPLES.glob("**/*.jsonl")]:
        text = path.read_bytes().decode("latin-1")
        assert [address for address in _ADDRESS.findall(text) if not address.endswith(".example")] == [], path.name
