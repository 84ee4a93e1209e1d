-- What routing has told of holds: those that stand, and those that stood. Nothing that one stops begins to leave, and nothing that it stopped leaves
-- by itself after its release.
create table sending_hold (
    brand           text        not null,
    id              uuid        not null,
    version         bigint      not null,
    hold            jsonb       not null,
    stands          boolean     not null,
    everything      boolean     not null,
    release_seen_at timestamptz,                      -- by our own clock: what was approved before it was approved while the hold stood
    swept           boolean     not null default false, -- what it stopped when it came has been marked
    settled         boolean     not null default false, -- what it stopped has been put back
    primary key (brand, id)
);

alter table reply
    add column held_by uuid,                          -- the hold that stops it, or because of which its approval was void
    add column held_at timestamptz,
    add column reviewed_version bigint not null default 0; -- approved anew from the list of what is held, by somebody who knew so many holds
create index on reply (brand, approved_at, id) where state = 'approved' and held_by is null;
create index on reply (brand, held_at, id) where held_by is not null and state in ('approved', 'submitted');
create index on reply (held_by) where held_by is not null and state = 'approved';
