-- What the case of a group of mentions says: that people resolved it, and when. The newest version counts.
create table resolution (
    brand        text        not null,
    group_id     uuid        not null,
    case_version integer     not null,
    resolved_at  timestamptz,            -- none: somebody took it up again
    mentions     uuid[]      not null,   -- those that the case had: one that is not among them came after it, and woke it
    heard_at     timestamptz not null default now(),
    primary key (brand, group_id)
);
create index on resolution (brand, heard_at);
