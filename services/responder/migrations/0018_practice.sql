-- Practice: messages with a model answer, and who answered them how. Nothing here refers to a case, a reply or a customer, and nothing of those to it.
create table practice_message (
    brand        text        not null,
    key          text        not null,
    version      bigint      not null,
    channel      text        not null,
    visibility   text        not null check (visibility in ('public', 'private')),
    customer     text        not null,
    text         text        not null,
    first_reply  boolean     not null,
    language     text        not null,
    labels       jsonb       not null,
    difficulty   smallint    not null check (difficulty between 1 and 3),
    matters      jsonb       not null,
    model_answer text        not null,
    written_by   text        not null,
    written_at   timestamptz not null,
    primary key (brand, key)
);

create table practice_session (
    id           uuid        primary key,
    brand        text        not null,
    who          text        not null,
    role         text        not null,
    first_name   text        not null,
    initials     text        not null,
    seed         text        not null,
    labels       jsonb       not null,
    difficulty   smallint,
    book_version integer     not null,
    asked        integer     not null,
    answered     integer     not null,
    score        double precision,                  -- of what was answered; none before the first answer
    opened_at    timestamptz not null,
    ended_at     timestamptz
);
create unique index on practice_session (brand, who) where ended_at is null;
create index on practice_session (brand, opened_at desc, id desc);
create index on practice_session (brand, who);

-- A message as it was when it was put to somebody, so that what they were asked outlives what leads change.
create table practice_answer (
    brand       text        not null,
    session_id  uuid        not null references practice_session on delete cascade,
    position    integer     not null,
    message     jsonb       not null,
    text        text,
    answered_at timestamptz,
    seconds     double precision,
    score       jsonb,
    primary key (session_id, position)
);
