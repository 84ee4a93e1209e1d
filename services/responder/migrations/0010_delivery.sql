-- By which account a reply began to leave, when, and how often it has been looked for since its answer was lost. What has begun is asked about, or sent
-- again under its key, by that account and no other.
alter table reply
    add column account   text,
    add column begun_at  timestamptz,
    add column looks     integer not null default 0,
    add column waits_for text,              -- the account that makes it wait
    add column waits_why text;              -- 'turn': its turn is at next_attempt_at; 'refused': the account refuses whatever is sent
-- Answers that were lost, and are looked for by the machine.
create index on reply (next_attempt_at) where state = 'unconfirmed' and next_attempt_at is not null;
create index on reply (brand, waits_for) where state = 'approved' and waits_for is not null;

-- What all instances have to know of an account that replies leave by.
create table sending_account (
    brand      text        not null,
    account    text        not null,
    next_at    timestamptz,                -- of the next turn, where the book says how many a minute
    refused    text,                       -- why it refuses whatever is sent; null: it does not
    refused_at timestamptz,
    refusals   integer     not null default 0,
    try_at     timestamptz,                -- when one reply tries it again
    primary key (brand, account)
) with (fillfactor = 50);
