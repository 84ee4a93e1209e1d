"""Lists of cases by their filters and orders, and saved views with their counts."""

from datetime import timedelta
from itertools import pairwise
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from libs.common import db
from libs.common.case_events import Case
from services.routing import line
from services.routing.case import case_id_of
from services.routing.wanted import Wanted
from tests.integration.routing.access_world import World
from tests.integration.routing.test_search import comes, desk, wrote
from tests.unit.routing.test_permutations import START, mention_id

__all__ = ["desk"]
NAMES = {str(case_id_of("vaart", mention_id(name))): name for name in "ABCDEFGH"}
CASES = "/v1/brands/vaart/cases"


async def filed(pool: db.Pool, name: str, **values: Any) -> None:
    """The case of mention A, B, C … with these values, as any part of routing would write it."""
    case_id = case_id_of("vaart", mention_id(name))
    row = await pool.fetchrow("select state_json from care_case where brand = 'vaart' and id = $1", case_id)
    assert row is not None
    case = Case.model_validate(row["state_json"]).model_copy(update=values)
    await pool.execute(
        "update care_case set state = $2, department = $3, owner = $4, opened_at = $5, state_json = $6::text::jsonb where brand = 'vaart' and id = $1",
        case_id,
        case.state,
        case.department,
        case.owner,
        case.opened_at,
        case.model_dump_json(),
    )


async def listed(desk: World, token: str | None = None, **asked: str) -> str:
    answer = await desk.call("GET", CASES, token or desk.token("agent"), params=asked)
    assert answer.status_code == 200, answer.text
    return "".join(NAMES[case["id"]] for case in answer.json()["items"])


async def test_each_filter_narrows_the_list_and_of_several_values_any_will_do(desk: World) -> None:
    await comes(desk.pool, *(wrote(name, "vraag") for name in "ABCDE"))
    at = START + timedelta(days=40)
    await filed(desk.pool, "A", state="open", owner="gs", tags=["vip"], labels=["internet"], fields={"contract": "plus", "dozen": 12.0})
    await filed(desk.pool, "B", state="waiting", owner="mk", priority="urgent", watchers=["gs"], risk=["press"], customer_group="large")
    await filed(desk.pool, "C", state="resolved", owner="gs", tags=["vip"], sentiment="positive", opened_at=at)
    await filed(desk.pool, "D", state="closed", owner=None, department="billing", labels=["factuur"], contact="repeat")
    await filed(desk.pool, "E", state="new", owner=None, visibility="private", fields={"zakelijk": True})
    me = desk.token("agent", sub="gs")
    expected = {
        ("state", "open"): "A",
        ("state", "open,waiting"): "AB",
        ("state", "new,open,waiting"): "ABE",
        ("state", "resolved,closed"): "CD",
        ("open", "true"): "ABE",
        ("open", "false"): "CD",
        ("owner", "gs"): "AC",
        ("owner", "@me"): "AC",
        ("owner", "@nobody"): "DE",
        ("tag", "vip"): "AC",
        ("label", "internet,factuur"): "AD",
        ("department", "billing"): "CD",
        ("priority", "urgent"): "BCE",
        ("watcher", "@me"): "B",
        ("risk", "press"): "B",
        ("customer_group", "large"): "B",
        ("contact", "repeat"): "D",
        ("visibility", "private"): "E",
        ("sentiment", "positive"): "C",
        ("field", "contract=plus"): "A",
        ("field", "dozen=12"): "A",
        ("field", "zakelijk=true"): "E",
        ("opened_from", at.isoformat()): "C",
        ("opened_before", at.isoformat()): "ABDE",
        ("customer_id", str(wrote("A", "").event.triaged.customer_id)): "A",
        ("q", "vraag"): "ABCDE",
    }
    for (name, value), names in expected.items():
        assert await listed(desk, me, **{name: value}) == names, (name, value)
    assert await listed(desk, me, tag="vip", state="resolved", owner="@me") == "C"
    assert await listed(desk, me, opened_from=at.isoformat(), opened_before=(at + timedelta(days=1)).isoformat()) == "C"
    assert await listed(desk, me, open="true", state="closed") == ""
    assert await listed(desk, me, q="vraag", label="internet", sort="due") == "A"


