-- Escalations that no scenario asks for are one incident for an hour: the next hour's may be raised while people still work on it. Whoever raises one
-- holds a lock for that (`only_one_raises`).
drop index incident_running;
create unique index incident_running on incident (brand, scenario, about)
    where state <> 'closed' and not drill and (scenario <> '' or about not in ('', 'escalation'));
