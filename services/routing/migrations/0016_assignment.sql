-- What is known of a customer beside their messages. Whoever opens, moves or empties a case of theirs locks the row first, so that of two
-- transactions the second sees what the first has done.
create table customer (
    brand          text    not null,
    id             uuid    not null,
    version        integer not null default 0,
    customer_group text,        -- of the brand book's groups; none where a person said that it is none of them
    set_by         text,        -- who said so; none: nobody, and the brand book decides
    set_at         timestamptz,
    reason         text,
    primary key (brand, id)
);
create index on customer (brand, id) where set_by is not null;

-- Whether a customer wrote before is asked of a stretch of time.
create index on care_case (brand, customer_id, opened_at);

-- Who gets a case that no person has taken, and in which order cases wait. No rows are rewritten by the columns.
alter table care_case
    add column helpers jsonb,       -- department → who helped its customer there last, as it was when the case was opened
    add column given   jsonb,       -- a decision of the system about its owner, which stands until a person decides; none: the brand book decides
    add column skills  text[],      -- what its owner must know, in the order of the alphabet
    add column rank    smallint,    -- 0 urgent, 1 high, 2 normal, 3 low
    add column due_at  timestamptz, -- of the clock that is looked at first; in 9999 where none runs
    add column sticks  text,        -- who helped its customer last in the department where it is
    add column lane    text,        -- department, language and skills: whoever may take one case of a lane may take all
    add column channel text;

update care_case
set skills = '{}',
    rank = case state_json ->> 'priority' when 'urgent' then 0 when 'high' then 1 when 'low' then 3 else 2 end,
    due_at = coalesce(
        (select (c ->> 'due_at')::timestamptz from jsonb_array_elements(state_json -> 'clocks') c
         where c ->> 'met_at' is null order by c ->> 'kind' limit 1),
        '9999-01-01+00'),
    lane = department || ' ' || coalesce(state_json ->> 'language', 'other') || ' ',
    channel = state_json ->> 'channel'
where state in ('new', 'open', 'waiting');

-- What somebody has to do something about: by who may have it, what waits for an owner apart; by owner; and all of it, in its order.
create index care_case_lane on care_case (brand, lane, (owner is null), rank, due_at, id) include (channel, owner) where state in ('new', 'open');
create index care_case_sticks on care_case (brand, sticks, rank, due_at, id) where owner is null and state in ('new', 'open') and sticks is not null;
create index care_case_owned on care_case (brand, owner, rank, due_at, id) include (channel, state) where owner is not null and state in ('new', 'open');
create index care_case_queue on care_case (brand, rank, due_at, id) where state in ('new', 'open');

-- Who of the team is there, as they or their screens said last.
create table presence (
    brand   text        not null,
    member  text        not null,
    state   text        not null, -- available | busy | away | offline
    since   timestamptz not null, -- when it began
    seen_at timestamptz not null, -- when it was said last
    primary key (brand, member)
);
create index on presence (seen_at);

-- A rule of the brand book that could not be evaluated: told once for each version of the book.
create table failed_rule (
    brand        text        not null,
    book_version integer     not null,
    rule         integer     not null, -- its number in the book
    error        text        not null,
    case_id      uuid        not null, -- the first that met it
    at           timestamptz not null,
    primary key (brand, book_version, rule)
);
