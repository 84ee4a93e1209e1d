-- Cases are found: a narrow row for lists and counts, the words for search, and what was said to customers.

-- A line of a list of cases. It follows from the case, by a trigger: whoever changes a case need not think of it, and a list shows a change as soon
-- as it is committed. `keys` are all that a list can be narrowed by, each with its brand and whether the case is open: brand/o/label/invoice.
create table case_line (
    case_id     uuid primary key,
    brand       text        not null,
    seq         bigint      not null,
    is_open     boolean     not null,
    rank        smallint    not null, -- of its priority: 0 is urgent
    due_at      timestamptz,          -- of the running clock that ends first
    opened_at   timestamptz not null,
    latest_at   timestamptz not null, -- when its newest message came
    customer_id uuid        not null,
    keys        text[]      not null
);

create function case_keys(brand text, c jsonb) returns text[]
    language sql immutable parallel safe
    as $$
    select array(
        select brand || case when c ->> 'state' in ('new', 'open', 'waiting') then '/o/' else '/c/' end || key
        from (
            select unnest(array[
                'state/' || (c ->> 'state'),
                'department/' || (c ->> 'department'),
                'owner/' || coalesce(c ->> 'owner', ''),
                'priority/' || (c ->> 'priority'),
                'channel/' || (c ->> 'channel'),
                'visibility/' || (c ->> 'visibility'),
                'language/' || (c ->> 'language'),
                'sentiment/' || (c ->> 'sentiment'),
                'urgency/' || (c ->> 'urgency'),
                'intent/' || (c ->> 'intent'),
                'respond/' || (c ->> 'respond'),
                'topic/' || (c ->> 'topic_id'),
                'customer/' || (c ->> 'customer_id'),
                'group/' || (c ->> 'customer_group'),
                'contact/' || (c ->> 'contact'),
                'sample/' || coalesce(c ->> 'sample', 'false'),
                'month/' || left(c ->> 'opened_at', 7)
            ])
            union all select 'label/' || value from jsonb_array_elements_text(c -> 'labels')
            union all select 'risk/' || value from jsonb_array_elements_text(c -> 'risk')
            union all select 'tag/' || value from jsonb_array_elements_text(c -> 'tags')
            union all select 'watcher/' || value from jsonb_array_elements_text(c -> 'watchers')
            union all select 'field/' || f.key || '=' || f.value from jsonb_each_text(coalesce(c -> 'fields', '{}')) f
        ) as found(key)
        where key is not null)
    $$;

create function case_due_at(c jsonb) returns timestamptz
    language sql stable parallel safe
    as $$ select min((value ->> 'due_at')::timestamptz) from jsonb_array_elements(c -> 'clocks')
    where value ->> 'met_at' is null and value ->> 'paused_at' is null $$;

create function case_rank(c jsonb) returns smallint
    language sql immutable parallel safe
    as $$ select (case c ->> 'priority' when 'urgent' then 0 when 'high' then 1 when 'low' then 3 else 2 end)::smallint $$;

create function keep_case_lines() returns trigger
    language plpgsql
    as $$
begin
    insert into case_line as l (case_id, brand, seq, is_open, rank, due_at, opened_at, latest_at, customer_id, keys)
    select c.id, c.brand, c.seq, c.state in ('new', 'open', 'waiting'), case_rank(c.state_json), case_due_at(c.state_json), c.opened_at,
        coalesce((c.state_json -> 'latest' ->> 'received_at')::timestamptz, c.opened_at), c.customer_id, case_keys(c.brand, c.state_json)
    from changed c
    on conflict (case_id) do update set is_open = excluded.is_open, rank = excluded.rank, due_at = excluded.due_at,
        opened_at = excluded.opened_at, latest_at = excluded.latest_at, customer_id = excluded.customer_id, keys = excluded.keys
        where (l.is_open, l.rank, l.due_at, l.opened_at, l.latest_at, l.customer_id, l.keys) is distinct from
        (excluded.is_open, excluded.rank, excluded.due_at, excluded.opened_at, excluded.latest_at, excluded.customer_id, excluded.keys);
    return null;
end $$;

create trigger keep_lines_of_new after insert on care_case referencing new table as changed
    for each statement execute function keep_case_lines();
create trigger keep_lines_of_changed after update on care_case referencing new table as changed
    for each statement execute function keep_case_lines();

