#!/bin/sh
# The service measured as a whole, on the built-in text. Linux with two cores at least; prints ratios of one run.
#
#   bench/service.sh overhead MODEL     a job, from submitted to finished, against the engine called directly in one process
#   bench/service.sh outputs MODEL      a job with one output against a job with two of one calibration, each on a fresh stack
#   bench/service.sh workers MODEL      trace and compress with one worker and with two, each on a core of its own, 4 segments:
#                                       as the first job of fresh processes, and as their second one
#
# A deep model of real weights: bench/run RepeatedCheckpoint samples/tiny-llama /tmp/deep 12. Environment: QUERN_BENCH_TEXT, the
# windows of calibration, tokens of a window and windows of evaluation ("128 512 64"); QUERN_BENCH_RECIPE, of the workers, by name or file: one
# that is sequential is not traced, and the workers share each block.
set -eu
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'stop; rm -rf "$work"' EXIT
pids=

# shellcheck disable=SC2086
stop() {
  [ -z "$pids" ] || kill $pids 2>/dev/null || :
  for pid in $pids; do wait "$pid" 2>/dev/null || :; done
  pids=
}

what=$1
model=$2
# shellcheck disable=SC2086
set -- ${QUERN_BENCH_TEXT:-128 512 64}
samples=$1 seq_len=$2 windows=$3

# stack NAME THREADS: runs one on a data folder of its own
stack() {
  data=$work/$1
  ./quern up --data "$data" --port 0 --threads "$2" --output json >"$work/$1.json" 2>"$work/$1.log" &
  pids="$pids $!"
  await '"store"' "$work/$1.json"
}

# worker COUNT CORE: one of so many, on a core of its own
worker() {
  log=$work/worker-$1-$2.log
  : >"$log"
  taskset -c "$2" ./quern worker --temporal "$(field "$work/with-$1.json" temporal)" --store "$(field "$work/with-$1.json" store)" \
    --token-file "$work/with-$1/token" --class bench --threads 1 --memory 4g --scratch "$work/scratch-$1-$2" >"$log" 2>&1 &
  pids="$pids $!"
}

# await TEXT FILE: until the file holds the text
await() {
  rounds=0
  until grep -q "$1" "$2"; do
    rounds=$((rounds + 1))
    [ "$rounds" -lt 600 ] || { cat "$work"/*.log >&2; exit 1; }
    sleep 0.2
  done
}

# field FILE NAME: the value of a JSON document's field
field() {
  tr -d '\n' <"$1" | sed -n "s/.*\"$2\": *\"\{0,1\}\([^\",}]*\).*/\1/p"
}

# compress NAME [OPTION...]: on that stack; its report is NAME.report
compress() {
  name=$1
  shift
  ./quern compress "$model" --data "$work/$name" --out "$work/$name-out" --quiet --output json --samples "$samples" \
    --seq-len "$seq_len" --eval-windows "$windows" "$@" >"$work/$name.report" 2>>"$work/$name.log" || {
    cat "$work/$name.log" >&2
    exit 1
  }
}

# took NAME: seconds of that stack's only job, from submitted to finished
took() {
  ./quern jobs list --data "$work/$1" --output json >"$work/$1.jobs"
  ratio "$(date -d "$(field "$work/$1.jobs" finishedAt)" +%s%N) - $(date -d "$(field "$work/$1.jobs" createdAt)" +%s%N)" 1e9
}

ratio() {
  awk "BEGIN { printf \"%.3f\", ($1) / ($2) }"
}

# The kernels for this processor, whatever the shell pins for other programs.
unset OPENBLAS_CORETYPE OPENBLAS_L2_SIZE
# Built and unpacked before anything is measured.
./quern version >/dev/null

case $what in
  overhead)
    cores=$(nproc)
    direct=$(bench/run DirectRun "$model" "$work/direct" gptq-w4a16 "$cores" "$samples" "$seq_len" "$windows")
    stack service "$cores"
    compress service
    service=$(took service)
    echo "direct   $direct"
    echo "service  $service $(field "$work/service.report" outputDigest)"
    echo "ratio    $(ratio "$service" "${direct%% *}")  (goal: at most 1.25)"
    ;;
  outputs)
    cores=$(nproc)
    one=''
    two=''
    for round in 1 2; do
      stack "one-$round" "$cores"
      compress "one-$round" --recipe gptq-w4a16
      one="$one $(took "one-$round")"
      stop
      stack "two-$round" "$cores"
      compress "two-$round" --recipe gptq-w4a16 --recipe gptq-w3a16
      two="$two $(took "two-$round")"
      stop
    done
    for report in one two; do
      stages=$(for stage in COMPRESS ASSEMBLE VERIFY EVALUATE; do printf '%s %s  ' "$stage" "$(field "$work/$report-2.report" $stage)"; done)
      echo "$report  $(eval echo "\$$report")   second round: $stages"
    done
    echo "ratio $(echo "$one $two" | awk '{ a = $1 < $2 ? $1 : $2; b = $3 < $4 ? $3 : $4; printf "%.3f", b / a }')  (of the shorter ones; goal: at most 1.35)"
    ;;
  workers)
    for count in 1 2; do
      # The stack's own worker is of another class and has nothing to do.
      stack "with-$count" 1
      core=0
      while [ "$core" -lt "$count" ]; do
        worker "$count" "$core"
        core=$((core + 1))
      done
      while [ "$core" -gt 0 ]; do
        core=$((core - 1))
        await ' ready, ' "$work/worker-$count-$core.log"
      done
      # Other codes, so that nothing of the first job is there for the second one.
      for recipe in "${QUERN_BENCH_RECIPE:-gptq-w4a16}" gptq-w3a16; do
        rm -rf "$work/with-$count-out"
        compress "with-$count" --class bench --segments 4 --recipe "$recipe"
        report=$work/with-$count.report
        echo "$count $recipe $(field "$report" TRACE) $(field "$report" COMPRESS) $(field "$report" outputDigest)" >>"$work/table"
      done
      stop
    done
    # A sequential recipe has no trace.
    awk '
      BEGIN { print "workers  job     recipe      trace  compress  both   digest" }
      {
        digest = $NF; compress = $(NF - 1); trace = NF > 4 ? $3 : 0
        job = FNR % 2 ? "first" : "second"
        both[$1, job] = trace + compress
        printf "%-7d  %-6s  %s  %.1f  %.1f  %.1f  %s\n", $1, job, $2, trace, compress, trace + compress, digest
      }
      END {
        printf "ratio of the first job   %.2f\n", both[1, "first"] / both[2, "first"]
        printf "ratio of the second job  %.2f  (goal: at least 1.8)\n", both[1, "second"] / both[2, "second"]
      }' "$work/table"
    ;;
  *)
    echo "$what (expected: overhead, outputs or workers)" >&2
    exit 64
    ;;
esac
