-- Cases: all mentions of one issue, with one owner and its clocks.

-- The newest state of each mention that triage told of: what a case is computed from.
create table mention_copy (
    id          uuid primary key,
    brand       text        not null,
    version     integer     not null,
    case_id     uuid        not null,
    customer_id uuid        not null,
    removed     boolean     not null,
    received_at timestamptz not null,
    traceparent text,
    triaged     jsonb       not null
);
create index on mention_copy (brand, case_id);

create table care_case (
    id           uuid primary key,
    seq          bigint generated always as identity unique,
    brand        text        not null,
    version      integer     not null,
    state        text        not null,
    department   text        not null,
    owner        text,
    customer_id  uuid        not null,
    opened_at    timestamptz not null,
    next_fire_at timestamptz,            -- when a clock has something to say next
    fired        text[]      not null,   -- which steps of which clock it has said
    touched      boolean     not null,   -- a person has decided something: department and owner are theirs from then on
    book_version integer     not null,
    state_json   jsonb       not null    -- the case as its events carry it
);
create index on care_case (brand, state, seq);
create index on care_case (brand, owner, seq);
create index on care_case (brand, customer_id);
create index on care_case (next_fire_at) where next_fire_at is not null;

-- One row per event of a case: the whole story.
create table timeline (
    case_id     uuid        not null,
    brand       text        not null,
    version     integer     not null,
    event_id    uuid        not null,
    at          timestamptz not null,
    what        text        not null,
    actor       text        not null,
    traceparent text,
    detail      jsonb       not null,
    primary key (case_id, version)
);

create table note (
    id      uuid primary key,
    brand   text        not null,
    case_id uuid        not null,
    at      timestamptz not null,
    author  text        not null,
    text    text        not null
);
create index on note (brand, case_id, at);

-- What a member of the team was told.
create table notification (
    seq     bigint generated always as identity primary key,
    id      uuid        not null unique,
    brand   text        not null,
    member  text        not null,
    case_id uuid        not null,
    at      timestamptz not null,
    what    text        not null
);
create index on notification (brand, member, seq);

create table reply_copy (
    id      uuid primary key,
    brand   text    not null,
    version integer not null,
    case_id uuid    not null,
    state   text    not null
);

create table brand_book (
    brand        text        not null,
    version      integer     not null,
    source       text        not null,  -- as a person wrote it
    book         jsonb       not null,
    published_at timestamptz not null,
    published_by text        not null,
    primary key (brand, version)
);

create table hold (
    brand        text primary key,
    held         boolean     not null,
    hold_version integer     not null,
    reason       text,
    changed_by   text        not null,
    changed_at   timestamptz not null
);
