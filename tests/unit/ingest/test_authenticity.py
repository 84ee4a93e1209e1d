"""Whose word is taken for who a mail is from, and what of it."""

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.authenticity import Result, authenticity, judged, parsed
from services.ingest.mail import read_mail

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
OURS = ["mx.vaart.example"]
DOMAIN = "vaart.example"

# The examples of RFC 8601, appendix B, with what they say of a mail from the domain that they are about.
RFC = [
    ("example.org 1; none", "example.org", "example.com", "unknown"),
    ("example.com; spf=pass smtp.mailfrom=example.net", "example.com", "example.net", "pass"),
    (
        "example.com;\r\n auth=pass (cram-md5) smtp.auth=sender@example.net;\r\n spf=pass smtp.mailfrom=example.net",
        "example.com",
        "example.net",
        "pass",
    ),
    ("example.com; iprev=pass\r\n policy.iprev=192.0.2.200", "example.com", "example.net", "unknown"),
    (
        "example.com;\r\n dkim=pass (good signature) header.d=example.com;\r\n spf=fail smtp.mailfrom=example.com",
        "example.com",
        "example.com",
        "pass",
    ),
    (
        "example.com;\r\n dkim=pass reason=\"good signature\"\r\n header.i=@mail-router.example.net;\r\n dkim=fail reason=\"bad signature\"\r\n"
        " header.i=@newyork.example.com",
        "example.com",
        "newyork.example.com",
        "fail",
    ),
    (
        "foo.example.net (foobar) 1 (baz);\r\n dkim (Because I like it) / 1 (One yay) = (wait for it) fail\r\n"
        " policy (A dot can go here) . (like that) expired\r\n (this surprised me) = (as I wasn't expecting it) 1362471462",
        "foo.example.net",
        "example.com",
        "unknown",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("header", "server", "domain", "verdict"), RFC)
def test_the_examples_of_the_rfc(header: str, server: str, domain: str, verdict: str) -> None:
    assert parsed(header)[0] == server
    assert authenticity([header], [server.upper()], domain) == verdict


def test_names_results_and_properties_are_read_by_the_grammar() -> None:
    name, results = parsed(RFC[6][0])
    assert (name, results) == ("foo.example.net", [Result("dkim", "fail", {"policy.expired": "1362471462"})])
    name, results = parsed('"mx.vaart.example" ; spf=pass smtp.mailfrom="a;dmarc=pass"@evil.example; dmarc=fail header.from=vaart.example')
    assert [one.method for one in results] == ["dmarc"], "what the grammar does not allow is left out, whole"
    assert parsed("mx.vaart.example; spf=pass (a comment; dmarc=pass (nested) \\) still) smtp.mailfrom=x.example")[1] == [
        Result("spf", "pass", {"smtp.mailfrom": "x.example"})
    ]


@pytest.mark.parametrize(
    ("results", "verdict"),
    [
        ("dmarc=pass header.from=vaart.example", "pass"),
        ("dmarc=pass action=none header.from=vaart.example;compauth=pass reason=100", "pass"),
        ("dmarc=fail (p=NONE) header.from=vaart.example; dkim=pass header.d=vaart.example", "fail"),
        ("dmarc=pass header.from=evil.example", "fail"),
        ("dmarc=none header.from=vaart.example; spf=pass smtp.mailfrom=femke@vaart.example", "pass"),
        ("dmarc=none header.from=vaart.example; spf=pass smtp.mailfrom=post@evil.example", "unknown"),
        ("dkim=pass header.d=evil.example", "unknown"),
        ("dkim=pass header.i=@mail.vaart.example", "pass"),
        ("dkim=pass header.d=vaart.example.evil.example", "unknown"),
        ("dkim=pass header.d=notvaart.example", "unknown"),
        ("dkim=pass header.d=example", "unknown"),
        ("dkim=fail header.d=lijst.example", "unknown"),
        ("dkim=fail header.d=vaart.example", "fail"),
        ("spf=fail smtp.mailfrom=vaart.example", "fail"),
        ("spf=softfail smtp.mailfrom=vaart.example", "unknown"),
        ("spf=fail smtp.mailfrom=vaart.example; dkim=pass header.d=vaart.example", "pass"),
        ("spf=temperror; dkim=none", "unknown"),
        ("auth=pass smtp.auth=femke@vaart.example", "pass"),
        ("auth=pass smtp.auth=femke", "unknown"),
        ("arc=pass", "unknown"),
        ("dmarc=passed", "unknown"),
    ],
)
def test_a_verdict_is_of_the_senders_own_domain(results: str, verdict: str) -> None:
    assert authenticity([f"mx.vaart.example; {results}"], OURS, DOMAIN) == verdict


def test_only_the_topmost_word_of_a_trusted_server_counts() -> None:
    ours, fails = "mx.vaart.example; dmarc=pass header.from=vaart.example", "mx.vaart.example; dmarc=fail header.from=vaart.example"
    evil = "mx.evil.example; dmarc=pass header.from=vaart.example"
    assert authenticity([fails, ours], OURS, DOMAIN) == "fail", "what stands further down came with the mail"
    assert authenticity(["mx.vaart.example; none", ours], OURS, DOMAIN) == "unknown"
    assert authenticity([evil], OURS, DOMAIN) == "unknown"
    assert authenticity([evil, ours], OURS, DOMAIN) == "pass", "a filter within may have had its say above"
    assert authenticity([ours], [], DOMAIN) == "unknown", "the book trusts nobody"
    assert authenticity(["spf=pass smtp.mailfrom=vaart.example; dmarc=pass"], OURS, DOMAIN) == "unknown", "it does not say who says so"


@pytest.mark.parametrize(
    ("sender", "domain"),
    [
        (["From: Femke <femke@vaart.example>"], "vaart.example"),
        (['From: "femke@vaart.example" <eve@evil.example>'], "evil.example"),
        (["From: femke@vaart.example, eve@evil.example"], None),
        (["From: femke@vaart.example", "From: eve@evil.example"], None),
        (["Reply-To: femke@vaart.example"], None),
    ],
)
def test_whose_domain_it_is_is_said_by_one_address_in_one_header(sender: list[str], domain: str | None) -> None:
    raw = "\r\n".join([*sender, "Authentication-Results: mx.vaart.example;\r\n dmarc=pass", "Subject: x", "", "x"]).encode()
    mail = read_mail(raw, arrived_at=NOW, now=NOW)
    assert mail.from_domain == domain
    assert authenticity(mail.results, OURS, mail.from_domain) == ("pass" if domain else "unknown")


def test_a_name_in_another_script_is_the_same_name() -> None:
    assert judged([Result("dmarc", "pass", {"header.from": "xn--caf-dma.example"})], "café.example") == "pass"


@given(st.text(alphabet='abc=.;()"\\ \r\n/1@', max_size=60), st.text(alphabet='=.;()"\\ \n/@-', max_size=20))
def test_whatever_stands_there_is_read_and_what_a_sender_smuggles_into_a_value_makes_no_pass(junk: str, inner: str) -> None:
    parsed(junk)
    quoted = '"' + inner.replace("\\", "\\\\").replace('"', '\\"') + '; dmarc=pass"'
    assert authenticity([f"mx.vaart.example; spf=none smtp.helo={quoted}; dmarc=fail"], OURS, DOMAIN) == "fail"


@pytest.mark.parametrize(
    "junk", ["(" * 20_000, '"' * 20_000, "\\" * 20_000, " " * 20_000, "a=" * 10_000, "; a=b" * 4000, "a=b c" + " " * 19_000]
)
def test_no_header_takes_long(junk: str) -> None:
    began = time.perf_counter()
    authenticity([f"mx.vaart.example; {junk}"] * 10, OURS, DOMAIN)
    assert time.perf_counter() - began < 1
