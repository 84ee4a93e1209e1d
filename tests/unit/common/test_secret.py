"""Secrets: each brand reaches its own, and nobody reaches the responder's."""

from pathlib import Path

import pytest

from libs.common import secret

BRANDS = ("vaart", "vaart-zakelijk", "golf", "weerklank")


@pytest.mark.parametrize(
    ("reference", "brand", "owns"),
    [
        ("env:VAART_SMTP", "vaart", True),
        ("env:VAART_X_TOKEN", "vaart", True),
        ("env:VAART_ZAKELIJK_SMTP", "vaart-zakelijk", True),
        ("file:vaart-imap", "vaart", True),
        ("file:vaart/imap", "vaart", True),
        ("file:vaart/mail/imap", "vaart", True),
        ("file:vaart-zakelijk-imap", "vaart-zakelijk", True),
        ("file:weerklank-smtp", "weerklank", True),
        ("env:VAART_ZAKELIJK_SMTP", "vaart", False),
        ("file:vaart-zakelijk-imap", "vaart", False),
        ("file:vaart-Zakelijk-imap", "vaart", False),
        ("file:vaart-zakelijk/imap", "vaart", False),
        ("env:GOLF_SMTP", "vaart", False),
        ("file:golf-smtp", "vaart", False),
        ("file:golf/smtp", "vaart", False),
        ("file:vaart/../golf-smtp", "vaart", False),
        ("env:VAARTSMTP", "vaart", False),
        ("env:vaart_SMTP", "vaart", False),
        ("env:PATH", "vaart", False),
        ("env:WEERKLANK_RESPONDER_DATABASE_URL", "vaart", False),
        ("env:WEERKLANK_RESPONDER_DATABASE_URL", "weerklank", False),
        ("file:/proc/self/environ", "vaart", False),
        ("file:/vaart-imap", "vaart", False),
        ("file:vaart", "vaart", False),
        ("https:vaart-imap", "vaart", False),
    ],
)
def test_a_name_says_whose_secret_it_is(reference: str, brand: str, owns: bool) -> None:
    assert secret.belongs(reference, brand, BRANDS) == owns


def test_a_longer_name_is_the_brands_own_while_no_other_brand_has_it() -> None:
    assert secret.belongs("env:VAART_ZAKELIJK_SMTP", "vaart", ["vaart", "golf"])


async def test_a_secret_comes_from_the_environment_or_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAART_SMTP", "geheim")
    (tmp_path / "vaart-imap").write_text("ook geheim\n")
    (tmp_path / "vaart").mkdir()
    (tmp_path / "vaart" / "smtp").symlink_to("../vaart-imap")
    for reference, value in (("env:VAART_SMTP", "geheim"), ("file:vaart-imap", "ook geheim"), ("file:vaart/smtp", "ook geheim")):
        assert await secret.read(reference, "vaart", BRANDS, tmp_path) == value
    for missing in ("env:VAART_NONE", "file:vaart-none"):
        with pytest.raises(secret.SecretMissing, match=missing):
            await secret.read(missing, "vaart", BRANDS, tmp_path)


async def test_what_is_not_the_brands_is_refused_by_name_and_rule_and_never_by_value(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOLF_SMTP", "geheim")
    folder = tmp_path / "secrets"
    folder.mkdir()
    (tmp_path / "outside").write_text("geheim")
    (folder / "vaart-link").symlink_to(tmp_path / "outside")
    (folder / "vaart").symlink_to(tmp_path)
    for reference in ("env:GOLF_SMTP", f"file:{tmp_path / 'outside'}", "file:vaart-link", "file:vaart/outside"):
        with pytest.raises(secret.SecretRefused, match=reference) as refused:
            await secret.read(reference, "vaart", BRANDS, folder)
        assert "geheim" not in str(refused.value)
