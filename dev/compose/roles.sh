#!/bin/sh
# Runs once, when the database of docker-compose.yml is made.
set -eu
psql -v ON_ERROR_STOP=1 -U postgres -v quern="$QUERN_PASSWORD" -v temporal="$TEMPORAL_PASSWORD" <<'SQL'
CREATE ROLE quern LOGIN PASSWORD :'quern';
CREATE ROLE temporal LOGIN CREATEDB PASSWORD :'temporal';
CREATE DATABASE quern OWNER quern;
SQL