create function drop_case_lines() returns trigger
    language plpgsql
    as $$
begin
    if tg_op = 'TRUNCATE' then
        truncate case_line, search_text, search_name, search_queue;
    else
        delete from case_line l using gone g where l.brand = g.brand and l.case_id = g.id;
        insert into search_queue (brand, case_id) select brand, id from gone;
    end if;
    return null;
end $$;

create trigger drop_lines_of_gone after delete on care_case referencing old table as gone
    for each statement execute function drop_case_lines();
create trigger drop_lines_of_all after truncate on care_case for each statement execute function drop_case_lines();

insert into case_line (case_id, brand, seq, is_open, rank, due_at, opened_at, latest_at, customer_id, keys)
select c.id, c.brand, c.seq, c.state in ('new', 'open', 'waiting'), case_rank(c.state_json), case_due_at(c.state_json), c.opened_at,
    coalesce((c.state_json -> 'latest' ->> 'received_at')::timestamptz, c.opened_at), c.customer_id, case_keys(c.brand, c.state_json)
from care_case c;

create index on case_line (brand, seq);
create index on case_line (brand, seq) where is_open;
create index on case_line (brand, due_at, seq) where is_open;
create index on case_line (brand, rank, due_at, seq) where is_open;
create index on case_line (brand, customer_id, seq);
create index on case_line using gin (keys) with (gin_pending_list_limit = 1024);
-- A storm changes a tenth of the open cases in minutes; a plan that counts on the counts of yesterday reads all of them.
alter table case_line set (autovacuum_analyze_scale_factor = 0.02);

-- What was said to customers, so that whoever has the case need not ask another service: each reply once.
create table said (
    reply_id   uuid primary key,
    brand      text        not null,
    case_id    uuid        not null, -- the case that it was written on, which may go on in another one by now
    mention_id uuid,                 -- the message that it answers, where that is known
    channel    text        not null,
    visibility text        not null,
    at         timestamptz not null,
    by         text,                 -- whoever wrote it
    text       text        not null,
    promises   jsonb       not null default '[]',
    sandbox    boolean     not null default false
);
create index on said (brand, case_id, at);

-- What a case is found by: the words of its messages, answers and notes in both languages' stems, and names and numbers as they are written.
create table search_text (
    case_id uuid primary key,
    brand   text     not null,
    seq     bigint   not null,
    words   tsvector not null,
    names   text     not null, -- in lower case without accents; numbers without what separates their parts
    called  text[]   not null  -- the words of the names of those who wrote
);
-- Some ten thousands of cases that were opened one after the other are an era: the newest are looked through first, in one scan of the index, where
-- nothing has to be guessed about how many cases have a word.
create index on search_text using gin ((array[brand || '/' || (seq >> 15)::text]), words) with (gin_pending_list_limit = 1024);
create index on search_text using gin ((array[brand || '/' || (seq >> 15)::text]), names gin_trgm_ops) with (gin_pending_list_limit = 1024);

-- The words of customers' names, with how many cases have them: what a name that was misspelt may have meant. One that no case has any longer is gone.
create table search_name (
    brand text    not null,
    name  text    not null,
    cases integer not null,
    primary key (brand, name)
);
create index on search_name using gin (name gin_trgm_ops); -- few rows: each name once for each brand

-- Cases whose texts changed since they were last made findable. A row is added by whatever changes a text, in its transaction.
create table search_queue (
    seq     bigint generated always as identity primary key,
    brand   text not null,
    case_id uuid not null
);

create function queue_texts() returns trigger
    language plpgsql
    as $$
begin
    insert into search_queue (brand, case_id) select distinct brand, case_id from changed;
    return null;
end $$;

create function queue_moved_texts() returns trigger
    language plpgsql
    as $$
begin
    insert into search_queue (brand, case_id) select brand, case_id from changed union select brand, case_id from before;
    return null;
end $$;

create function queue_named_cases() returns trigger
    language plpgsql
    as $$
begin
    insert into search_queue (brand, case_id)
    select c.brand, c.id from changed c join before b on b.id = c.id
    where (c.state_json -> 'tags', c.state_json -> 'fields', c.state_json -> 'labels', c.state_json -> 'merged_into', c.state_json -> 'latest' -> 'id')
        is distinct from
        (b.state_json -> 'tags', b.state_json -> 'fields', b.state_json -> 'labels', b.state_json -> 'merged_into', b.state_json -> 'latest' -> 'id');
    return null;
