"""Clients and users as the command line shows them."""

import pytest

from cli import access


def test_a_name_is_shown_as_it_is_whatever_brackets_it_has(capsys: pytest.CaptureFixture[str]) -> None:
    """Square brackets are a markup of the library that draws the table: one that is not closed would end the command."""
    access._table([{"name": "Kassa [/x] [red]"}], {"name": "name"}, as_json=False)
    assert "Kassa [/x] [red]" in capsys.readouterr().out
