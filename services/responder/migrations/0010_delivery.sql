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
