#!/bin/sh
# GPTQ of one linear against the published loop in PyTorch, in one run: bench/gptq.sh TEXTBOOK.py [threads]
# PYTHON names an interpreter with torch and numpy (default: python3).
set -eu
textbook=$(realpath "$1")
threads=${2:-2}
cd "$(dirname "$0")/.."
# shellcheck source=../.mvn/jdk.sh
. ./.mvn/jdk.sh
./mvnw -q -pl bench -am package -DskipTests
# The kernels for this processor, whatever the shell pins for other programs.
unset OPENBLAS_CORETYPE OPENBLAS_L2_SIZE
matrices=$(mktemp -d)
trap 'rm -rf "$matrices"' EXIT
"$JAVA_HOME/bin/java" --enable-native-access=ALL-UNNAMED --add-modules jdk.incubator.vector \
    -cp 'bench/target/quern-bench.jar:bench/target/lib/*' dev.quern.bench.GptqBench \
    "$matrices" "${PYTHON:-python3}" "$textbook" "$threads"
