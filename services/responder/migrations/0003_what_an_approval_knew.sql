-- The newer message that the approver had read, when the customer had written again by then.
alter table reply add column despite uuid;
