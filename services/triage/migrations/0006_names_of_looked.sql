-- How the author of what was looked at is called: most candidates are passed over by that, and the rest of what they showed is not read.
alter table looked add column name jsonb;
-- Half-precision numbers do not get smaller: trying to takes longer than writing them.
alter table looked alter column static set storage external;
