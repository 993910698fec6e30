#!/bin/sh
# Makes Temporal's namespace where it does not exist yet.
set -eu
temporal operator namespace describe --namespace default >/dev/null 2>&1 \
  || temporal operator namespace create --namespace default --retention 7d
