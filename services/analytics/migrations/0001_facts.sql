-- Facts for the reports: one row for each mention, case and reply, in its newest version. No text of anyone.

create table fact_mention (
    mention_id      uuid             primary key,
    version         bigint           not null,
    brand           text             not null,
    channel         text             not null,
    kind            text             not null,
    visibility      text             not null,
    language        text             not null,
    sentiment       text             not null,
    sentiment_score double precision not null,
    labels          text[]           not null,
    urgency         text             not null,
    risk            text[]           not null,
    customer_id     uuid             not null,
    group_id        uuid             not null,
    posted_at       timestamptz      not null,
    received_at     timestamptz      not null,
    historic        boolean          not null,
    removed         boolean          not null,
    triaged_at      timestamptz      not null,
    event_id        text             not null,  -- the event that told of this version
    event_at        timestamptz      not null,
    traceparent     text
);
create index on fact_mention (brand, received_at, mention_id);
create index on fact_mention (brand, posted_at);
-- The gauges count the last day of all brands at once: new rows stand together at the table's end.
create index on fact_mention using brin (received_at);

create table fact_case (
    case_id                uuid        primary key,
    version                bigint      not null,
    brand                  text        not null,
    channel                text        not null,
    department             text        not null,
    owner                  text,
    state                  text        not null,
    priority               text        not null,
    language               text        not null,
    sentiment              text        not null,
    urgency                text        not null,
    labels                 text[]      not null,
    opened_at              timestamptz not null,
    replied_at             timestamptz,
    resolved_at            timestamptz,
    reaction_due_at        timestamptz,
    reaction_met_at        timestamptz,
    reaction_breached_at   timestamptz,
    resolution_due_at      timestamptz,
    resolution_met_at      timestamptz,
    resolution_breached_at timestamptz,
    mentions               integer     not null,
    historic               boolean     not null,
    event_id               text        not null,
    event_at               timestamptz not null,
    traceparent            text
);
create index on fact_case (brand, opened_at);
create index on fact_case (brand, department) where state in ('new', 'open', 'waiting');

-- Which mentions a case held in its newest version; replaced whole when the case's row takes a newer one.
create table fact_case_mention (
    case_id    uuid not null,
    mention_id uuid not null,
    brand      text not null,
    primary key (case_id, mention_id)
);
create index on fact_case_mention (mention_id);

create table fact_reply (
    reply_id    uuid        primary key,
    version     bigint      not null,
    brand       text        not null,
    case_id     uuid        not null,
    channel     text        not null,
    state       text        not null,
    writer      text,
    created_at  timestamptz not null,
    approved_at timestamptz,
    sent_at     timestamptz,
    sandbox     boolean     not null,
    event_id    text        not null,
    event_at    timestamptz not null,
    traceparent text
);
create index on fact_reply (brand, state);
create index on fact_reply (brand, created_at);
create index on fact_reply (case_id);

-- What happened to cases and is counted by how often: the row of a case holds only how it stands now. Keyed by the event, so that
-- an event that is told again counts once, also when a newer version of its case came first.
create table case_event (
    event_id   text        primary key,
    brand      text        not null,
    case_id    uuid        not null,
    what       text        not null,  -- escalated | clock_breached | reopened
    clock      text,
    department text        not null,
    at         timestamptz not null
);
create index on case_event (brand, at);
create index on case_event (case_id);
