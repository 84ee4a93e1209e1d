-- A case is of one group of mentions, and a mention says which group it is in: that holds for the whole case, however many mentions its events list.
alter table fact_case add column group_id uuid;  -- none: as told before this, and not told again since
update fact_case c
set group_id = (
    select m.group_id
    from fact_case_mention h join fact_mention m on m.mention_id = h.mention_id and m.brand = h.brand
    where h.case_id = c.case_id and h.brand = c.brand
    limit 1
);
create index on fact_case (brand, group_id);
drop table fact_case_mention;
