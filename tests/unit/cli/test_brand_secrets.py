"""A brand's passwords: where they lie, who may read them, and that no name leads elsewhere."""

import subprocess
from pathlib import Path

import pytest

from cli import brand_secrets
from cli.client import remember_brand
from cli.errors import CommandError
from libs.common import secret
from tests.unit.cli.test_command_line import weerklank


def run(data: Path, *arguments: str, stdin: str = "") -> "subprocess.CompletedProcess[str]":
    return weerklank("secret", *arguments, "--data-dir", data, stdin=stdin)


async def test_what_is_set_is_what_a_service_reads_and_only_its_owner_may(tmp_path: Path) -> None:
    data = tmp_path / "data"
    done = run(data, "set", "vaart", "mail", stdin="hunter two ☂\n")
    assert (done.returncode, "file:vaart/mail" in done.stdout, "hunter" in done.stdout + done.stderr) == (0, True, False)
    assert await secret.read("file:vaart/mail", "vaart", ["vaart"], data / "secrets") == "hunter two ☂"
    assert [oct(path.stat().st_mode & 0o777) for path in (data / "secrets", data / "secrets/vaart", data / "secrets/vaart/mail")] == [
        "0o700",
        "0o700",
        "0o600",
    ]
    assert run(data, "set", "vaart", "file:vaart-imap", stdin="other").returncode == 0
    assert await secret.read("file:vaart-imap", "vaart", ["vaart"], data / "secrets") == "other"
    assert [line.split()[0] for line in run(data, "list", "--brand", "vaart").stdout.splitlines()[1:]] == [
        "file:vaart/mail",
        "file:vaart-imap",
    ]
    assert run(data, "list", "--brand", "golf").stdout.startswith("no secrets of golf")
    assert run(data, "remove", "vaart", "mail").returncode == 0
    assert run(data, "remove", "vaart", "mail").returncode == 4
    assert not [path for path in (data / "secrets").rglob("*") if path.name.startswith(".new")]


@pytest.mark.parametrize(
    ("brand", "name"),
    [
        ("vaart", "../golf/mail"),
        ("vaart", "/etc/passwd"),
        ("vaart", "..",),
        ("vaart", ".hidden"),
        ("vaart", ""),
        ("vaart", "a b"),
        ("vaart", "file:golf/mail"),
        ("vaart", "file:golf-mail"),
        ("vaart", "file:vaart/../golf/mail"),
        ("vaart", "file:vaart-zakelijk-mail"),
        ("vaart", "env:VAART_MAIL"),
        ("../vaart", "mail"),
        ("Vaart", "mail"),
    ],
)  # fmt: skip
def test_a_name_that_is_not_the_brands_own_is_refused(tmp_path: Path, brand: str, name: str) -> None:
    for known in ("vaart", "vaart-zakelijk", "golf"):
        remember_brand(tmp_path, known)
    with pytest.raises(CommandError) as refused:
        brand_secrets.place(tmp_path, brand, name)
    assert refused.value.code == 2


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "secrets/vaart").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(CommandError, match="leads out"):
        brand_secrets.place(tmp_path, "vaart", "mail")


@pytest.mark.parametrize("value", ["", "\n", "x" * 20_000, "a\0b"])
def test_what_is_no_secret_leaves_the_old_one(tmp_path: Path, value: str) -> None:
    brand_secrets.keep(brand_secrets.place(tmp_path, "vaart", "mail"), "the old one")
    done = run(tmp_path, "set", "vaart", "mail", stdin=value)
    assert (done.returncode, done.stdout) == (2, "")
    assert (tmp_path / "secrets/vaart/mail").read_text() == "the old one"


def test_the_folder_is_the_one_that_the_services_are_told(tmp_path: Path) -> None:
    responder, ingest = "WEERKLANK_RESPONDER_SECRETS_DIR", "WEERKLANK_INGEST_SECRETS_DIR"
    assert brand_secrets.folder(tmp_path, {}) == tmp_path / "secrets"
    assert brand_secrets.folder(tmp_path, {responder: "/vault"}) == Path("/vault")
    with pytest.raises(CommandError, match="several folders"):
        brand_secrets.folder(tmp_path, {responder: "/vault", ingest: "/safe"})
