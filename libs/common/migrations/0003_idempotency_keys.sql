-- Answers to requests that made something, by their Idempotency-Key: whoever did not hear the answer asks again and gets it, and nothing is made twice.
-- Written in the transaction that holds the effect. Holds personal data, as the answers do: purged after a day.
create table idempotency_key (
    brand       text        not null,
    principal   text        not null,
    key         text        not null,
    fingerprint bytea       not null,  -- SHA-256 of what was asked
    status      smallint    not null,
    headers     jsonb       not null,
    body        bytea,                 -- null: told once, and not again
    created_at  timestamptz not null default now(),
    primary key (brand, principal, key)
);
create index on idempotency_key (created_at);
