-- The line of a case in lists is computed within the statement that writes it: a function that is called for each row costs ten times as much, and was
-- a quarter of what the handlers ask of PostgreSQL. What the lines say is the same.
--
-- Read as part of the query that it stands in. `j` is the document unpacked once, and not for each of its keys.
create function line_of_case(brand text, c jsonb)
    returns table (rank smallint, due_at timestamptz, latest_at timestamptz, keys text[])
    language sql stable parallel safe
    as $$
    select
        (case j ->> 'priority' when 'urgent' then 0 when 'high' then 1 when 'low' then 3 else 2 end)::smallint,
        (
            select least(min((value ->> 'due_at')::timestamptz), (j ->> 'promise_due_at')::timestamptz)
            from jsonb_array_elements(j -> 'clocks') where value ->> 'met_at' is null and value ->> 'paused_at' is null
        ),
        (j -> 'latest' ->> 'received_at')::timestamptz,
        array_remove(array[
            p || 'state/' || (j ->> 'state'),
            p || 'department/' || (j ->> 'department'),
            p || 'owner/' || coalesce(j ->> 'owner', ''),
            p || 'priority/' || (j ->> 'priority'),
            p || 'channel/' || (j ->> 'channel'),
            p || 'visibility/' || (j ->> 'visibility'),
            p || 'language/' || (j ->> 'language'),
            p || 'sentiment/' || (j ->> 'sentiment'),
            p || 'urgency/' || (j ->> 'urgency'),
            p || 'intent/' || (j ->> 'intent'),
            p || 'respond/' || (j ->> 'respond'),
            p || 'topic/' || (j ->> 'topic_id'),
            p || 'customer/' || (j ->> 'customer_id'),
            p || 'group/' || (j ->> 'customer_group'),
            p || 'contact/' || (j ->> 'contact'),
            p || 'sample/' || coalesce(j ->> 'sample', 'false'),
            p || 'month/' || left(j ->> 'opened_at', 7),
            case when j ->> 'promise_open' = 'true' then p || 'promise/open' end,
            case when j ->> 'promise_broken' = 'true' then p || 'promise/broken' end
        ], null) || array(
            select p || 'label/' || value from jsonb_array_elements_text(j -> 'labels')
            union all select p || 'risk/' || value from jsonb_array_elements_text(j -> 'risk')
            union all select p || 'tag/' || value from jsonb_array_elements_text(j -> 'tags')
            union all select p || 'watcher/' || value from jsonb_array_elements_text(j -> 'watchers')
            union all select p || 'field/' || f.key || '=' || f.value from jsonb_each_text(coalesce(j -> 'fields', '{}')) f where f.value is not null
        )
    from (
        select c || '{}' as j, brand || case when c ->> 'state' in ('new', 'open', 'waiting') then '/o/' else '/c/' end as p offset 0
    ) as unpacked
    $$;

create or replace function keep_case_lines() returns trigger
    language plpgsql
    as $$
begin
    insert into case_line as l (case_id, brand, seq, is_open, rank, due_at, opened_at, latest_at, customer_id, keys)
    select c.id, c.brand, c.seq, c.state in ('new', 'open', 'waiting'), n.rank, n.due_at, c.opened_at, coalesce(n.latest_at, c.opened_at),
        c.customer_id, n.keys
    from changed c cross join lateral line_of_case(c.brand, c.state_json) n
    on conflict (case_id) do update set is_open = excluded.is_open, rank = excluded.rank, due_at = excluded.due_at,
        opened_at = excluded.opened_at, latest_at = excluded.latest_at, customer_id = excluded.customer_id, keys = excluded.keys
        where (l.is_open, l.rank, l.due_at, l.opened_at, l.latest_at, l.customer_id, l.keys) is distinct from
        (excluded.is_open, excluded.rank, excluded.due_at, excluded.opened_at, excluded.latest_at, excluded.customer_id, excluded.keys);
    return null;
end $$;

drop function case_keys(text, jsonb);
drop function case_due_at(jsonb);
drop function case_rank(jsonb);

create or replace function queue_named_cases() returns trigger
    language plpgsql
    as $$
begin
    insert into search_queue (brand, case_id)
    select c.brand, c.id
    from (select id, brand, state_json || '{}' as j from changed offset 0) c join (select id, state_json || '{}' as j from before offset 0) b using (id)
    where (c.j -> 'tags', c.j -> 'fields', c.j -> 'labels', c.j -> 'merged_into', c.j -> 'latest' -> 'id')
        is distinct from (b.j -> 'tags', b.j -> 'fields', b.j -> 'labels', b.j -> 'merged_into', b.j -> 'latest' -> 'id');
    return null;
end $$;
