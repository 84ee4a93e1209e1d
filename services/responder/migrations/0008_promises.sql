-- What a reply commits us to, which promises its writer says that it keeps (null: whatever is open for its customer when it is sent), and what people
-- said of the promises in it: what was found and is none, what is due at another moment, what was attached.
alter table reply
    add column promises jsonb not null default '[]',
    add column keeps    jsonb,
    add column by_hand  jsonb not null default '[]';
