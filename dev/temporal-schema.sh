#!/bin/sh
# Makes Temporal's two databases and brings their schemas up to the version of the tool; may run at every start. For dev/servers and
# docker-compose.yml. From the environment: SQL_PLUGIN, SQL_HOST, SQL_PORT, SQL_USER, SQL_PASSWORD, and TEMPORAL_SQL_TOOL.
set -eu
tool=${TEMPORAL_SQL_TOOL:-temporal-sql-tool}

for part in temporal visibility; do
  export SQL_DATABASE="temporal_$part"
  "$tool" create-database
  # Setting up version 0 again would make it forget which version is there.
  if ! said=$("$tool" update-schema --schema-name "postgresql/v12/$part" 2>&1); then
    printf '%s\n' "$said"
    case $said in
      *schema_version*'does not exist'*) "$tool" setup-schema --version 0.0 ;;
      *) exit 1 ;;
    esac
    "$tool" update-schema --schema-name "postgresql/v12/$part"
  fi
done
