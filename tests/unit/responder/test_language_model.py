"""What an endpoint may answer, and what that means: one suite for whatever speaks the chat completions API."""

import asyncio
import json
from collections.abc import AsyncIterator
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from libs.common import mailserver
from libs.common.mailserver import Reach
from services.responder import language_model
from services.responder.language_model import MOST_ANSWER, Breaker, Endpoint, ModelFailed, Said, complete, is_address
from tests.fakes import models
from tests.fakes.models import KEY, MODEL, Model, completion, error

HERE = Reach((ip_network("127.0.0.0/8"),), frozenset(), "WEERKLANK_RESPONDER_MODEL")
ASKED = (("system", "Je bent kort."), ("user", "Mijn internet ligt eruit"))


@pytest.fixture
async def model() -> AsyncIterator[Model]:
    async with models.serving() as found:
        yield found


def at(model: Model, **more: Any) -> Endpoint:
    return Endpoint(**{"url": model.url, "model": MODEL, "key": KEY, "reach": HERE, "within_s": 2.0, **more})


async def failure(endpoint: Endpoint) -> ModelFailed:
    with pytest.raises(ModelFailed) as raised:
        await complete(endpoint, ASKED, max_tokens=100)
    return raised.value


async def test_a_completion_is_a_text_and_what_it_took(model: Model) -> None:
    said = await complete(at(model), ASKED, max_tokens=100)
    assert said == Said("Wat vervelend! Ik ben ermee bezig.", 400, 40)
    assert said.tokens == 440
    (sent,) = model.received
    assert sent["messages"] == [{"role": role, "content": content} for role, content in ASKED]
    assert (sent["model"], sent["max_tokens"], sent["stream"], sent["n"]) == (MODEL, 100, False, 1)


async def test_the_key_is_read_anew_from_its_file(model: Model, tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("old\n")
    endpoint = at(model, key="", key_file=file)
    assert (await failure(endpoint)).kind == "key"
    file.write_text(f"{KEY}\n")
    assert (await complete(endpoint, ASKED, max_tokens=100)).text
    file.unlink()
    assert "KEY_FILE cannot be read" in (await failure(endpoint)).words


@pytest.mark.parametrize(
    ("answer", "kind", "spent", "words"),
    [
        (b"{not json", "shape", "unknown", "chat completions"),
        (b'{"choices": []}', "shape", "unknown", "chat completions"),
        (b'"text"', "shape", "unknown", "chat completions"),
        (json.dumps(completion(None)).encode(), "shape", "unknown", "chat completions"),
        (json.dumps(completion("x" * 10_001)).encode(), "shape", "unknown", "chat completions"),
        (json.dumps(completion("x", prompt_tokens=-5)).encode(), "shape", "unknown", "chat completions"),
        (json.dumps(completion(" \n ")).encode(), "empty", "unknown", "nothing to say"),
        (b" " * (MOST_ANSWER + 1), "huge", "unknown", "256 KB"),
        ((401, {}, error(f"Incorrect API key provided: {KEY}.", "invalid_request_error")), "key", "nothing", "MODEL_KEY"),
        ((403, {}, error("Country not supported", "x")), "key", "nothing", "MODEL_KEY"),
        ((404, {}, error("The model does not exist", "x")), "model", "nothing", "/chat/completions"),
        ((400, {}, error("klant 06-12345678 is too long", "x")), "refused", "nothing", "(400)"),
        ((301, {"Location": "http://169.254.169.254/"}, b""), "refused", "nothing", "(301)"),
        ("drop", "lost", "unknown", "Try again"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_is_no_completion_is_told_in_our_words(model: Model, answer: Any, kind: str, spent: str, words: str) -> None:
    model.answers = [answer]
    found = await failure(at(model))
    assert (found.kind, found.spent) == (kind, spent)
    assert words in found.words
    assert KEY not in found.words
    assert "12345678" not in found.words
    assert len(model.received) == 1, "what no retry mends is not asked twice"


async def test_a_busy_server_is_asked_once_more_after_the_time_that_it_says(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(language_model, "_PAUSE_S", 0.01)
    busy = (429, {"Retry-After": "0"}, error("Rate limit reached", "requests"))
    model.answers = [busy]
    assert (await complete(at(model), ASKED, max_tokens=100)).text
    model.answers = [busy, (503, {}, error("overloaded", "server_error"))]
    assert (await failure(at(model))).kind == "busy"
    assert len(model.received) == 4
    model.answers = [(429, {"Retry-After": "60"}, error("Rate limit reached", "requests"))]
    assert (await failure(at(model))).kind == "busy"
    assert len(model.received) == 5, "sixty seconds are more than it may take"


async def test_a_slow_server_is_given_up(model: Model) -> None:
    model.answers = ["hang"]
    found = await failure(at(model, within_s=0.2))
    assert (found.kind, found.spent) == ("slow", "unknown")


async def test_an_address_inside_is_not_dialled_unless_the_operator_says_so(model: Model) -> None:
    assert "MODEL_NETWORKS allows others" in (await failure(at(model, reach=Reach(settings="WEERKLANK_RESPONDER_MODEL")))).words
    assert not model.received


async def test_in_the_public_network_it_is_https_on_a_known_port(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailserver, "may_dial", lambda address, networks=(): True)  # as if this machine were in it
    outside = Reach(settings="WEERKLANK_RESPONDER_MODEL")
    assert "is not https" in (await failure(at(model, reach=outside))).words
    assert "_PORTS allows others" in (await failure(at(model, url=model.url.replace("http:", "https:"), reach=outside))).words
    assert not model.received


async def test_nothing_answers() -> None:
    server = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    found = await failure(Endpoint(f"http://127.0.0.1:{port}/v1", MODEL, reach=HERE))
    assert (found.kind, found.spent) == ("reach", "nothing")


def test_an_endpoint_shows_no_key() -> None:
    assert KEY not in repr(Endpoint("https://models.example/v1", MODEL, KEY))


@pytest.mark.parametrize(
    ("url", "fits"),
    [
        ("https://models.example/v1", True),
        ("http://10.0.0.5:8000/v1", True),
        ("https://user:pw@models.example/v1", False),
        ("https://models.example/v1?key=1", False),
        ("ftp://models.example", False),
        ("https://", False),
        ("https://models.example:99999", False),
        ("https://models.example/v1\r\nX: y", False),
    ],
)
def test_what_an_address_of_a_model_may_be(url: str, fits: bool) -> None:
    assert is_address(url) is fits


def test_after_three_failures_nobody_asks_for_a_while_and_longer_after_each_further_one() -> None:
    breaker = Breaker()
    for _ in range(2):
        breaker.told(False, 0)
    assert breaker.waits_s(0) == 0
    breaker.told(False, 0)
    assert (breaker.waits_s(0), breaker.waits_s(29), breaker.waits_s(30)) == (30, 1, 0)
    breaker.told(False, 30)
    assert breaker.waits_s(30) == 60
    breaker.told(True, 90)
    assert breaker.waits_s(90) == 0
    breaker.told(False, 90)
    assert breaker.waits_s(90) == 0
