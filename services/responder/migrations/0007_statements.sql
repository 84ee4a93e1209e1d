-- What the brand says while an incident runs, once all have signed it: a script for everybody.
create table statement (
    incident_id uuid        primary key,
    brand       text        not null,
    version     bigint      not null,  -- of the incident, as last told
    offered     boolean     not null,
    title       text        not null,
    texts       jsonb       not null,  -- language → text; empty while it is not offered
    approved_at timestamptz
);
create index on statement (brand) where offered;
