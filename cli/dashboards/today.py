"""*Today*: what people say about one brand, how they feel, and what of it is still to do. From the facts of analytics in Postgres, exact and per brand.

The range is the day so far in the viewer's time zone. A message belongs to when we had it, not to when its author wrote it: an import of last week's is
today's work. Imported history and what its author took back do not count. Every statement names the brand, as `${brand:sqlstring}` quotes it.
"""

from grafana_foundation_sdk.builders import dashboard as boards
from grafana_foundation_sdk.models import dashboard as models

from cli.dashboards.panels import GOOD_IS_ZERO, POSTGRES, Sql, Steps, amounts, board, filled, number, rows, series

BRAND = "${brand:sqlstring}"
ALIVE = "state in ('new', 'open', 'waiting')"
FROM, TO = "$__timeFrom()::timestamptz", "$__timeTo()::timestamptz"
COUNTED = "not historic and not removed"
NOTHING_YET = "Nothing yet today"

NEGATIVE_SHARE: Steps = ((None, "green"), (0.3, "orange"), (0.5, "red"))

# One index look-up for each brand: `select distinct` would read the facts of all of them.
BRANDS = (
    "with recursive known(brand) as ((select brand from fact_mention order by brand limit 1) union all "
    "select (select f.brand from fact_mention f where f.brand > known.brand order by f.brand limit 1) from known where known.brand is not null) "
    "select brand from known where brand is not null"
)


# Hours count from the start of the range, which is midnight where the viewer is, so that they are whole hours there too.
HOURS = f"generate_series({FROM}, {TO}, interval '1 hour') as h"
MENTIONS = (
    f"(select channel, sentiment, sentiment_score, date_bin('1 hour', received_at, {FROM}) as hour from fact_mention "
    f"where brand = {BRAND} and $__timeFilter(received_at) and {COUNTED}) m"
)

MENTIONS_TODAY = f"select count(*) as mentions from fact_mention where brand = {BRAND} and $__timeFilter(received_at) and {COUNTED}"
NEGATIVE_TODAY = (
    f"select avg((sentiment = 'negative')::int)::float8 as negative from fact_mention where brand = {BRAND} "
    f"and $__timeFilter(received_at) and {COUNTED}"
)
OPEN_CASES = f"select count(*) as open from fact_case where brand = {BRAND} and {ALIVE}"
OVERDUE_CASES = (
    f"select count(*) as overdue from fact_case where brand = {BRAND} and {ALIVE} and (reaction_breached_at is not null and reaction_met_at is null "
    "or resolution_breached_at is not null and resolution_met_at is null)"
)
DRAFTS_WAITING = f"select count(*) as drafts from fact_reply where brand = {BRAND} and state in ('draft', 'submitted')"
SENT_TODAY = f"select count(*) as sent from fact_reply where brand = {BRAND} and state = 'sent' and $__timeFilter(sent_at)"

MENTIONS_BY_HOUR = (
    f"select h as time, c.channel as metric, count(m.hour) as mentions from {HOURS} cross join (select channel from fact_mention "
    f"where brand = {BRAND} and received_at >= {FROM} - interval '7 days' and received_at <= {TO} and {COUNTED} group by 1) c "
    f"left join {MENTIONS} on m.channel = c.channel and m.hour = h group by 1, 2 order by 1, 2"
)
MOOD_BY_HOUR = (
    f"select h as time, s.sentiment as metric, count(m.hour) as mentions from {HOURS} "
    f"cross join (values ('negative'), ('neutral'), ('positive')) as s(sentiment) "
    f"left join {MENTIONS} on m.sentiment = s.sentiment and m.hour = h group by 1, 2 order by 1, 2"
)
SCORE_BY_HOUR = (
    f"select h as time, 'mean score' as metric, avg(m.sentiment_score) as score from {HOURS} "
    f"left join {MENTIONS} on m.hour = h group by 1, 2 order by 1"
)
MENTIONS_BY_CHANNEL = (
    f"select channel, count(*) filter (where $__timeFilter(received_at)) as mentions from fact_mention where brand = {BRAND} "
    f"and received_at >= {FROM} - interval '7 days' and received_at <= {TO} and {COUNTED} group by 1 order by 2 desc, 1"
)
# The same hours of the day before, or of whatever the range is.
LABELS = (
    f"select l.label, count(*) filter (where m.received_at >= {FROM}) as today, "
    f"count(*) filter (where m.received_at <= {TO} - interval '1 day') as yesterday "
    f"from fact_mention m cross join lateral unnest(m.labels) as l(label) where m.brand = {BRAND} and {COUNTED} "
    f"and m.received_at >= {FROM} - interval '1 day' and m.received_at <= {TO} group by 1 order by 2 desc, 3 desc, 1 limit 15"
)

