-- Two roles and the database, once, as PostgreSQL's superuser:
--   DATABASE_OWNER_PASSWORD=… DATABASE_PASSWORD=… psql --file deploy/roles.sql postgres
-- `switchboard` owns the tables: only `manage.py prepare` and `restore` connect as it (DATABASE_OWNER_URL).
-- `switchboard_app` runs web, worker and beat (DATABASE_URL): `prepare` gives it rows to read and write, and of
-- the audit trail only adding. Running this file again changes the passwords and nothing else.
\set ON_ERROR_STOP on
\getenv owner_password DATABASE_OWNER_PASSWORD
\getenv application_password DATABASE_PASSWORD
SELECT 'CREATE ROLE switchboard LOGIN'
    WHERE NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'switchboard') \gexec
SELECT 'CREATE ROLE switchboard_app LOGIN'
    WHERE NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'switchboard_app') \gexec
ALTER ROLE switchboard PASSWORD :'owner_password';
ALTER ROLE switchboard_app PASSWORD :'application_password';
SELECT 'CREATE DATABASE switchboard OWNER switchboard'
    WHERE NOT EXISTS (SELECT 1 FROM pg_database WHERE datname = 'switchboard') \gexec
