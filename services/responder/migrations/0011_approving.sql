-- Verdicts that block, and that somebody sent a reply against: one row a code, for whoever looks at them afterwards.
create table reply_override (
    brand       text        not null,
    reply_id    uuid        not null,
    version     bigint      not null,   -- of the reply, at which it was overruled
    code        text        not null,
    reason      text        not null,
    who         text        not null,
    at          timestamptz not null,
    sampled     boolean     not null,   -- another colleague is asked to look at it
    reviewed_by text,
    reviewed_at timestamptz,
    review      text check (review in ('fine', 'not_fine')),
    note        text,
    id          uuid        not null default gen_random_uuid() primary key,
    unique (reply_id, version, code),
    check ((review is null) = (reviewed_by is null) and (review is null) = (reviewed_at is null))
);
create index on reply_override (brand, at desc, id desc);
create index on reply_override (brand, at, id) where sampled and review is null;

-- Codes of the guard that whoever approved an update said that they have seen.
alter table customer_update add column confirmed text[] not null default '{}';
