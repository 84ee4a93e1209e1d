-- Which cases of a group follow one that was over: from which message on each has the group's messages.
create table follow_up (
    brand    text        not null,
    group_id uuid        not null,
    case_id  uuid        not null,
    begun_at timestamptz not null, -- when we received the message that began it …
    begun_by uuid        not null, -- … and which it is
    primary key (brand, group_id, case_id)
);

-- The ticker closes what stays resolved, and asks the brand book then whether it has to wait longer than by default.
update care_case
set next_fire_at = (state_json ->> 'resolved_at')::timestamptz + interval '14 days'
where state = 'resolved' and next_fire_at is null;

-- Under which version of the brand book the clocks were set, where that is another one than decided the case last. None: the same.
alter table care_case
    add column clock_version integer;
create index on care_case (brand, coalesce(clock_version, book_version), seq) where state in ('new', 'open', 'waiting');