end $$;

create trigger queue_new after insert on mention_copy referencing new table as changed for each statement execute function queue_texts();
create trigger queue_moved after update on mention_copy referencing old table as before new table as changed
    for each statement execute function queue_moved_texts();
create trigger queue_new after insert on note referencing new table as changed for each statement execute function queue_texts();
create trigger queue_moved after update on note referencing old table as before new table as changed
    for each statement execute function queue_moved_texts();
create trigger queue_gone after delete on note referencing old table as changed for each statement execute function queue_texts();
create trigger queue_new after insert on said referencing new table as changed for each statement execute function queue_texts();
create trigger queue_moved after update on said referencing old table as before new table as changed
    for each statement execute function queue_moved_texts();
create trigger queue_gone after delete on said referencing old table as changed for each statement execute function queue_texts();
create trigger queue_named after update on care_case referencing old table as before new table as changed
    for each statement execute function queue_named_cases();

insert into search_queue (brand, case_id) select brand, id from care_case order by seq;

-- All words are kept without accents and by their stem in both languages, so that a phrase may hold any of them ("geen internet"). What is asked
-- without quotes leaves out the words that nearly all texts have, in either language.
create text search dictionary weerklank_stem_nl (template = snowball, language = dutch);
create text search dictionary weerklank_stem_en (template = snowball, language = english);
create text search dictionary weerklank_stop_nl (template = simple, stopwords = dutch, accept = false);
create text search dictionary weerklank_stop_en (template = simple, stopwords = english, accept = false);
create text search configuration weerklank_nl (copy = dutch);
create text search configuration weerklank_en (copy = english);
create text search configuration weerklank_nl_asked (copy = dutch);
create text search configuration weerklank_en_asked (copy = english);
alter text search configuration weerklank_nl alter mapping for asciiword, asciihword, hword_asciipart, word, hword, hword_part
    with unaccent, weerklank_stem_nl;
alter text search configuration weerklank_en alter mapping for asciiword, asciihword, hword_asciipart, word, hword, hword_part
    with unaccent, weerklank_stem_en;
alter text search configuration weerklank_nl_asked alter mapping for asciiword, asciihword, hword_asciipart, word, hword, hword_part
    with unaccent, weerklank_stop_en, weerklank_stop_nl, weerklank_stem_nl;
alter text search configuration weerklank_en_asked alter mapping for asciiword, asciihword, hword_asciipart, word, hword, hword_part
    with unaccent, weerklank_stop_nl, weerklank_stop_en, weerklank_stem_en;

create function stems_of(said text) returns tsvector
    language sql stable parallel safe
    as $$ select to_tsvector('weerklank_nl', said) || to_tsvector('weerklank_en', said) $$;

create function word_of(said text) returns tsquery
    language sql stable parallel safe
    as $$ select phraseto_tsquery('weerklank_nl_asked', said) || phraseto_tsquery('weerklank_en_asked', said) $$;

create function phrase_of(said text) returns tsquery
    language sql stable parallel safe
    as $$ select phraseto_tsquery('weerklank_nl', said) || phraseto_tsquery('weerklank_en', said) $$;

-- A choice of cases under a name, a person's own or shared.
create table saved_view (
    id         uuid primary key,
    brand      text        not null,
    name       text        not null,
    owner      text        not null,
    shared     text        not null, -- nobody | department | everyone
    department text,
    wanted     jsonb       not null,
    sort       text        not null,
    version    integer     not null default 1,
    created_at timestamptz not null,
    changed_at timestamptz not null,
    changed_by text        not null
);
create index on saved_view (brand, owner);
create index on saved_view (brand, department) where shared = 'department';
create index on saved_view (brand) where shared = 'everyone';

-- In which order a person wants to see their views.
create table view_order (
    brand  text   not null,
    member text   not null,
    views  uuid[] not null,
    primary key (brand, member)
);

-- Lists are read from the lines now; nothing else looks cases up by these.
drop index care_case_brand_expr_seq_idx;
drop index care_case_brand_expr_seq_idx1;
drop index care_case_brand_seq_idx1;
