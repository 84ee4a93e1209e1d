-- Cases are also found by what departments were asked and answered, what came of calls, and what was promised; keys that instances share are compared; and
-- mail says whether it is from whom it says.

create function queue_answered_cases() returns trigger
    language plpgsql
    as $$
begin
    insert into search_queue (brand, case_id)
    select distinct q.brand, q.case_id from changed a join consultation q on q.brand = a.brand and q.id = a.consultation_id;
    return null;
end $$;

create function queue_called_cases() returns trigger
    language plpgsql
    as $$
begin
    insert into search_queue (brand, case_id)
    select distinct k.brand, k.case_id from changed t join callback k on k.brand = t.brand and k.id = t.callback_id;
    return null;
end $$;

-- Most changes of these are of a state or a moment, and change no text. Its argument is the column of the text.
create function queue_rewritten() returns trigger
    language plpgsql
    as $$
begin
    insert into search_queue (brand, case_id)
    select distinct v.brand, v.case_id from changed c join before b on b.id = c.id
    cross join lateral (values (b.brand, b.case_id), (c.brand, c.case_id)) v(brand, case_id)
    where (to_jsonb(c) -> tg_argv[0], c.case_id) is distinct from (to_jsonb(b) -> tg_argv[0], b.case_id);
    return null;
end $$;

create trigger queue_new after insert on consultation referencing new table as changed for each statement execute function queue_texts();
create trigger queue_rewritten after update on consultation referencing old table as before new table as changed
    for each statement execute function queue_rewritten('question');
create trigger queue_gone after delete on consultation referencing old table as changed for each statement execute function queue_texts();
create trigger queue_new after insert on consultation_answer referencing new table as changed for each statement execute function queue_answered_cases();
create trigger queue_gone after delete on consultation_answer referencing old table as changed
    for each statement execute function queue_answered_cases();
create trigger queue_new after insert on callback referencing new table as changed for each statement execute function queue_texts();
create trigger queue_rewritten after update on callback referencing old table as before new table as changed
    for each statement execute function queue_rewritten('note');
create trigger queue_gone after delete on callback referencing old table as changed for each statement execute function queue_texts();
create trigger queue_new after insert on callback_attempt referencing new table as changed for each statement execute function queue_called_cases();
create trigger queue_gone after delete on callback_attempt referencing old table as changed for each statement execute function queue_called_cases();
create trigger queue_new after insert on promise referencing new table as changed for each statement execute function queue_texts();
create trigger queue_rewritten after update on promise referencing old table as before new table as changed
    for each statement execute function queue_rewritten('text');
create trigger queue_gone after delete on promise referencing old table as changed for each statement execute function queue_texts();

-- A case that another one no longer goes on in says less. Hardly any change is of such a one: its state, which need not be unpacked, is looked at first.
create function queue_left_cases() returns trigger
    language plpgsql
    as $$
begin
    insert into search_queue (brand, case_id)
    select b.brand, (b.state_json ->> 'merged_into')::uuid from before b join changed c on c.id = b.id
    where b.state = 'merged' and b.state_json ->> 'merged_into' <> coalesce(c.state_json ->> 'merged_into', '');
    return null;
end $$;

create trigger queue_left after update on care_case referencing old table as before new table as changed
    for each statement execute function queue_left_cases();

-- What is there by now is made findable in the background, behind the changes of the moment.
insert into search_queue (brand, case_id)
select brand, case_id from consultation
union select brand, case_id from callback where note <> '' or attempts > 0
union select brand, case_id from promise;

-- Which keys each instance holds, by fingerprints from which no key follows: whether all hold the same.
create table held_key (
    instance     text        not null,
    name         text        not null,
    fingerprints text[]      not null, -- of the one that signs first
    seen_at      timestamptz not null default now(),
    primary key (instance, name)
);

-- Whether a department's mail is from whom it says, as the mailbox's own server found.
alter table consultation_answer add column authenticated text; -- of a mail: pass | fail | unknown
update consultation_answer set authenticated = 'unknown' where via = 'mail';
