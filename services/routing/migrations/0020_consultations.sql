-- A question to a department that stays with a case.
create table consultation (
    id          uuid primary key,
    brand       text        not null,
    seq         bigint generated always as identity unique,
    case_id     uuid        not null, -- where it was asked; it goes on where that case does
    kind        text        not null, -- question | legal_check
    state       text        not null, -- open | answered | withdrawn
    department  text        not null, -- who has it by now
    question    text        not null,
    mention_ids uuid[]      not null default '{}',
    holds_case  boolean     not null default false,
    asked_by    text        not null,
    asked_at    timestamptz not null,
    since       timestamptz not null, -- this department has it since
    due_at      timestamptz not null,
    turn        integer     not null default 1, -- one more each time that it is handed on or reopened
    reminded    integer     not null default 0, -- how often a person reminded in this turn
    verdict     text, -- agreed | agreed_with_changes | refused
    ended_at    timestamptz,
    version     integer     not null default 1
);
create index on consultation (brand, due_at, id) where state = 'open';
create index on consultation (brand, case_id, seq);

-- What came back on it: the answer, further ones, automatic replies, and word that it could not be delivered.
create table consultation_answer (
    id              uuid primary key, -- of a mail it follows from its bytes: delivered twice, it is one
    brand           text        not null,
    seq             bigint generated always as identity unique,
    consultation_id uuid        not null,
    department      text        not null, -- that it was asked of, which may have handed it on since
    at              timestamptz not null,
    what            text        not null, -- answer | remark | automatic | undelivered
    via             text        not null, -- api | link | mail
    by              text        not null, -- token's subject, department, or address
    text            text        not null,
    verdict         text,
    outside         boolean     not null default false, -- from an address that is not of the department's domain
    late            boolean     not null default false, -- changed nothing: it had ended, or was somebody else's
    attachments     text[]      not null default '{}'
);
create index on consultation_answer (brand, consultation_id, seq);
