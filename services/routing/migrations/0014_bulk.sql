-- What a person does to many cases at once: asked for in one transaction, done in chunks, taken back the same way.
create table bulk (
    id            uuid primary key,
    brand         text        not null,
    action        jsonb       not null,
    reason        text        not null,
    actor         text        not null,
    machine       boolean     not null, -- by a machine client, which teaches nobody what people think
    at            timestamptz not null,
    state         text        not null, -- running | done | undoing | undone
    total         integer     not null,
    done          integer     not null default 0,
    skipped       integer     not null default 0,
    undone        integer     not null default 0,
    kept          integer     not null default 0, -- not taken back, since it is no longer as the action made it
    finished_at   timestamptz,
    undo_by       text,
    undo_reason   text,
    undo_at       timestamptz,
    undo_finished timestamptz
);
create index on bulk (brand, at, id);
create index on bulk (at) where state in ('running', 'undoing');

create table bulk_item (
    bulk_id      uuid    not null references bulk,
    number       integer not null,  -- in which order
    brand        text    not null,
    case_id      uuid    not null,
    read_version integer,           -- as whoever asked had read it; null: whatever it is
    state        text    not null,  -- waiting | done | skipped | undone | kept
    why          text,              -- it was skipped, or kept
    done_version integer,           -- the case's, right after the action
    before       jsonb,             -- what the action changed, as it was
    did          jsonb,             -- … and as the action made it
    primary key (bulk_id, number)
);
create index on bulk_item (bulk_id, state, number);