@pytest.mark.parametrize("walk", [0, 3, 8000])
@pytest.mark.parametrize("sort", ["oldest", "newest", "due", "priority"])
async def test_pages_in_any_order_go_on_where_the_last_ended(desk: World, monkeypatch: pytest.MonkeyPatch, sort: str, walk: int) -> None:
    monkeypatch.setattr(line, "_WALK", {True: walk, False: walk})
    await comes(desk.pool, *(wrote(name, "vraag") for name in "ABCDEFGH"))
    for name, priority in zip("ABCD", ("low", "urgent", "high", "urgent"), strict=True):
        await filed(desk.pool, name, priority=priority)
    await filed(desk.pool, "E", clocks=[], priority="low")
    await filed(desk.pool, "F", clocks=[], priority="urgent")
    seen, cursor = [], None
    while True:
        asked = {"sort": sort, "limit": "3", "language": "nl,en"} | ({"cursor": cursor} if cursor else {})
        answer = (await desk.call("GET", CASES, desk.token("agent"), params=asked)).json()
        seen += answer["items"]
        if (cursor := answer["next"]) is None:
            break
    assert len({case["id"] for case in seen}) == len(seen) == 8
    if sort == "priority":
        ranks = [("urgent", "high", "normal", "low").index(case["priority"]) for case in seen]
        assert ranks == sorted(ranks)
        urgent = "".join(NAMES[case["id"]] for case in seen[:4])
        assert (set(urgent), urgent[-1]) == (set("BDFH"), "F"), "without a clock comes last of its priority"
    elif sort == "due":
        due = [min((clock["due_at"] for clock in case["clocks"] if not clock["met_at"]), default="9") for case in seen]
        assert all(one <= other for one, other in pairwise(due))
    else:
        names = "".join(NAMES[case["id"]] for case in seen)
        assert names == ("ABCDEFGH" if sort == "oldest" else "HGFEDCBA")


