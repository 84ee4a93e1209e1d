"""`weerklank drill` on a running routing: the team is told, does what it does, and reads the report; no case comes of it."""

import threading
from pathlib import Path
from typing import Any

import pytest

from cli import drill
from cli.client import Client
from tests.integration.routing.hub_world import BOOK
from tests.system import running
from tests.waiting import eventually


def test_a_drill_is_played_acknowledged_and_reported(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with running(home, "ingest", "routing") as system:
        system.apply(BOOK.replace("hub:\n", "pilot: true\nhub:\n"))

        def call(method: str, path: str, who: str, **request: Any) -> Any:
            return system.call("routing", method, f"/v1/brands/vaart{path}", role="spokesperson", brand="vaart", subject=who, **request)

        def team() -> None:
            """Somebody acknowledges and decides as soon as there is a drill."""
            found = eventually(lambda: call("GET", "/incidents?drill=true", "wv").json()["items"], "there is a drill", 30)
            path = f"/incidents/{found[0]['id']}"
            call("POST", f"{path}/acknowledge", "wv")
            call("POST", f"{path}/decisions", "wv", json={"what": "Stil.", "why": "Oefening."})

        environment = {"WEERKLANK_URL_ROUTING": system.url("routing"), "WEERKLANK_TOKEN": system.issuer.token("lead", ["vaart"], "mk")}
        recording = drill.read(drill.RECORDINGS / "storing.jsonl")
        at_work = threading.Thread(target=team)
        at_work.start()
        with Client(home, environment) as client:
            code = drill.run(client, "vaart", recording, to=["wv", "mk"], speed=100, seconds=6, as_json=False)
        at_work.join(30)
        told = capsys.readouterr()
        assert code == 0
        assert "acknowledged by wv" in told.err
        assert "decided by wv" in told.err
        assert ">> Het incident wordt gemeld" in told.err
        assert told.out.strip().startswith("# DRILL: Storing in Utrecht")
        assert "| first decision | " in told.out
        assert " sandbox |" in told.out, told.out[:2000]
        assert system.rows("select count(*) as n from routing.care_case")[0]["n"] == 0
