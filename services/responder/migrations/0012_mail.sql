-- What mail servers told of a reply that left, and how a report finds it.
alter table reply
    add column delivery text,
    add column delivery_code text,
    add column delivery_at timestamptz;
create index on reply (brand, external_id) where external_id is not null;

-- Which keys each instance holds, by fingerprints from which no key follows: whether all hold the same.
create table held_key (
    instance     text        not null,
    name         text        not null,
    fingerprints text[]      not null, -- of the one that signs first
    seen_at      timestamptz not null default now(),
    primary key (instance, name)
);

-- Files that hang on a reply: what they are stands with the reply, and is a part of what is approved; their content stands here.
alter table reply add column attachments jsonb not null default '[]';
alter table sandbox_outbox add column attachments jsonb not null default '[]';
create table reply_attachment (
    id         uuid        primary key,
    brand      text        not null,
    reply_id   uuid        not null references reply (id) on delete cascade,
    content    bytea       not null,
    created_at timestamptz not null default clock_timestamp()
);
create index on reply_attachment (brand, reply_id);
create index on reply_attachment (brand, created_at);
