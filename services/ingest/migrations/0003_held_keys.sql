-- Which keys each instance holds, by fingerprints from which no key follows: whether all hold the same.
create table held_key (
    instance     text        not null,
    name         text        not null,
    fingerprints text[]      not null, -- of the one that signs first
    seen_at      timestamptz not null default now(),
    primary key (instance, name)
);
