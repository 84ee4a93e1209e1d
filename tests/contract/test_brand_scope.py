"""No query without the brand: every SQL statement on a table that has a brand says which brand's rows it means.

The statements are read from the services' source, as text: what stands in a literal, in an f-string or in a constant of the module. It is
enough that a statement compares a brand, joins by it or inserts it; naming it in the list of columns is not. It does not follow from which
table a brand comes: that is what the tests with two brands are for. What may do without stands below, with the reason.
"""

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from cli.contracts import ROOT

SERVICES = ROOT / "services"

BY_EVENT = "a batch's things by the ids that our own events name; each id is made from its brand or of 122 random bits"
ALL_BRANDS = "about all brands alike: nobody asked for it, and each row goes on under its own brand"
COUNTS = "counts per brand for the metrics, which name no person"
WITHIN = "its condition is made by `_Statement.within`, which begins with the brand: a test below holds it to that"

ALLOWED: Mapping[str, str] = {
    "analytics/gauges.py:refresh": COUNTS,
    "analytics/reports.py:_mentions": WITHIN,
    "analytics/reports.py:times": WITHIN,
    "analytics/reports.py:events": WITHIN,
    "analytics/store.py:lock_mentions": f"{BY_EVENT}; the handlers compare the brands",
    "analytics/store.py:lock_cases": f"{BY_EVENT}; the handlers compare the brands",
    "analytics/store.py:lock_replies": f"{BY_EVENT}; the handlers compare the brands",
    "analytics/store.py:counted": BY_EVENT,
    "responder/attempts.py:retake": ALL_BRANDS,
    "responder/attempts.py:sweep": ALL_BRANDS,
    "responder/hold_store.py:counts": COUNTS,
    "responder/hold_store.py:unsettled": ALL_BRANDS,
    "responder/store.py:lock_cases": f"{BY_EVENT}; the handler compares the brands",
    "responder/store.py:replies_of_cases": "of cases that are locked and compared by brand, and those that reports name by brand",
    "responder/store.py:waiting_counts": COUNTS,
    "routing/presence.py:brands_with_somebody": ALL_BRANDS,
    "routing/feed.py:newest_place": "a number that says how far the feed is, of all brands",
    "routing/feed.py:purge": ALL_BRANDS,
    "routing/callback_store.py:of_cases": "of cases and mentions that are locked, by ids that our own events name",
    "routing/promise_store.py:of_cases": "of cases and mentions that are locked, by ids that our own events name",
    "routing/promise_store.py:where": f"{BY_EVENT}; the handler compares the brands",
    "routing/notice.py:waiting": COUNTS,
    "routing/promise_store.py:refresh_gauges": COUNTS,
    "routing/retention.py:refresh_gauges": COUNTS,
    "routing/search_index.py:one_by_one": ALL_BRANDS,
    "routing/search_index.py:tick": ALL_BRANDS,
    "routing/search_index.py:refresh_gauges": COUNTS,
    "responder/practice_store.py:brands": ALL_BRANDS,
    "responder/suggestion_store.py:purge": ALL_BRANDS,
    "responder/suggestion_store.py:sweep": ALL_BRANDS,
    "responder/suggestion_store.py:take": ALL_BRANDS,
    "responder/update_store.py:due": ALL_BRANDS,
    "routing/store.py:copies": BY_EVENT,
    "routing/store.py:files": BY_EVENT,
    "routing/store.py:newest_books": f"{ALL_BRANDS}; and for an operator's check of all books",
    "routing/store.py:sent": BY_EVENT,
    "triage/store.py:mentions": BY_EVENT,
    "triage/store.py:moments": "of roots that the evidence of this brand stands for",
    "triage/store.py:now_and_deleted": BY_EVENT,
    "triage/look_store.py:waiting_counts": COUNTS,
    "triage/suggestion_store.py:decisions": BY_EVENT,
    "triage/suggestion_store.py:open_counts": COUNTS,
}
"""Function → why its statement may do without the brand."""


class Statement(NamedTuple):
    """A statement and the function that holds it, as `analytics/store.py:put_cases`; the module itself has no function's name."""

    function: str
    line: int
    sql: str


# --- which tables have a brand ---------------------------------------------------------------------------------------------------------


