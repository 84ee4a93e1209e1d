-- How each clock ended in the rounds before the newest one, as the case tells: what was breached once stays counted.
alter table fact_case
    add column reaction_earlier_met        integer not null default 0,
    add column reaction_earlier_breached   integer not null default 0,
    add column resolution_earlier_met      integer not null default 0,
    add column resolution_earlier_breached integer not null default 0;
