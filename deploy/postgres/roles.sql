-- A login role and a schema of the same name for each service, in the database `weerklank`. Repeating it changes nothing but the passwords.
--
--   WEERKLANK_INGEST_PASSWORD=… (and so on for the others) psql --set ON_ERROR_STOP=1 --file roles.sql postgresql://admin@host/postgres
--
-- Run it as a superuser; or as a role with createdb and createrole, once a superuser has made the extension vector in template1 (or made the
-- database, with that extension, for this role): PostgreSQL lets nobody else make it. Such a role becomes a member of each service's role, since
-- it could not make their schemas otherwise. A service's role can use its own schema and what the extensions put in `public`, and nothing of
-- another's. The tables come from the services themselves, when they start.
--
-- With WEERKLANK_GRAFANA_PASSWORD also a role `grafana` for dashboards: it reads the facts of analytics, and no dead letters, outbox or texts.

\set QUIET on
\getenv ingest_password WEERKLANK_INGEST_PASSWORD
\getenv triage_password WEERKLANK_TRIAGE_PASSWORD
\getenv routing_password WEERKLANK_ROUTING_PASSWORD
\getenv responder_password WEERKLANK_RESPONDER_PASSWORD
\getenv analytics_password WEERKLANK_ANALYTICS_PASSWORD
\set grafana_password ''
\getenv grafana_password WEERKLANK_GRAFANA_PASSWORD

-- psql leaves a variable that is not set as it is written: a syntax error, before anything is made.
select length(:'ingest_password') + length(:'triage_password') + length(:'routing_password') + length(:'responder_password')
    + length(:'analytics_password') as checked \gset

select 'create database weerklank' where not exists (select from pg_database where datname = 'weerklank') \gexec
\connect weerklank
set client_min_messages = warning;
-- A statement that holds a password must not reach the server's log; only a superuser may see to that.
do $$
begin
    set log_statement = 'none';
    set log_min_duration_statement = -1;
    set log_min_error_statement = 'panic';
exception when insufficient_privilege then
    if current_setting('log_statement') <> 'none' or current_setting('log_min_duration_statement') = '0' then
        raise warning 'This server logs statements, and % may not change that: its log will hold the passwords of the services.', current_user;
    end if;
end $$;

begin;
create extension if not exists vector;
create extension if not exists pg_trgm;
create extension if not exists unaccent;
revoke all on database weerklank from public;
revoke create on schema public from public;

create temporary table service (name name primary key, password text not null) on commit drop;
insert into service values
    ('ingest', :'ingest_password'),
    ('triage', :'triage_password'),
    ('routing', :'routing_password'),
    ('responder', :'responder_password'),
    ('analytics', :'analytics_password');

select format('create role %I', name) from service where name not in (select rolname from pg_roles) \gexec
-- Only a superuser may write the word nosuperuser, even where nothing changes.
select format('alter role %I nosuperuser nocreatedb nocreaterole', name) from service join pg_roles on rolname = name
    where rolsuper or rolcreatedb or rolcreaterole \gexec
select format('grant %I to current_user', name) from service
    where exists (select from pg_roles where rolname = current_user and not rolsuper) \gexec
select format('alter role %I login password %L', name, password) from service \gexec
select format('alter role %I in database weerklank set search_path = %I, public', name, name) from service \gexec
select format('grant connect, temporary on database weerklank to %I', name) from service \gexec
select format('create schema if not exists %I authorization %I', name, name) from service \gexec

create temporary table dashboards (name name primary key, password text not null) on commit drop;
insert into dashboards select 'grafana', :'grafana_password' where :'grafana_password' <> '';

select format('create role %I', name) from dashboards where name not in (select rolname from pg_roles) \gexec
select format('alter role %I nosuperuser nocreatedb nocreaterole', name) from dashboards join pg_roles on rolname = name
    where rolsuper or rolcreatedb or rolcreaterole \gexec
select format('alter role %I login connection limit 10 password %L', name, password) from dashboards \gexec
select format('alter role %I in database weerklank set search_path = analytics', name) from dashboards \gexec
-- A long snapshot slows the relay of every service in the same database.
select format('alter role %I set %s', name, setting) from dashboards, (values ('default_transaction_read_only = on'),
    ('statement_timeout = ''5s'''), ('idle_in_transaction_session_timeout = ''10s''')) as limits(setting) \gexec
select format('grant connect on database weerklank to %I', name) from dashboards \gexec
select format('grant usage on schema analytics to %I', name) from dashboards \gexec
-- Those that are there already; a migration of analytics grants them when it makes them.
select format('grant select on analytics.%I to %I', fact, name) from dashboards,
    unnest(array['fact_mention', 'fact_case', 'fact_reply', 'case_event']) as fact where to_regclass('analytics.' || fact) is not null \gexec
commit;
