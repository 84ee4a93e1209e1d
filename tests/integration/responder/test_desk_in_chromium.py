"""The desk in a real browser: a whole story by keyboard alone, on a phone, and without anything that keeps somebody out (axe)."""

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from libs.common.events import Mention
from tests.integration.responder.conftest import Around, case_of, mention, opened
from tests.waiting import until

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
PHONE, WIDE = {"width": 360, "height": 740}, {"width": 1280, "height": 900}

pytestmark = pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="needs Debian's chromium")


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        found = await playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
        yield found
        await found.close()


@pytest.fixture
async def address(around: Around) -> AsyncIterator[str]:
    """A running responder behind a real port, its brand with rules that need a lead."""
    await around.publish(
        voice={"address_form": "je", "forbidden_words": ["helaas"]},
        conduct={"approvals": [{"when": {}, "by": ["lead"]}]},
    )
    await around.start()
    await around.keep_leasing()
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        assert around.app is not None
        server = uvicorn.Server(uvicorn.Config(around.app, lifespan="off", log_config=None))
        serving = asyncio.create_task(server.serve([listening]))
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        await serving


async def context_of(browser: Browser, language: str = "nl", **more: Any) -> BrowserContext:
    found = await browser.new_context(locale=language, viewport=more.pop("viewport", WIDE), reduced_motion="reduce", **more)
    found.set_default_timeout(8000)
    return found


async def log_in(page: Page, address: str, token: str) -> None:
    """By keyboard: the token is pasted, Tab leads to the button."""
    await page.goto(f"{address}/desk")
    await page.keyboard.press("Tab")
    await expect(page.locator(".skip")).to_be_focused()
    await page.get_by_role("textbox").focus()
    await page.keyboard.insert_text(token)
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.locator(".tabs")).to_be_visible()


async def nothing_keeps_anybody_out(page: Page, where: str) -> None:
    found = await Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]})
    assert found.response["violations"] == [], f"{where}: {found.generate_report()}"
    wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{where} scrolls sideways by {wide}"


def strange(brand: str) -> Mention:
    found = mention(brand, "sanne")
    text = "Mijn internet ligt eruit <script>document.title='stolen'</script> <img src=x onerror=\"document.title='stolen'\"> 👩‍👩‍👧 & meer"
    return found.model_copy(update={"text": text, "author": found.author.model_copy(update={"name": "Sanne <b>Visser</b>"})})


async def test_a_story_by_keyboard_alone(around: Around, address: str, browser: Browser) -> None:
    case = case_of(strange(around.brand))
    await around.case(opened(case), 1)
    await around.settled()
    context = await context_of(browser)
    page = await context.new_page()
    await log_in(page, address, around.issuer.token("agent", [around.brand], "gs"))
    alarms: list[str] = []
    page.on("console", lambda message: alarms.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: alarms.append(str(error)))

    # The queue: j goes to the first row, Enter opens it.
    await page.keyboard.press("?")
    await expect(page.locator("#help")).to_be_visible()
    await page.keyboard.press("Escape")
    await page.keyboard.press("j")
    await expect(page.locator(".rows .row").first).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator("h1")).to_contain_text("Sanne <b>Visser</b>")
    await expect(page.locator(".lines .theirs .words")).to_contain_text("<script>document.title='stolen'</script>")

    # The draft: e goes to the text, verdicts come while it is written, f applies the first fix.
    await page.keyboard.press("e")
    await expect(page.locator("#text")).to_be_focused()
    await page.keyboard.press("Control+a")
    await page.keyboard.insert_text("👋 Hoi Sanne, kun je {plaats} noemen? Helaas duurt het nog even. ^gs")
    verdicts = page.locator("[data-judged] .verdicts")
    await expect(verdicts).to_contain_text("Verboden woord")
    await expect(verdicts.locator("mark", has_text="Helaas")).to_have_count(1)
    await expect(page.locator("[data-live]")).to_contain_text("houdt tegen")
    await page.keyboard.press("Control+a")
    await page.keyboard.insert_text("👋 Hoi Sanne, kun u het modem herstarten? Dan kijk ik mee. ^gs")
    fix = page.locator("[data-fix]").first
    await expect(fix).to_be_visible()
    offered = await fix.get_attribute("data-fix")
    await page.keyboard.press("Escape")
    await page.keyboard.press("f")
    await expect(page.locator("#text")).to_have_value(f"👋 Hoi Sanne, kun {offered} het modem herstarten? Dan kijk ik mee. ^gs")
    await expect(page.locator("[data-judged] [data-fix]")).to_have_count(0)

    # Ctrl+Enter asks, Enter offers it.
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#sure [data-sure-text]")).to_contain_text("het modem herstarten")
    await page.keyboard.press("Enter")
    await expect(page.locator("h2 .state")).to_have_text("wacht op akkoord")
    await expect(page.locator(".approve")).to_contain_text("lead")
    await context.close()

    # The lead: the list of what waits, the exact text and to whom, Ctrl+Enter, Enter.
    context = await context_of(browser)
    page = await context.new_page()
    await log_in(page, address, around.issuer.token("lead", [around.brand], "mk"))
    await page.keyboard.press("2")
    await expect(page.locator('[aria-current="page"]')).to_contain_text("Goed te keuren")
    await page.keyboard.press("j")
    await page.keyboard.press("Enter")
    await expect(page.locator("#exact")).to_contain_text("Dan kijk ik mee. ^gs")
    await expect(page.locator(".target")).to_contain_text("sanne")
    for box in await page.locator(".approve input[type=checkbox]").all():
        await box.focus()
        await page.keyboard.press("Space")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#sure [data-sure-text]")).to_contain_text("Dan kijk ik mee. ^gs")
    await page.keyboard.press("Enter")
    await expect(page.locator(".note.good")).to_contain_text("Goedgekeurd")
    await context.close()

    async def arrived() -> str | None:
        items = (await around.call("GET", "/sandbox")).json()["items"]
        return items[0]["text"] if items else None

    assert await until(arrived, "the sandbox has it") == f"👋 Hoi Sanne, kun {offered} het modem herstarten? Dan kijk ik mee. ^gs"
    assert alarms == []


