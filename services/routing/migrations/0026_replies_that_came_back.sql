-- A reply that was sent and came back undelivered has its effect once.
alter table sent_reply add column bounced_at timestamptz;