@given(
    changes=st.lists(
        st.fixed_dictionaries(
            {
                "state": st.sampled_from(["new", "open", "waiting", "resolved", "closed", "withdrawn"]),
                "owner": st.sampled_from([None, "gs", "mk"]),
                "tags": st.lists(st.sampled_from(["a", "b", "c/d", "é"]), max_size=2, unique=True),
                "labels": st.lists(st.sampled_from(["internet", "factuur"]), max_size=2, unique=True),
                "priority": st.sampled_from(["low", "normal", "high", "urgent"]),
            }
        ),
        min_size=3,
        max_size=6,
    ),
    wanted=st.fixed_dictionaries(
        {},
        optional={
            "state": st.lists(st.sampled_from(["new", "open", "waiting", "resolved", "closed"]), min_size=1, max_size=5, unique=True),
            "open": st.booleans(),
            "owner": st.lists(st.sampled_from(["gs", "mk", "@nobody"]), min_size=1, max_size=2, unique=True),
            "tag": st.lists(st.sampled_from(["a", "b", "c/d", "é"]), min_size=1, max_size=2, unique=True),
            "label": st.lists(st.sampled_from(["internet", "factuur"]), min_size=1, max_size=2, unique=True),
            "priority": st.lists(st.sampled_from(["low", "urgent"]), min_size=1, max_size=2, unique=True),
        },
    ),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_a_list_a_count_and_the_obvious_way_agree(desk: World, changes: list[dict[str, Any]], wanted: dict[str, Any]) -> None:
    if not await desk.pool.fetchval("select exists (select from care_case)"):
        await comes(desk.pool, *(wrote(name, "vraag") for name in "ABCDEFGH"))
    stand: dict[str, dict[str, Any]] = {}
    for name, values in zip("ABCDEFGH", changes * 3, strict=False):
        await filed(desk.pool, name, **values)
        stand[name] = values

    def fits(values: dict[str, Any]) -> bool:
        is_open = values["state"] in ("new", "open", "waiting")
        return (
            (wanted.get("open") is None or wanted["open"] == is_open)
            and ("state" not in wanted or values["state"] in wanted["state"])
            and ("owner" not in wanted or (values["owner"] or "@nobody") in wanted["owner"])
            and ("tag" not in wanted or bool(set(wanted["tag"]) & set(values["tags"])))
            and ("label" not in wanted or bool(set(wanted["label"]) & set(values["labels"])))
            and ("priority" not in wanted or values["priority"] in wanted["priority"])
        )

    expected = [name for name, values in stand.items() if fits(values)]
    asked = Wanted.model_validate(wanted)
    async with desk.pool.acquire() as connection:
        rows = await line.page(connection, "vaart", asked, "oldest", None, 50)
        assert [NAMES[str(row.case.id)] for row in rows if NAMES[str(row.case.id)] in stand] == expected
        [count] = await line.counts(connection, "vaart", [asked])
        assert count == len(rows)
        assert [case_id for case_id, _ in await line.versions(connection, "vaart", asked, 50)] == [row.case.id for row in rows]


async def test_a_change_is_in_the_list_as_soon_as_it_is_committed_and_not_before(desk: World) -> None:
    await comes(desk.pool, wrote("A", "vraag"))
    async with desk.pool.acquire() as connection, connection.transaction():
        await connection.execute(
            "update care_case set state_json = jsonb_set(state_json, '{tags}', '[\"vip\"]') where brand = 'vaart' and id = $1",
            case_id_of("vaart", mention_id("A")),
        )
        assert await listed(desk, tag="vip") == ""
    assert await listed(desk, tag="vip") == "A"
    await desk.pool.execute("delete from care_case where brand = 'vaart'")
    assert await listed(desk, tag="vip") == ""


async def test_another_brands_cases_are_in_no_list(desk: World) -> None:
    await comes(desk.pool, wrote("A", "vraag"))
    foreign = desk.token("agent", brands=("golfnet",))
    assert (await desk.call("GET", "/v1/brands/golfnet/cases?label=internet", foreign)).json()["items"] == []
    assert (await desk.call("GET", "/v1/brands/golfnet/cases", foreign)).json()["items"] == []


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ("state=lost", "state: String should match pattern '^(new|open|"),
        ("urgency=high,odd", "urgency: String should match pattern '^(low|"),
        ("field=plus", "field: String should match pattern"),
        ("opened_from=2026-11-02T09:00:00", "opened_from: Input should have timezone info"),
        ("tag=a%0Ab", "tag: String should match pattern"),
        ("tag=" + ",".join("abcdefghijklmnopqrstuvwxyz"), "tag"),
    ],
)
async def test_a_filter_that_cannot_be_says_which_and_why(desk: World, asked: str, says: str) -> None:
    answer = await desk.call("GET", f"{CASES}?{asked}", desk.token("agent"))
    assert answer.status_code == 422
    assert says in answer.json()["detail"]


async def test_a_cursor_of_another_order_is_refused(desk: World) -> None:
    await comes(desk.pool, wrote("A", "vraag"), wrote("B", "vraag"))
    first = (await desk.call("GET", f"{CASES}?limit=1&sort=due", desk.token("agent"))).json()
    for sort in ("oldest", "priority"):
        answer = await desk.call("GET", CASES, desk.token("agent"), params={"sort": sort, "cursor": first["next"]})
        assert answer.status_code == 400


# --- saved views -----------------------------------------------------------------------------------------------------------------------

VIEWS = "/v1/brands/vaart/views"


