-- When evidence was last shown, by our clock: what nobody can be linked by any more is removed.
alter table evidence add column shown_at timestamptz not null default now();
create index on evidence using brin (shown_at);
create index on mention (brand, group_id) where removed;
