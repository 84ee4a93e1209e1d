-- What people decided about findings, and what a brand's models learnt from it.

-- One person's word on one finding of one mention; the newest of each counts. It may come before its mention, and waits here then. Gone with the
-- mention's text when that is taken back.
create table correction (
    id         uuid primary key,
    seq        bigint generated always as identity,
    brand      text        not null,
    mention_id uuid        not null,
    finding    text        not null,
    chosen     text[]      not null,
    proposed   text[]      not null,
    reason     text,
    actor      text        not null,
    at         timestamptz not null
);
create index on correction (brand, mention_id);
create index on correction (brand, finding, seq);

-- A version of what a brand learnt about a finding. A version never changes, but for its weights, which are only kept while it may go live.
create table model (
    brand        text        not null,
    finding      text        not null,
    version      integer     not null,
    verdict      text        not null,  -- better | not better | too few to judge
    base         text        not null,  -- the shipped models that it corrects, and cannot do without
    compared_to  integer     not null,  -- the version that was live, 0 for the shipped models alone
    score        double precision not null,  -- of this version, on what was held out
    live_score   double precision not null,  -- of what was live, on the same
    trained_on   integer     not null,
    held_out     integer     not null,
    learnt_to    bigint      not null,  -- correction.seq up to which was read
    one_in       integer     not null,  -- one text of so many was held out
    explanation  jsonb       not null,
    weights      bytea,
    created_at   timestamptz not null default now(),
    primary key (brand, finding, version)
);

-- Which version is live: the newest row of a brand and finding. Every replica reads it before each batch, so all switch within one.
create table model_switch (
    brand    text        not null,
    finding  text        not null,
    n        integer     not null,
    version  integer     not null,  -- 0: the shipped models alone
    previous integer     not null,
    reason   text        not null,
    actor    text        not null,
    at       timestamptz not null default now(),
    primary key (brand, finding, n)
);
