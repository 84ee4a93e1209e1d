"""The desk's words: whatever its templates say there is in Dutch and in English, with the same variables."""

import re
import string

import pytest

from libs.common.auth import STAFF
from libs.common.bookguard import SEVERITIES
from services.responder import case_told
from services.responder.desk_api import TABS
from services.responder.desk_page import FOLDER, LANGUAGES, WORDS, said
from services.responder.reply import _STEPS
from tests.integration.responder.conftest import AT


def variables(words: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(words) if name}


def test_every_text_is_there_in_each_language_with_the_same_variables() -> None:
    for key, texts in WORDS.items():
        assert tuple(texts) == LANGUAGES, key
        assert all(texts.values()), key
        assert variables(texts["nl"]) == variables(texts["en"]), key


@pytest.mark.parametrize("template", sorted(path.name for path in (FOLDER / "templates").iterdir()))
def test_every_text_that_a_template_names_exists(template: str) -> None:
    content = (FOLDER / "templates" / template).read_text()
    named = set(re.findall(r"\bt\('([a-z_.]+[a-z])'[,)]", content))
    assert named - WORDS.keys() == set()


def test_what_is_made_up_of_a_name_exists_for_every_name() -> None:
    wanted = {f"verdict.{code}" for code in SEVERITIES} | {f"state.{state}" for state in _STEPS}
    wanted |= {f"tab.{tab}" for tab in TABS} | {f"empty.{tab}" for tab in TABS} | {f"role.{role}" for role in STAFF}
    wanted |= {f"step.{what}" for what in case_told._DONE.values()} | {f"step.{what}" for what in ("note", "question", "answer", "remark")}
    assert wanted - WORDS.keys() == set()


@pytest.mark.parametrize(
    ("language", "zone", "expected"),
    [("nl", "Europe/Amsterdam", "ma 2 mrt 11:00"), ("en", "Europe/Amsterdam", "Mon 2 Mar 11:00"), ("en", "UTC", "Mon 2 Mar 10:00")],
)
def test_a_moment_is_said_in_the_brands_zone(language: str, zone: str, expected: str) -> None:
    assert said(language, AT, zone) == expected
    assert said(language, AT, zone, now=AT) == expected.split()[-1]
