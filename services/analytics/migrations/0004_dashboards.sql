-- What dashboards may read: the facts, which hold no text of anyone, and neither the dead letters nor the outbox beside them. Where the role does not
-- exist yet, deploy/postgres/roles.sql or the start of the embedded stack grants the same when it makes it.
do $$
begin
    if exists (select from pg_roles where rolname = 'grafana') then
        execute format('grant usage on schema %I to grafana', current_schema());
        grant select on fact_mention, fact_case, fact_reply, case_event to grafana;
    end if;
end $$;
