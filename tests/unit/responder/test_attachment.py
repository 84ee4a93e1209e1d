"""A file is what its content is, under a name that misleads nobody."""

from uuid import uuid4

import pytest

from libs.common.errors import Unprocessable
from services.responder import attachment

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20
CONTENTS = {
    "image/png": PNG,
    "image/jpeg": b"\xff\xd8\xff\xe0JFIF",
    "image/gif": b"GIF89a...",
    "image/webp": b"RIFF\x10\0\0\0WEBPVP8 ",
    "application/pdf": b"%PDF-1.7\n",
    "text/plain": "één;twee\n€ 3\n".encode(),
}


@pytest.mark.parametrize("kind", CONTENTS)
def test_a_file_is_known_by_its_content(kind: str) -> None:
    assert attachment.media_type(CONTENTS[kind]) == kind


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"MZ\x90\0",
        b"PK\x03\x04docx",
        b"<svg onload=alert(1)>",
        b" \n<!DOCTYPE html>",
        "\ufeff<html>".encode(),
        b"a\0b",
        b"\xff\xfea\0",
        b"RIFF\0\0\0\0AVI ",
    ],
)
def test_what_runs_or_is_shown_as_a_page_is_not_taken_whatever_its_name(content: bytes) -> None:
    assert attachment.media_type(content) is None
    with pytest.raises(Unprocessable, match="by its content"):
        attachment.made(uuid4(), "foto.png", "een foto", content)


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        ("foto.PNG", "image/png", "foto.png"),
        ("foto.jpeg", "image/jpeg", "foto.jpeg"),
        ("rekening.pdf.exe", "application/pdf", "rekening.pdf.exe.pdf"),
        ("../../etc/passwd", "text/plain", "passwd.txt"),
        ("C:\\Users\\gs\\kwartaal één.csv", "text/plain", "kwartaal één.csv"),
        ("a\r\nBcc: x@y.example\x00.png", "image/png", "a Bcc x@y.example.png"),
        ("gpj\u202etxt.exe", "text/plain", "gpjtxt.exe.txt"),
        ("...", "image/png", "bijlage.png"),
        ("n" * 255, "image/png", "n" * 80 + ".png"),
    ],
)
def test_a_name_is_one_line_and_ends_as_what_it_is(name: str, kind: str, expected: str) -> None:
    assert attachment.clean_name(name, kind) == expected


@pytest.mark.parametrize("alt", [None, "", " \t"])
def test_a_picture_without_words_is_refused(alt: str | None) -> None:
    with pytest.raises(Unprocessable, match="in words"):
        attachment.made(uuid4(), "foto.png", alt, PNG)
    assert attachment.made(uuid4(), "lijst.txt", alt, b"een\n").alt is None
