-- Incidents of the social hub: what went wrong, who was told, and what was decided.

create table incident (
    id         uuid primary key,
    seq        bigint generated always as identity unique,
    brand      text        not null,
    version    integer     not null, -- grows with every change
    revision   integer     not null, -- grows with what people change, and not with signals that join: what a change of theirs is decided on
    scenario   text        not null, -- '' for one raised by hand without a scenario
    about      text        not null, -- topic:…, label:…, case:…; '' the brand
    number     integer     not null, -- how many of that scenario and that subject there were
    state      text        not null,
    severity   text        not null,
    drill      boolean     not null,
    raised_at  timestamptz not null,
    closed_at  timestamptz,
    state_json jsonb       not null  -- the incident as its events carry it
);
create unique index incident_running on incident (brand, scenario, about) where state <> 'closed' and not drill and (scenario <> '' or about <> '');
create index on incident (brand, seq);
create index on incident (brand, scenario, about, number);
create index incident_open on incident (brand) where state <> 'closed';

create table incident_timeline (
    incident_id uuid        not null,
    brand       text        not null,
    version     integer     not null,
    revision    integer     not null,
    event_id    uuid        not null,
    at          timestamptz not null,
    what        text        not null,
    actor       text        not null,
    traceparent text,
    detail      jsonb       not null,
    primary key (incident_id, version)
);

-- Cases of an incident. One that a person took out stays as a row, so that it does not join again by itself.
create table incident_case (
    brand       text        not null,
    incident_id uuid        not null,
    case_id     uuid        not null,
    linked_at   timestamptz not null,
    linked_by   text        not null,
    unlinked_at timestamptz,
    primary key (incident_id, case_id)
);
create index on incident_case (brand, case_id);

create table incident_message (
    seq         bigint generated always as identity primary key,
    id          uuid        not null unique,
    brand       text        not null,
    incident_id uuid        not null,
    at          timestamptz not null,
    author      text        not null,
    text        text        not null
);
create index on incident_message (brand, incident_id, seq);

-- What was noticed. Each is taken once, by the incident that it raised or joined.
create table signal (
    brand      text        not null,
    scenario   text        not null, -- '' where it only fits an incident that runs
    about      text        not null,
    key        text        not null, -- the same thing noticed again is the same row
    at         timestamptz not null,
    insight    text,
    case_id    uuid,
    detail     jsonb       not null,
    incident_id uuid,                -- which took it
    primary key (brand, scenario, about, key)
);
create index signal_waiting on signal (brand, scenario, about) where incident_id is null;

-- A scenario that could not be evaluated, and with which version of the book.
create table scenario_fault (
    brand        text        not null,
    scenario     text        not null,
    book_version integer     not null,
    at           timestamptz not null,
    error        text        not null,
    primary key (brand, scenario, book_version)
);

-- Mentions a minute, as they came in: rows of every batch, added and never changed, so that no two batches wait for each other.
create table mention_minute (
    brand    text        not null,
    about    text        not null, -- '' all, label:…, topic:…
    minute   timestamptz not null,
    mentions integer     not null
);
create index on mention_minute (brand, minute);

-- The same by the hour, once a minute no longer matters: what is usual.
create table mention_hour (
    brand    text        not null,
    about    text        not null,
    hour     timestamptz not null,
    mentions integer     not null,
    primary key (brand, about, hour)
);

create index mention_copy_received on mention_copy (brand, received_at);

-- The mentions of a drill's recording, at the moments at which they are shown.
create table drill_mention (
    brand       text        not null,
    incident_id uuid        not null,
    number      integer     not null,
    at          timestamptz not null,
    said        jsonb       not null,
    primary key (incident_id, number)
);
create index on drill_mention (incident_id, at);

-- Somebody may be told of an incident.
alter table notification add column incident_id uuid;