OPEN_BY_DEPARTMENT = (
    f"select department, count(*) filter (where {ALIVE}) as open from fact_case where brand = {BRAND} group by 1 order by 2 desc, 1"
)
OPEN_BY_AGE = (
    "select a.age, count(c.opened_at) as open from (values (1, 'under 1 h', interval '0', interval '1 hour'), "
    "(2, '1 to 4 h', interval '1 hour', interval '4 hours'), (3, '4 to 24 h', interval '4 hours', interval '1 day'), "
    "(4, '1 to 3 days', interval '1 day', interval '3 days'), (5, 'over 3 days', interval '3 days', interval '100 years')) "
    "as a(place, age, youngest, oldest) left join fact_case c on c.brand = "
    f"{BRAND} and c.{ALIVE} and greatest(now() - c.opened_at, interval '0') >= a.youngest and greatest(now() - c.opened_at, interval '0') < a.oldest "
    "group by a.place, a.age order by a.place"
)
HAPPENED = (
    f"select w.what, count(e.event_id) as today from (values ('escalated'), ('reopened'), ('clock_breached')) as w(what) "
    f"left join case_event e on e.brand = {BRAND} and e.what = w.what and $__timeFilter(e.at) group by 1 order by 1"
)


def _clock(name: str, target: str) -> str:
    met, due, breached = f"{name}_met_at", f"{name}_due_at", f"{name}_breached_at"
    return (
        f"select '{target}' as clock, "
        f"count(*) filter (where {ALIVE} and {due} is not null and {met} is null and {breached} is null) as running, "
        f"count(*) filter (where {ALIVE} and {due} between now() and now() + interval '1 hour' and {met} is null and {breached} is null) "
        'as "due within 1 h", '
        f"count(*) filter (where {ALIVE} and {breached} is not null and {met} is null) as overdue, "
        f'count(*) filter (where {met} <= {due} and $__timeFilter({met})) as "met today", '
        f"(select count(*) from case_event e where e.brand = {BRAND} and e.what = 'clock_breached' and e.clock = '{name}' "
        'and $__timeFilter(e.at)) as "breached today" '
        f"from fact_case where brand = {BRAND} and not historic"
    )


CLOCKS = f"{_clock('reaction', 'first answer')} union all {_clock('resolution', 'solution')}"

REPLIES = (
    "select s.state, count(r.state) as replies from (values (1, 'draft'), (2, 'submitted'), (3, 'approved'), (4, 'sending'), (5, 'unconfirmed'), "
    "(6, 'sent'), (7, 'failed')) as s(place, state) left join fact_reply r on "
    f"r.brand = {BRAND} and r.state = s.state and (s.place <= 5 or $__timeFilter(r.event_at)) group by s.place, s.state order by s.place"
)
SENT_BY_HOUR = (
    f"select h as time, 'sent' as metric, count(r.hour) as replies from {HOURS} "
    f"left join (select date_bin('1 hour', sent_at, {FROM}) as hour from fact_reply where brand = {BRAND} and state = 'sent' "
    "and $__timeFilter(sent_at)) r on r.hour = h group by 1, 2 order by 1"
)

