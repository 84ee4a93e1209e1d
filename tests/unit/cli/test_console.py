"""What others wrote does not speak to the terminal of whoever reads it."""

import pytest

from cli.console import console, table


def test_a_table_shows_what_others_wrote_without_what_a_terminal_obeys(capsys: pytest.CaptureFixture[str]) -> None:
    shown = table("who", "why")
    shown.add_row("gs\x1b]0;mine\x07", "terug\x9b2J \u202enaar\nversie 1")
    console().print(shown)
    said = capsys.readouterr().out
    assert not set("\x1b\x07\x9b\u202e") & set(said)
    assert "naar" in said
    assert "versie 1" in said
