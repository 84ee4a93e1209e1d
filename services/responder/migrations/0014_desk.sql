-- What the desk shows beside the replies. Whose turn it is and by when, from the copy of the case: a queue is read without opening one of them.
alter table case_copy
    add column owner  text generated always as ("case" ->> 'owner') stored,
    add column due_at timestamptz not null default '9000-01-01T00:00:00Z'; -- of its clock that runs out first; none runs: the year 9000
update case_copy c set due_at = d.due_at
from (
    select k.case_id, min((clock ->> 'due_at')::timestamptz) as due_at
    from case_copy k, jsonb_array_elements(k."case" -> 'clocks') clock
    where clock ->> 'met_at' is null and clock ->> 'paused_at' is null
    group by k.case_id
) d
where d.case_id = c.case_id;
create index on case_copy (brand, owner, due_at, case_id) where state in ('new', 'open');

create index on reply (brand, writer, created_at desc) where state in ('draft', 'failed', 'unconfirmed');
create index on reply (brand, writer) where state = 'draft' and returned is not null;
-- Who may approve nothing of what waits learns so without a look at all of it.
create index on reply using gin (asks) where state = 'submitted';
create index on reply (brand, approved_at desc, id desc) where approved_at is not null;

-- What customers wrote, as cases were told of: until the case is closed or its texts are forgotten.
create table case_message (
    mention_id  uuid        primary key,
    brand       text        not null,
    received_at timestamptz not null,
    mention     jsonb       not null
);

-- What colleagues and departments said of a case, what was promised and what else was done: as long as its messages.
create table case_step (
    brand   text        not null,
    case_id uuid        not null,
    what    text        not null,
    id      uuid        not null,   -- of the note, the question, the answer, the promise, the call; of the event where there is nothing else
    at      timestamptz not null,
    who     text        not null,
    body    jsonb       not null,
    primary key (case_id, what, id)
);

-- Who is logged in at the desk. The cookie's secret is the row's key and opens what is sealed: the table alone gives nobody a token.
create table desk_session (
    id         bytea       primary key,
    sealed     bytea       not null,
    expires_at timestamptz not null
);
create index on desk_session (expires_at);
