-- Bookkeeping that every service keeps in its own schema: where it is in each log, what it owes to others, what went wrong.

-- Postgres is the authority on offsets: this row moves in the transaction that holds the effects.
create table position (
    topic        text    not null,
    partition    integer not null,
    first_offset bigint  not null,  -- where this service began: the ledger counts from here
    next_offset  bigint  not null,
    moved_at     timestamptz not null default now(),
    primary key (topic, partition)
) with (fillfactor = 50);

-- Minute by minute (of the broker's append time): what became of each record.
create table ledger (
    topic     text        not null,
    partition integer     not null,
    minute    timestamptz not null,
    effects   bigint not null default 0,
    repeated  bigint not null default 0,  -- seen before: no effect, on purpose
    dead      bigint not null default 0,
    parked    bigint not null default 0,
    gap       bigint not null default 0,  -- offsets that hold no record (compaction), or that an operator skipped
    primary key (topic, partition, minute)
) with (fillfactor = 50);

-- What this service has decided and still has to tell. Emptied by the relay once the broker has acknowledged.
create table outbox (
    id      bigint generated always as identity primary key,
    topic   text  not null,
    brand   text  not null,
    key     text  not null,
    headers bytea not null,  -- CloudEvents attributes as a JSON object; nothing but the relay reads them
    value   bytea not null
) with (autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0);

-- How many events went through the outbox, minute by minute, so that a checker can compare with what the topics hold.
create table emitted (
    topic  text        not null,
    minute timestamptz not null,
    count  bigint      not null default 0,
    primary key (topic, minute)
);

-- Events that could not be handled, and those of the same key that wait behind them. Holds personal data: erasable by brand and key.
create table dead_letter (
    id          bigint generated always as identity primary key,
    topic       text    not null,
    partition   integer not null,
    "offset"    bigint  not null,
    brand       text,
    key         text    not null,
    event_id    text,
    event_type  text,
    standing    text    not null check (standing in ('dead', 'parked')),
    reason      text    not null,
    traceparent text,
    headers     jsonb   not null,
    value       bytea,
    appended_at timestamptz not null,
    created_at  timestamptz not null default now(),
    unique (topic, partition, "offset")
);
create index on dead_letter (topic, key, "offset");
create index on dead_letter (brand, created_at);

-- The ratio of dead letters over the last events: stored, so that a restart loop cannot empty a topic slowly.
create table dead_letter_window (
    only_row   boolean primary key default true check (only_row),
    events     double precision not null default 0,
    dead       double precision not null default 0,
    stopped_at timestamptz,
    reason     text
);
insert into dead_letter_window default values;
