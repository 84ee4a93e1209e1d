-- What wrote the first text of a reply, where no person and no script did.
alter table reply add column drafted_by jsonb;

-- A draft that somebody asked a language model for, and what became of that. No text: the draft is a reply, and what was wished for goes once it is done.
create table suggestion (
    id           uuid        primary key,
    brand        text        not null,
    case_id      uuid        not null,
    mention_id   uuid        not null,
    asked_by     text        not null,
    asked_role   text        not null,
    tone         text,
    script       text,
    instructions text,
    state        text        not null check (state in ('waiting', 'asking', 'drafted', 'failed')),
    day          date        not null,   -- of the brand, whose budget it is taken from
    reserved     integer     not null check (reserved >= 0),
    tokens       integer,
    model        text        not null,
    seconds      double precision,
    kind         text,                   -- of what went wrong
    error        text,
    reply_id     uuid,
    asked_at     timestamptz not null,
    taken_at     timestamptz,
    taken_by     uuid,
    ended_at     timestamptz,
    traceparent  text
);
create unique index on suggestion (brand, case_id, mention_id) where state in ('waiting', 'asking');
create index on suggestion (asked_at) where state in ('waiting', 'asking');
create index on suggestion (ended_at) where ended_at is not null;

-- Tokens of a brand's day: reserved before a model is asked, settled by what it says that it took.
create table model_budget (
    brand  text   not null,
    day    date   not null,
    tokens bigint not null check (tokens >= 0),
    primary key (brand, day)
);
