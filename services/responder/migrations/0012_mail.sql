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
