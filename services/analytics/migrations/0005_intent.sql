-- What people want, and whether they are to be answered: as triage proposes it or a person chose.
alter table fact_mention
    add column intent  text,  -- none: told before there were intents
    add column respond text;
