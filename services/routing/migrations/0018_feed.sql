-- What happens, for people's screens. A change adds its rows to `feed_new` in its own transaction; once that has committed they get a place in `feed`,
-- given under a lock, so that places become visible in their order, whichever transactions are slow.
create table feed_new (
    id          bigint generated always as identity primary key,
    brand       text   not null,
    kind        text   not null, -- case, presence, notification, incident, hold, bulk, …
    member      text,            -- only their screens; none: the brand's
    case_id     uuid,            -- the case that it is about, if any
    people      text[] not null, -- whose case it is or was before: owners and watchers
    departments text[] not null, -- the same of departments
    data        text   not null  -- JSON, as it is sent
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);

create table feed (
    place       bigint generated always as identity primary key,
    at          timestamptz not null,
    brand       text        not null,
    kind        text        not null,
    member      text,
    case_id     uuid,
    people      text[]      not null,
    departments text[]      not null,
    data        text        not null
);
create index on feed (brand, place);

-- The last place that is kept no longer. One row.
create table feed_purged (
    place bigint not null
);
insert into feed_purged values (0);

-- Give what has committed since its place, and return what stands after a place. Whoever gives places waits for whoever else does, until they have
-- committed: a place that can be read has none before it that comes later.
create function feed_take(after bigint, most integer) returns setof feed
    language plpgsql
    as $$
begin
    if exists (select from feed_new) then
        perform pg_advisory_xact_lock(hashtextextended('feed', 4));
        with taken as (
            delete from feed_new where id in (select id from feed_new order by id limit 5000) returning *
        )
        insert into feed (at, brand, kind, member, case_id, people, departments, data)
        select moment(), t.brand, t.kind, t.member, t.case_id, t.people, t.departments, t.data from taken t order by t.id;
    end if;
    return query select * from feed f where f.place > after order by f.place limit most;
end
$$;

-- Who looks at a case or types an answer, until when if they do not say so again. As many rows as people at work.
create table looking (
    brand   text        not null,
    case_id uuid        not null,
    member  text        not null,
    doing   text        not null, -- looking | typing
    until   timestamptz not null,
    primary key (brand, case_id, member)
) with (fillfactor = 50);

-- A note may be put right by its author for a while, and taken away; both leave a trace.
alter table note
    add column version    integer     not null default 1,
    add column mentions   text[]      not null default '{}', -- ids of the team members whom it tells
    add column edited_at  timestamptz,
    add column earlier    jsonb       not null default '[]', -- what it said before, each with when that was written
    add column deleted_at timestamptz,
    add column deleted_by text;

alter table notification
    add column read_at timestamptz;
create index on notification (brand, member) where read_at is null;

-- How often a brand's cases have a tag, for suggestions. A tag that no case has has no row.
create table tag (
    brand   text        not null,
    name    text        not null,
    uses    bigint      not null,
    used_at timestamptz not null,
    primary key (brand, name)
);
create index on tag (brand, uses desc, name);
