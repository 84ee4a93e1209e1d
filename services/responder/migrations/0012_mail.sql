-- What mail servers told of a reply that left, and how a report finds it.
alter table reply
    add column delivery text,
    add column delivery_code text,
    add column delivery_at timestamptz;
create index on reply (brand, external_id) where external_id is not null;