@pytest.mark.parametrize("language", ["nl", "en"])
async def test_every_screen_is_for_everybody_on_a_desk_and_on_a_phone(
    around: Around, address: str, browser: Browser, language: str
) -> None:
    case = case_of(strange(around.brand), risk=["press"], tags=["x"], legal_check="asked")
    await around.case(opened(case), 1)
    await around.settled()
    draft = await around.write(case, "Helaas {plaats} 😀 " + "w" * 90)
    await around.submit(draft["id"])
    context = await context_of(browser, language, color_scheme="light" if language == "nl" else "dark")
    page = await context.new_page()
    await page.goto(f"{address}/desk")
    await page.set_viewport_size(PHONE)
    await nothing_keeps_anybody_out(page, "log in")
    await log_in(page, address, around.issuer.token("lead", [around.brand], "mk"))
    base = f"{address}/desk/brands/{around.brand}"
    screens = [
        ("queue", ""),
        ("to approve", "?tab=approve"),
        ("sent", "?tab=sent"),
        ("reply", f"/replies/{draft['id']}"),
        ("no such reply", f"/replies/{case.id}"),
    ]
    for name, path in screens:
        await page.goto(base + path)
        assert await page.locator("html").get_attribute("lang") == language
        for size in (PHONE, WIDE):
            await page.set_viewport_size(size)
            await nothing_keeps_anybody_out(page, f"{name} in {language} at {size['width']}")
    await page.goto(base)
    await page.keyboard.press("?")
    await nothing_keeps_anybody_out(page, "help")
    await context.close()


async def test_what_somebody_wrote_survives_a_colleague_who_was_faster_and_an_ended_log_in(
    around: Around, address: str, browser: Browser
) -> None:
    case = case_of(mention(around.brand, "a"))
    await around.case(opened(case), 1)
    await around.settled()
    draft = await around.write(case, "Hoi Sanne, ik kijk ^gs")
    context = await context_of(browser, "en")
    page = await context.new_page()
    await log_in(page, address, around.issuer.token("agent", [around.brand], "gs"))
    await page.goto(f"{address}/desk/brands/{around.brand}/replies/{draft['id']}")
    text = page.locator("#text")
    await text.fill("Hoi Sanne, mijn eigen woorden ^gs")
    await around.call("PUT", f"/replies/{draft['id']}", json={"text": "Hoi Sanne, van een ander ^mk"}, role="lead", subject="mk")
    await page.keyboard.press("Control+s")
    await expect(page.get_by_role("alert")).to_contain_text("changed meanwhile")
    await expect(page.get_by_role("alert")).to_be_focused()
    await expect(page.get_by_role("alert")).to_contain_text("van een ander ^mk")
    await expect(text).to_have_value("Hoi Sanne, mijn eigen woorden ^gs")
    await nothing_keeps_anybody_out(page, "conflict")
    await text.press("Control+s")
    await expect(page.locator(".note.good")).to_contain_text("Saved")
    assert (await around.get(draft["id"]))["text"] == "Hoi Sanne, mijn eigen woorden ^gs"
    await text.fill("Hoi Sanne, nog niet bewaard ^gs")
    await around.db.execute("delete from desk_session")
    await page.keyboard.press("Control+s")
    await expect(page.locator("#token")).to_be_visible()
    await page.locator("#token").fill(around.issuer.token("agent", [around.brand], "gs"))
    await page.locator(".narrow button").click()
    await page.goto(f"{address}/desk/brands/{around.brand}/replies/{draft['id']}")
    await expect(text).to_have_value("Hoi Sanne, nog niet bewaard ^gs")
    await context.close()
