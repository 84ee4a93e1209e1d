-- What triage knows: who wrote, what was found, which mentions are one issue and why.

create table identity (
    brand       text not null,
    kind        text not null,
    channel     text not null,  -- '' for e-mail and phone, which are the same on every channel
    value       text not null,
    customer_id uuid not null,
    primary key (brand, kind, channel, value)
);
create index on identity (brand, customer_id);

create table mention (
    id           uuid primary key,
    seq          bigint generated always as identity unique,
    brand        text        not null,
    version      integer     not null,
    customer_id  uuid        not null,
    group_id     uuid        not null,  -- the group's root mention: its row is the group's lock
    moment       timestamptz not null,  -- received, or posted for imported history: what windows are measured from
    removed      boolean     not null default false,
    triaged_at   timestamptz not null,
    book_version integer     not null,
    traceparent  text,
    mention      jsonb       not null,
    findings     jsonb       not null,
    evidence     jsonb       not null
);
create index on mention (brand, group_id);
create index on mention (brand, seq);

-- Strong evidence: a value that two mentions share makes them one issue. Upserted in sorted order before groups are read,
-- so that of two simultaneous transactions the second waits and sees the first.
create table evidence (
    brand      text        not null,
    kind       text        not null,
    value      text        not null,
    group_id   uuid        not null,
    mention_id uuid        not null,  -- which showed it first
    authors    uuid[]      not null,  -- distinct customers, up to one more than the limit
    last_at    timestamptz not null,
    primary key (brand, kind, value)
) with (fillfactor = 80);
create index on evidence (brand, group_id);

-- A mention that was taken back before we saw it must not come back.
create table deleted_mention (
    id    uuid primary key,
    brand text not null
);

create table import_count (
    brand     text   not null,
    import_id text   not null,
    received  bigint not null default 0,
    repeated  bigint not null default 0,
    primary key (brand, import_id)
);
