-- A copy is made when a case is told of, no longer to have something to lock before that.
delete from case_copy where version = 0;
alter table case_copy
    alter column state drop default,
    alter column mention_ids drop default,
    alter column "case" set not null;