NOW = [
    number("Messages today", "Live messages that we have had since midnight, without those taken back.", "none", Sql(MENTIONS_TODAY)),
    number("Negative", "Share of today's messages that are negative.", "percentunit", Sql(NEGATIVE_TODAY), steps=NEGATIVE_SHARE),
    number("Open cases", "Cases that are new, open or waiting now, since whenever.", "none", Sql(OPEN_CASES)),
    number("Overdue", "Open cases with a clock that ran out and was not met since.", "none", Sql(OVERDUE_CASES), steps=GOOD_IS_ZERO),
    number("Drafts waiting", "Replies that a person has yet to approve.", "none", Sql(DRAFTS_WAITING)),
    number("Replies sent today", "Into the sandbox while the brand is a pilot.", "none", Sql(SENT_TODAY)),
]
VOLUMES = [
    series(
        "Messages by hour",
        "Live messages by the hour in which we had them, by channel.",
        "none",
        Sql(MENTIONS_BY_HOUR, by_time=True),
        bars=True,
        width=12,
        nothing=NOTHING_YET,
    ),
    amounts(
        "Messages by channel",
        "Today's live messages, by every channel of the last seven days.",
        "none",
        Sql(MENTIONS_BY_CHANNEL),
        width=4,
        nothing=NOTHING_YET,
    ),
    rows(
        "What it is about",
        "The most frequent labels today, beside the same hours of yesterday. A message with two labels counts under both.",
        "none",
        Sql(LABELS),
        nothing=NOTHING_YET,
    ),
]
MOOD = [
    series(
        "Mood by hour",
        "Shares of negative, neutral and positive among the messages of each hour.",
        "none",
        Sql(MOOD_BY_HOUR, by_time=True),
        share=True,
        width=12,
    ),
    series(
        "Mean sentiment",
        "Mean score of the messages of each hour, -1 (negative) to 1 (positive). An hour without messages has none.",
        "none",
        Sql(SCORE_BY_HOUR, by_time=True),
        width=12,
        nothing=NOTHING_YET,
    ),
]
CASES = [
    amounts("Open cases by department", "Cases that are new, open or waiting now.", "none", Sql(OPEN_BY_DEPARTMENT), nothing="No case yet"),
    amounts("Open cases by age", "How long they have been open.", "none", Sql(OPEN_BY_AGE)),
    rows("What happened to cases", "Escalations, reopenings and clocks that ran out today.", "none", Sql(HAPPENED)),
]
CLOCKS_AND_REPLIES = [
    rows(
        "Clocks",
        "Of each clock: in how many open cases it runs now, runs out within the hour, or ran out; and what was met or ran out today.",
        "none",
        Sql(CLOCKS),
        width=12,
    ),
    amounts("Replies by state", "Those that wait now; sent and failed: today.", "none", Sql(REPLIES), width=6),
    series(
        "Replies sent by hour", "Into the sandbox while the brand is a pilot.", "none", Sql(SENT_BY_HOUR, by_time=True), bars=True, width=6
    ),
]


def build() -> models.Dashboard:
    made = board("weerklank-today", "Today", "What people say about a brand today, how they feel, and what is still to do.")
    brand = (
        boards.QueryVariable("brand")
        .label("Brand")
        .datasource(POSTGRES)
        .query(BRANDS)
        .refresh(models.VariableRefresh.ON_DASHBOARD_LOAD)
        .multi(False)
        .include_all(False)
    )
    made = made.with_variable(brand).time("now/d", "now").refresh("30s")
    return filled(
        made,
        (
            ("Now", NOW),
            ("Volumes", VOLUMES),
            ("Mood", MOOD),
            ("Cases", CASES),
            ("Clocks and replies", CLOCKS_AND_REPLIES),
        ),
    )
