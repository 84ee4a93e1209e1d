-- What somebody is told outside the list of notifications: one row for each person and way, told once.
create table notice (
    id           uuid primary key, -- follows from what it tells whom: telling it again is the same row
    brand        text        not null,
    seq          bigint generated always as identity unique,
    about        text        not null, -- case | consultation | incident | callback | promise
    subject      uuid        not null, -- its id
    recipient    text        not null, -- team member, member of the hub, or department
    way          jsonb       not null, -- one way of the brand book: an address of mail, or references to secrets
    lane         text        not null, -- brand and server: a slow one holds up its own lane only
    title        text        not null,
    text         text        not null,
    links        jsonb       not null,
    reply_to     text,
    state        text        not null default 'due', -- due | sending | sent | unconfirmed | failed | sandbox
    attempts     integer     not null default 0,
    next_at      timestamptz not null,
    attempt_id   uuid, -- of whoever claimed it: only they say what became of it
    claimed_by   text,
    claimed_at   timestamptz,
    transmitting boolean     not null default false, -- from here on a crash leaves the outcome unknown
    created_at   timestamptz not null,
    ended_at     timestamptz,
    external_id  text,
    error        text,
    resent_by    text
);
create index on notice (next_at) where state = 'due';
create index on notice (claimed_at) where state = 'sending';
create index on notice (brand, seq);
create index on notice (brand, about, subject, seq);
create index on notice (brand, state, seq) where state in ('unconfirmed', 'failed');

-- A link that somebody has used: a second click says what the first one did.
create table link_use (
    brand   text        not null,
    key     bytea       not null, -- digest of purpose, subject, member and data
    at      timestamptz not null,
    said    text        not null,
    primary key (brand, key)
);

-- Not every notification is about a case: one may be about a notice that did not arrive.
alter table notification alter column case_id drop not null;
alter table notification add column notice_id uuid;
