#!/bin/sh
# Compresses a checkpoint with the whole stack and compares the worker's memory with the plan: bench/size.sh MODEL [options of
# quern compress]. For example, on a model of 4 blocks of the shape of 8 billion weights:
#   bench/run RandomCheckpoint /tmp/m samples/tiny-llama blocks=4
#   bench/size.sh /tmp/m --samples 8 --seq-len 512 --eval-windows 2
# Prints the plan's peak, the highest RssAnon of the worker, seconds per stage; fails above 1.25 x plan + 600 MB. Linux only.
set -eu
cd "$(dirname "$0")/.."
work=$(mktemp -d)
pid=
trap 'if [ -n "$pid" ]; then kill "$pid" 2>/dev/null || :; fi; rm -rf "$work"' EXIT
model=$1
shift
./quern version >/dev/null
./quern compress "$model" --data "$work/data" --out "$work/out" --accept-quarantined --quiet --output json "$@" \
  >"$work/result.json" 2>"$work/log" &
pid=$!

# The process of the worker on this data folder; nothing while there is none.
worker() {
  for process in /proc/[0-9]*; do
    if { tr '\0' ' ' <"$process/cmdline"; } 2>/dev/null | grep -q "dev.quern.worker.WorkerMain .*$work/data"; then
      printf '%s\n' "$process"
      return
    fi
  done
}

peak=0
samples=0
process=
while kill -0 "$pid" 2>/dev/null; do
  [ -n "$process" ] && [ -d "$process" ] || process=$(worker)
  now=$({ sed -n 's/^RssAnon:[[:space:]]*\([0-9]*\) kB/\1/p' "$process/status"; } 2>/dev/null) || now=0
  if [ "${now:-0}" -gt "$peak" ]; then peak=$now; fi
  samples=$((samples + 1))
  sleep 0.2
done
code=0
wait "$pid" || code=$?
pid=
# 3: compressed, but the gate says no; random weights have no quality to lose.
if [ "$code" -ne 0 ] && [ "$code" -ne 3 ]; then
  cat "$work/log" >&2
  exit "$code"
fi

report=$(find "$work/out" -name 'quern-report.json' | head -n 1)
plan=$(tr -d '\n' <"$report" | sed -n 's/.*"peakBytes": *\([0-9]*\).*/\1/p')
rss=$((peak * 1024))
limit=$((plan * 5 / 4 + 600000000))
echo "plan     $plan bytes at most"
echo "RssAnon  $rss bytes at its peak, of $samples samples"
echo "limit    $limit bytes"
echo "seconds  $(tr -d '\n' <"$report" | sed -n 's/.*"secondsPerStage": *{\([^}]*\)}.*/\1/p' | tr -s ' ')"
[ "$rss" -gt 0 ] && [ "$rss" -le "$limit" ]