def tables_with_a_brand(sql: str) -> set[str]:
    """The tables that this migration makes or changes and that have a column `brand` by it."""
    sql = re.sub(r"--[^\n]*", "", sql.lower())
    made = re.findall(r"create table (?:if not exists )?(\w+)\s*\((.*?)\n\)", sql, re.DOTALL)
    found = {name for name, columns in made if re.search(r"^\s*brand\s", columns, re.MULTILINE)}
    return found | set(re.findall(r"alter table (\w+)[^;]*add column (?:if not exists )?brand\s", sql))


def brand_tables(service: Path) -> set[str]:
    """Those that are there once every migration was applied."""
    found: set[str] = set()
    for path in sorted(service.glob("migrations/*.sql")):
        sql = path.read_text()
        found |= tables_with_a_brand(sql)
        found -= set(re.findall(r"drop table (\w+)", sql.lower()))
    return found


# --- what a statement says -------------------------------------------------------------------------------------------------------------

_COMPARES = re.compile(
    r"\bbrand\s*(?:=|<>|\bin\b|@>)"  # brand = $1, m.brand in (…)
    r"|=\s*(?:any\s*\()?\s*(?:\w+\.)?brand\b"  # u.b = m.brand
    r"|\busing\s*\([^)]*\bbrand\b[^)]*\)"  # join … using (brand, …)
    r"|\(\s*brand\b[^)]*\)\s*(?:=|<|>|in\b)"  # (brand, id) in …
)
_INSERTS = re.compile(r"\binsert\s+into\s+(\w+)(?:\s+as\s+\w+)?\s*(\([^)]*\))?", re.IGNORECASE)


def tables_of(sql: str, tables: set[str]) -> set[str]:
    """The tables with a brand that a statement, or a piece of one, reads or writes."""
    named = re.findall(r"\b(?:from|join|into|update|using)\s+\(*(\w+)|,\s+(?:lateral\s+)?(\w+)", sql.lower())
    return {name for pair in named for name in pair} & tables


def names_its_brand(sql: str) -> bool:
    """Whether a statement compares a brand, joins by it, or inserts it. One without a list of columns inserts all of them."""
    sql = sql.lower()
    if _COMPARES.search(sql):
        return True
    insert = _INSERTS.search(sql)
    return insert is not None and (insert[2] is None or re.search(r"\bbrand\b", insert[2]) is not None or "{" in insert[2])


# --- reading the source ----------------------------------------------------------------------------------------------------------------


def statements(source: str, name: str, tables: set[str]) -> Iterator[Statement]:
    """Every literal, put together as far as the source shows it, that reads or writes one of the tables. What is only known when it runs
    stands there as `{its source}`."""
    tree = ast.parse(source)
    constants = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    }
    yield from _walk(tree, name, constants, tables, name)


def _walk(node: ast.AST, name: str, constants: Mapping[str, ast.expr], tables: set[str], place: str) -> Iterator[Statement]:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return  # a docstring
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        place = f"{name}:{node.name}"
    if isinstance(node, ast.Constant | ast.JoinedStr | ast.BinOp):
        sql = _text(node, constants)
        if sql is not None:
            if _is_sql(sql) and tables_of(sql, tables):
                yield Statement(place, node.lineno, sql)
            return
    for child in ast.iter_child_nodes(node):
        yield from _walk(child, name, constants, tables, place)


def _is_sql(text: str) -> bool:
    """A whole statement, or the piece from `from` on; a sentence for people has another shape."""
    return re.match(r"[\s(]*(?:\{.*?\}\s*)?(?:with|select|insert|update|delete|from|left join|join)\b", text, re.IGNORECASE) is not None


def _text(node: ast.AST, constants: Mapping[str, ast.expr]) -> str | None:
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part, constants) or "" for part in node.values)
    if isinstance(node, ast.FormattedValue):
        return _text(node.value, constants) or f"{{{ast.unparse(node.value)}}}"
    if isinstance(node, ast.Name) and node.id in constants:
        return _text(constants[node.id], {key: value for key, value in constants.items() if key != node.id})
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = _text(node.left, constants), _text(node.right, constants)
        if left is None and right is None:
            return None
        return (left or f"{{{ast.unparse(node.left)}}}") + (right or f"{{{ast.unparse(node.right)}}}")
    return None


def all_statements() -> list[Statement]:
    return [
        statement
        for service in sorted(path for path in SERVICES.iterdir() if (path / "migrations").is_dir())
        for path in sorted(service.rglob("*.py"))
        for statement in statements(path.read_text(), path.relative_to(SERVICES).as_posix(), brand_tables(service))
    ]


