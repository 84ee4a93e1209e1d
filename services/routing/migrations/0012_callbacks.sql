-- A call that we owe a customer.
create table callback (
    id          uuid primary key,
    brand       text        not null,
    seq         bigint generated always as identity unique,
    case_id     uuid        not null,
    mention_id  uuid, -- where the number was left; none: a person wrote it down
    phone       text        not null, -- E.164, or as it was written; empty once the message was taken back
    state       text        not null, -- proposed | open | reached | not_reached | wrong_number | cancelled | withdrawn
    department  text, -- none: the case's
    owner       text, -- none: the case's, where the department is
    note        text,
    window_from timestamptz,
    window_to   timestamptz,
    next_at     timestamptz not null, -- the next call is not made before
    due_at      timestamptz not null, -- and not later than
    attempts    integer     not null default 0,
    created_at  timestamptz not null,
    created_by  text        not null,
    ended_at    timestamptz,
    touched     boolean     not null default false, -- a person has decided something; until then it follows from its messages
    version     integer     not null default 1
);
create index on callback (brand, due_at, id) where state in ('proposed', 'open');
create index on callback (case_id);
create index on callback (mention_id) where mention_id is not null;

create table callback_attempt (
    callback_id uuid        not null,
    brand       text        not null,
    number      integer     not null,
    at          timestamptz not null,
    by          text        not null,
    outcome     text        not null, -- reached | no_answer | wrong_number | busy
    note        text,
    primary key (callback_id, number)
);
