-- What a reply commits us to, and which promises its writer says that it keeps (null: whatever is open for its customer when it is sent).
alter table reply
    add column promises jsonb not null default '[]',
    add column keeps    jsonb;
