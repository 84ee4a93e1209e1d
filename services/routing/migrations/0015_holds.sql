-- What people stopped: each hold by itself, several at once. `hold` counts them for the brand and sums them up: whether one that stands stops everything.
create table sending_hold (
    id           uuid        primary key,
    brand        text        not null,
    version      bigint      not null,    -- hold.hold_version after its newest change
    laid_version bigint      not null,    -- … when it was laid
    scope        jsonb       not null,
    everything   boolean     not null,    -- the scope names nothing: all of the brand
    reason       text        not null,
    by           text        not null,
    since        timestamptz not null,
    until        timestamptz,
    released_at  timestamptz,
    released_by  text
);
create index on sending_hold (brand, since desc, id desc);
create index on sending_hold (brand, (coalesce(released_at, 'infinity'::timestamptz)));

insert into sending_hold (id, brand, version, laid_version, scope, everything, reason, by, since)
select gen_random_uuid(), brand, hold_version, hold_version, '{}', true, coalesce(reason, ''), changed_by, changed_at from hold where held;
