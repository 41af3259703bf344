-- Runs once, when the database server is new: two roles, so that web and worker can't touch the audit's triggers.
-- The owner migrates; what the other role may do is granted by `manage.py set_up_database`.
\set ON_ERROR_STOP on
\getenv database DATABASE
\getenv owner_role OWNER_ROLE
\getenv owner_password OWNER_PASSWORD
\getenv app_role APP_ROLE
\getenv app_password APP_PASSWORD

CREATE ROLE :"owner_role" LOGIN PASSWORD :'owner_password';
CREATE ROLE :"app_role" LOGIN PASSWORD :'app_password';
CREATE DATABASE :"database" OWNER :"owner_role";
REVOKE CONNECT ON DATABASE :"database" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"database" TO :"app_role";
