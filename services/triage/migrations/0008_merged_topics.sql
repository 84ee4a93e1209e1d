-- Two topics that turn out to be one: the later one has no members any more, and says where they are.

alter table topic add column merged_into uuid;
create index on topic (brand, merged_into) where merged_into is not null;