# --- the rule --------------------------------------------------------------------------------------------------------------------------


def test_every_statement_on_a_brands_rows_names_the_brand() -> None:
    unscoped = [f"services/{s.function}, line {s.line}: {s.sql[:140]}" for s in all_statements() if not names_its_brand(s.sql)]
    assert [line for line in unscoped if line.removeprefix("services/").split(",")[0] not in ALLOWED] == []


def test_what_is_allowed_still_needs_it() -> None:
    needing = {statement.function for statement in all_statements() if not names_its_brand(statement.sql)}
    assert set(ALLOWED) - needing == set()


def test_the_condition_of_every_report_begins_with_the_brand() -> None:
    tree = ast.parse((SERVICES / "analytics/reports.py").read_text())
    within = next(node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == "within")
    returned = next(node.value for node in ast.walk(within) if isinstance(node, ast.Return))
    assert returned is not None
    assert re.match(r"\{alias\}\.brand = \{brand\} and ", _text(returned, {}) or "")


def test_every_service_has_tables_with_a_brand_and_statements_on_them() -> None:
    found = {statement.function.split("/")[0] for statement in all_statements()}
    assert found == {"analytics", "ingest", "responder", "routing", "triage"}
    tables = {table for service in SERVICES.iterdir() for table in brand_tables(service)}
    assert {"mention", "care_case", "reply", "fact_mention", "receipt"} <= tables
    used = {table for statement in all_statements() for table in tables_of(statement.sql, tables)}
    assert tables - used == set(), "tables that no statement is found for: the linter does not see them, or nobody needs them"


# --- the linter itself -----------------------------------------------------------------------------------------------------------------

TABLES = {"mention", "note"}


@pytest.mark.parametrize(
    ("sql", "named"),
    [
        ("select * from mention where brand = $1 and id = $2", True),
        ("select * from mention where id = $1", False),
        ("select brand, id from mention where id = $1", False),
        ("select brand, count(*) from mention group by brand", False),
        ("select m.* from mention m where m.brand in (select brand from note)", True),
        ("select m.* from mention m join unnest($1::text[]) as u(brand) using (brand)", True),
        ("select m.* from mention m join u on u.b = m.brand", True),
        ("select * from mention where (brand, id) in (values ($1, $2))", True),
        ("update mention set text = '' where id = $1", False),
        ("update mention set text = '' where id = i and brand = b", True),
        ("delete from mention where id = $1", False),
        ("insert into mention (id, brand) values ($1, $2)", True),
        ("insert into mention (id, text) values ($1, $2)", False),
        ("insert into mention as m (brand, id) values ($1, $2)", True),
        ("insert into note values ($1, $2, $3)", True),
        ("INSERT INTO mention ({_COLUMNS}) select 1", True),
        ("select * from mention where brandish = $1", False),
    ],
)
def test_the_linter_knows_a_statement_that_names_its_brand(sql: str, named: bool) -> None:
    assert tables_of(sql, TABLES)
    assert names_its_brand(sql) is named


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('def f(c):\n    c.fetch("select 1 from mention " "where id = $1")', [("x.py:f", "select 1 from mention where id = $1")]),
        ('def f(c):\n    c.fetch(f"select {N} from mention where {g(c)}")', [("x.py:f", "select {N} from mention where {g(c)}")]),
        ('N = "brand = $1"\nS = "select 1 from mention where " + N', [("x.py", "select 1 from mention where brand = $1")]),
        ('class A:\n    async def f(self):\n        return "delete from note"', [("x.py:f", "delete from note")]),
        ('def f():\n    """Select the words from mention."""', []),
        ('def f():\n    return "Words that are gone from mention"', []),
        ('def f(c):\n    c.fetch("select 1 from other where id = $1")', []),
        ('def f(c):\n    c.fetch(A + " from mention")', [("x.py:f", "{A} from mention")]),
    ],
)
def test_the_linter_sees_statements_however_they_are_written(source: str, expected: list[tuple[str, str]]) -> None:
    assert [(found.function, found.sql) for found in statements(source, "x.py", TABLES)] == expected


def test_the_linter_reads_brand_columns_from_migrations() -> None:
    sql = "create table a (\n  id uuid,\n  brand text not null -- whose\n);\ncreate table b (\n  id uuid -- no brand\n) with (fillfactor = 70);\n"
    assert tables_with_a_brand(sql + "alter table c add column brand text;") == {"a", "c"}
