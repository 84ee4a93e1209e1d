-- Whose turn it is follows from which message people handled last, not from which event came first.
alter table care_case
    add column handled_at  timestamptz,  -- the newest message that a reply or a resolution handled: when we received it …
    add column handled_id  uuid,         -- … and which it is
    add column turn_before jsonb;        -- what the case was before the message that began the running round

-- Until now a case that waits, or is resolved, had all of its messages handled.
update care_case
set handled_at = (state_json -> 'latest' ->> 'received_at')::timestamptz, handled_id = (state_json -> 'latest' ->> 'id')::uuid
where touched and state in ('waiting', 'resolved');
