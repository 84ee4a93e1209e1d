-- How the author of what was looked at is called: most candidates are passed over by that, and the rest of what they showed is not read.
alter table looked add column name jsonb;
-- Half-precision numbers do not get smaller, and a row with them beside the rest is written and read at once.
alter table looked alter column static set storage external;
alter table looked set (toast_tuple_target = 4080);
-- Fewer neighbours, fewer looked at for each new one: half the time to write, for candidates of which one in twenty is another.
drop index looked_meaning_idx;
create index on looked using hnsw (meaning halfvec_ip_ops) with (m = 6, ef_construction = 20);
