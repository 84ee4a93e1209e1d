-- What time it is. A session that plays a scenario says so itself; every other has the database's clock as it stands.
create function moment() returns timestamptz
    language sql stable parallel safe
    as $$ select coalesce(nullif(current_setting('weerklank.moment', true), '')::timestamptz, clock_timestamp()) $$;

-- What is to be done later: a reminder, a return, an end. A case's clocks are not here but in the case's own row.
create table timer (
    brand   text        not null,
    kind    text        not null, -- what it is for; says which function it calls
    subject uuid        not null, -- the case, consultation, promise, … that it is about
    name    text        not null, -- one of several of that subject
    at      timestamptz not null,
    primary key (brand, kind, subject, name)
);
create index on timer (at);
