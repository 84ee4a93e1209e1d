-- What people decided about which case messages are in, beside the groups that triage made of them.

-- A merge puts all of `from_id` into `into_id`; a split takes some of its mentions there. Undone ones stay: they are the trail.
create table case_move (
    id            uuid primary key,
    brand         text        not null,
    kind          text        not null, -- merge | split
    from_id       uuid        not null,
    into_id       uuid        not null,
    at            timestamptz not null,
    actor         text        not null,
    reason        text        not null,
    moved         uuid[]      not null, -- the mentions that moved
    into_version  integer     not null, -- of `into_id`, once it was done
    from_before   jsonb,                -- both cases of a merge as they were before it …
    into_before   jsonb,
    into_after    jsonb,                -- … and what people had decided in the one that stays, right after it
    undone_at     timestamptz,
    undone_by     text,
    undone_reason text
);
create unique index on case_move (from_id) where kind = 'merge' and undone_at is null;
create index on case_move (brand, into_id, at);
create index on case_move (brand, from_id, at);

-- The case that a person's decision gave a mention, whatever group triage has it in; the newest counts. Rows of what was undone are gone.
create table placement (
    seq        bigint generated always as identity primary key,
    brand      text    not null,
    mention_id uuid    not null,
    case_id    uuid    not null,
    move_id    uuid    not null references case_move,
    split      boolean not null, -- taken out by a person: what its author writes on goes with it
    group_id   uuid -- of what was taken out, then: only what is in that group goes with it
);
create index on placement (brand, mention_id, seq);
create index on placement (move_id);

-- What a reply answered, when it reached the customer, and when we heard of that. Not known of those before.
alter table sent_reply
    add column mention_id uuid,
    add column sent_at    timestamptz,
    add column heard_at   timestamptz;
create index on sent_reply (brand, mention_id) where mention_id is not null;
