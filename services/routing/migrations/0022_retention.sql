-- Cases that are over are forgotten when their brand's book says so.

-- What was forgotten: ids of cases, mentions and incidents, made from what they are about, and nothing else. What is told of them later has no effect.
create table forgotten (
    brand text not null,
    id    uuid not null,
    primary key (brand, id)
);

-- Cases that are over, and since when nothing has happened to them. It follows from the case, by triggers.
create table resting_case (
    case_id     uuid primary key,
    brand       text        not null,
    since       timestamptz not null, -- the last thing that happened to it
    texts_from  timestamptz,          -- nothing that customers wrote, or were told, is kept of it from before; none: nothing at all
    waits_until timestamptz           -- its time had come, and something still referred to it: looked at again then
);
create index on resting_case (brand, since);
create index on resting_case (brand, texts_from) where texts_from is not null;
create index on resting_case (brand, waits_until) where waits_until is not null;

create function case_rests() returns trigger
    language plpgsql
    as $$
begin
    if tg_op = 'UPDATE' then
        insert into resting_case as r (case_id, brand, since, texts_from) values (new.id, new.brand, moment(), new.opened_at)
        on conflict (case_id) do update set since = case when old.version = new.version then r.since else excluded.since end,
            texts_from = least(r.texts_from, excluded.texts_from), waits_until = null;
    else
        insert into resting_case (case_id, brand, since, texts_from) values (new.id, new.brand, moment(), new.opened_at);
    end if;
    return null;
end $$;

create function case_goes_on() returns trigger
    language plpgsql
    as $$
begin
    delete from resting_case where brand = old.brand and case_id = old.id;
    return null;
end $$;

create trigger rests_new after insert on care_case for each row when (new.state in ('closed', 'withdrawn')) execute function case_rests();
create trigger rests after update on care_case for each row when (new.state in ('closed', 'withdrawn')) execute function case_rests();
create trigger goes_on after update on care_case for each row
    when (old.state in ('closed', 'withdrawn') and new.state not in ('closed', 'withdrawn')) execute function case_goes_on();
create trigger rests_no_more after delete on care_case for each row when (old.state in ('closed', 'withdrawn')) execute function case_goes_on();

insert into resting_case (case_id, brand, since, texts_from)
select c.id, c.brand, coalesce((select t.at from timeline t where t.case_id = c.id order by t.version desc limit 1), c.opened_at), c.opened_at
from care_case c where c.state in ('closed', 'withdrawn');

-- When the words of an answer were forgotten; that it was given stays.
alter table said add column forgotten_at timestamptz;

-- What goes with a case is found by it.
create index on notification (brand, case_id) where case_id is not null;
create index on notification (brand, at);
create index on notification (notice_id) where notice_id is not null;
create index on notification (incident_id) where incident_id is not null;
create index on sent_reply (brand, case_id);
create index on signal (brand, case_id) where case_id is not null;
create index on signal (brand, at) where incident_id is null;
create index on signal (incident_id) where incident_id is not null;
create index on bulk_item (brand, case_id);
create index on placement (brand, case_id);
create index on follow_up (brand, case_id);
create index on link_use (brand, at);
