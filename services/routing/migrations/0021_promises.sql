-- What we promised customers: a deadline each, from the reply that gave it, or written down by whoever gave it on the phone.
create table promise (
    id          uuid primary key,
    seq         bigint      not null generated always as identity,
    brand       text        not null,
    case_id     uuid        not null, -- the case that its message is in
    mention_id  uuid,                 -- the message that it was given in answer to: it goes where that goes; none: it stays with the case
    reply_id    uuid,                 -- the reply that gave it; none: it was given otherwise, and a person wrote it down
    channel     text        not null,
    visibility  text        not null,
    text        text        not null,
    given_at    timestamptz not null,
    given_by    text        not null,
    due_at      timestamptz,          -- none: nothing that can be computed was said
    state       text        not null, -- open | kept | broken | renegotiated | withdrawn
    broken_at   timestamptz,          -- its due time, where nothing had kept it by then; stays with one that was kept late
    ended_at    timestamptz,          -- when it was kept, given another promise for, or withdrawn
    ended_by    text,
    kept_by     uuid,                 -- the reply that kept it
    assumed     boolean     not null default false, -- it is the next reply, and nobody has said that it keeps it
    reason      text,
    replaces    uuid,                 -- the promise in whose place it came
    replaced_by uuid,
    touched     boolean     not null default false, -- a person has decided about it: the next reply no longer keeps it by itself
    version     integer     not null default 1
);
create index on promise (case_id);
create index on promise (mention_id) where mention_id is not null;
-- Broken ones first, then what is due first; what has no due time comes last.
create index on promise (brand, (state <> 'broken'), (coalesce(due_at, 'infinity')), id) where state in ('open', 'broken');

-- What a reply said of promises, for one that is heard of after a later one.
alter table said add column keeps uuid[], add column update_due boolean not null default false;

-- A list of cases counts what was promised as due, beside the clocks, and can be narrowed to cases with promises. Cases that are there have none yet.
create or replace function case_due_at(c jsonb) returns timestamptz
    language sql stable parallel safe
    as $$ select least(min((value ->> 'due_at')::timestamptz), (c ->> 'promise_due_at')::timestamptz) from jsonb_array_elements(c -> 'clocks')
    where value ->> 'met_at' is null and value ->> 'paused_at' is null $$;

create or replace function case_keys(brand text, c jsonb) returns text[]
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
                'month/' || left(c ->> 'opened_at', 7),
                case when c ->> 'promise_open' = 'true' then 'promise/open' end,
                case when c ->> 'promise_broken' = 'true' then 'promise/broken' end
            ])
            union all select 'label/' || value from jsonb_array_elements_text(c -> 'labels')
            union all select 'risk/' || value from jsonb_array_elements_text(c -> 'risk')
            union all select 'tag/' || value from jsonb_array_elements_text(c -> 'tags')
            union all select 'watcher/' || value from jsonb_array_elements_text(c -> 'watchers')
            union all select 'field/' || f.key || '=' || f.value from jsonb_each_text(coalesce(c -> 'fields', '{}')) f
        ) as found(key)
        where key is not null)
    $$;