async def view(desk: World, token: str, **body: Any) -> dict[str, Any]:
    answer = await desk.call("POST", VIEWS, token, json={"name": "Mijn zaken", **body})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def test_a_view_lists_and_counts_what_its_filters_want_for_whoever_reads(desk: World) -> None:
    await comes(desk.pool, *(wrote(name, "vraag") for name in "ABC"))
    await filed(desk.pool, "A", owner="gs")
    await filed(desk.pool, "B", owner="mk")
    await filed(desk.pool, "C", owner="gs", state="closed")
    guus, lead = desk.token("agent", sub="gs"), desk.token("lead", sub="mk")
    mine = await view(desk, lead, wanted={"owner": ["@me"], "open": True}, sort="due", shared="everyone")
    found = await view(desk, lead, name="Vragen", wanted={"q": "vraag"}, shared="department", department="webcare")
    for token, names in ((guus, "A"), (lead, "B")):
        page = (await desk.call("GET", f"{VIEWS}/{mine['id']}/cases", token)).json()
        assert "".join(NAMES[case["id"]] for case in page["items"]) == names
        counts = (await desk.call("GET", "/v1/brands/vaart/view-counts", token)).json()["items"]
        assert {item["view_id"]: (item["cases"], item["more"]) for item in counts} == {mine["id"]: (1, False), found["id"]: (3, False)}
    assert (await desk.call("GET", "/v1/brands/vaart/view-counts", desk.token("analyst", sub="an"))).json()["items"] == [
        {"view_id": mine["id"], "cases": 0, "more": False}
    ]


async def test_a_view_is_seen_by_whom_it_is_shared_with_and_changed_by_its_owner_or_a_lead(desk: World) -> None:
    guus, bo, lead = desk.token("agent", sub="gs"), desk.token("agent", sub="bb"), desk.token("lead", sub="mk")
    own = await view(desk, guus, name="Van mij")
    team = await view(desk, guus, name="Webcare", shared="department", department="webcare")

    async def seen(token: str) -> list[str]:
        return [item["name"] for item in (await desk.call("GET", VIEWS, token)).json()["items"]]

    assert (await seen(guus), await seen(lead), await seen(bo)) == (["Van mij", "Webcare"], ["Webcare"], [])
    assert (await desk.call("GET", f"{VIEWS}/{own['id']}", lead)).status_code == 404
    assert (
        await desk.call("GET", f"/v1/brands/golfnet/views/{own['id']}", desk.token("agent", sub="gs", brands=("golfnet",)))
    ).status_code == 404
    body = {"name": "Ploeg", "shared": "department", "department": "webcare"}
    assert (await desk.call("PUT", f"{VIEWS}/{team['id']}", bo, json=body)).status_code == 404
    stale = await desk.call("PUT", f"{VIEWS}/{team['id']}", lead, json=body, headers={"if-match": '"7"'})
    assert stale.status_code == 412
    assert (await desk.call("PUT", f"{VIEWS}/{team['id']}", lead, json=body, headers={"if-match": '"1"'})).json()["version"] == 2
    assert (await desk.call("PUT", "/v1/brands/vaart/view-order", guus, json={"views": [team["id"], own["id"]]})).status_code == 204
    assert await seen(guus) == ["Ploeg", "Van mij"]
    assert (await desk.call("DELETE", f"{VIEWS}/{team['id']}", guus)).status_code == 204
    assert await seen(guus) == ["Van mij"]


@pytest.mark.parametrize(
    ("role", "body", "status"),
    [
        ("agent", {"shared": "everyone"}, 403),
        ("agent", {"shared": "department"}, 422),
        ("agent", {"shared": "department", "department": "billing"}, 422),
        ("agent", {"wanted": {"tags": ["a"]}}, 422),
        ("agent", {"wanted": {"q": "-geen"}}, 400),
        ("analyst", {"wanted": {"q": "0612345678"}}, 403),
        ("agent", {"name": "a\u202eb"}, 422),
    ],
)
async def test_a_view_that_may_not_be_is_refused(desk: World, role: str, body: dict[str, Any], status: int) -> None:
    answer = await desk.call("POST", VIEWS, desk.token(role, sub="gs"), json={"name": "Zaken", **body})
    assert answer.status_code == status, answer.text


async def test_nobody_has_more_than_fifty_views(desk: World) -> None:
    token = desk.token("agent", sub="gs")
    await desk.pool.execute(
        "insert into saved_view (id, brand, name, owner, shared, wanted, sort, created_at, changed_at, changed_by) "
        "select gen_random_uuid(), 'vaart', 'v' || n, 'gs', 'nobody', '{}', 'oldest', now(), now(), 'gs' from generate_series(1, 50) n"
    )
    answer = await desk.call("POST", VIEWS, token, json={"name": "Nog een"}, headers={"idempotency-key": str(uuid4())})
    assert answer.status_code == 409
