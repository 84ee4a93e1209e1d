-- What a clock did is no longer taken for a person's decision. Where nobody did anything, the brand book decides again from the next mention on.
update care_case c
set touched = false
where touched
  and not exists (select from timeline t where t.case_id = c.id and (t.actor <> 'system' or t.what in ('reacted', 'waiting')))
  and not exists (select from care_case o where o.brand = c.brand and o.state_json ->> 'merged_into' = c.id::text);
