-- What a later look finds (suggestions, topics, what a mention follows), and customers whom people said to be one.

alter table mention
    add column topic_id uuid,
    add column follows  uuid,
    add column known_as uuid;  -- the customer under whom it came in, where it is another's by now: the way back
create index on mention (brand, customer_id, moment);
create index on mention (brand, known_as) where known_as is not null;
create index on mention (brand, topic_id, moment) where topic_id is not null;

-- Mentions that a look is still due at. A row goes in the transaction that holds what the look found.
create table to_look (
    brand       text    not null,
    seq         bigint  generated always as identity,
    mention_id  uuid    not null,
    primary key (brand, seq)
);

-- What a look needs of the mentions before it: their meaning, in few numbers, and what else they may be found by.
create table looked (
    brand       text         not null,
    mention_id  uuid         not null,
    at          timestamptz  not null,
    seen        jsonb        not null,
    static      bytea,                  -- its meaning in full, 512 half-precision numbers: compared, never searched
    meaning     halfvec(64)  not null,  -- and in the few that are searched
    primary key (brand, mention_id)
);
create index on looked (brand, at);
create index on looked using hnsw (meaning halfvec_ip_ops) with (m = 8, ef_construction = 32);

create table clue (
    brand      text        not null,
    clue       text        not null,
    at         timestamptz not null,
    mention_id uuid        not null,
    primary key (brand, clue, at, mention_id)
);
create index on clue (brand, mention_id);

-- Two mentions of which a person says whether they are one issue: because we asked (score and evidence), or unasked (neither).
create table suggestion (
    id         uuid primary key,  -- made from the brand and the pair
    brand      text        not null,
    seq        bigint      generated always as identity,
    mention_id uuid        not null,  -- the smaller id of the two
    other_id   uuid        not null,
    score      real,
    evidence   jsonb       not null,
    state      text        not null,  -- open | withheld | confirmed | rejected | withdrawn
    version    integer     not null,
    created_at timestamptz not null,
    decided_by text,
    decided_at timestamptz
);
create index on suggestion (brand, state, seq);
create index on suggestion (brand, mention_id);
create index on suggestion (brand, other_id);

-- What many people say at the same time, or one after another in the same words.
create table topic (
    id        uuid primary key,  -- made from the brand and the first mention
    brand     text        not null,
    seq       bigint      generated always as identity,
    kind      text        not null,  -- event | copy
    why       text        not null,
    first_at  timestamptz not null,
    last_at   timestamptz not null,
    customers integer     not null,
    mentions  integer     not null
);
create index on topic (brand, last_at);
create table topic_member (
    brand       text        not null,
    topic_id    uuid        not null,
    mention_id  uuid        not null,
    customer_id uuid        not null,
    at          timestamptz not null,
    primary key (brand, topic_id, mention_id)
);
create index on topic_member (brand, mention_id);

-- Customers whom a person said to be one: `loser` is known as `winner` from then on, until somebody takes it back.
create table customer_merge (
    id         uuid primary key,
    brand      text        not null,
    winner     uuid        not null,
    loser      uuid        not null,
    identities jsonb       not null,  -- those that moved
    reason     text        not null,
    merged_by  text        not null,
    merged_at  timestamptz not null,
    undone_by  text,
    undone_at  timestamptz
);
create unique index on customer_merge (brand, loser) where undone_at is null;
create index on customer_merge (brand, winner);
create table customer_version (
    brand       text    not null,
    customer_id uuid    not null,
    version     integer not null,
    primary key (brand, customer_id)
);
-- Customers whose mentions must still be told as somebody else's.
create table to_retell (
    brand    text   not null,
    known_as uuid   not null,
    customer_id uuid not null,
    seq      bigint generated always as identity,
    actor    text   not null,
    primary key (brand, known_as)
);
