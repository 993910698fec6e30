#!/bin/sh
# Compresses a checkpoint with the whole stack and compares the worker's memory with the plan: bench/size.sh MODEL [options of
# quern compress]. For example, on a model of 4 blocks of the shape of 8 billion weights:
#   bench/run RandomCheckpoint /tmp/m samples/tiny-llama blocks=4
#   bench/size.sh /tmp/m --samples 8 --seq-len 512 --eval-windows 2
# Prints the plan's peak, the highest RssAnon of the worker, for each stage its seconds and the bytes that worker and stack read from
# the disk (what the page cache still holds is not read again); fails above 1.25 x plan + 600 MB. Linux only.
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

# process MAIN: the process of that class on this data folder; nothing while there is none
process() {
  for process in /proc/[0-9]*; do
    if { tr '\0' ' ' <"$process/cmdline"; } 2>/dev/null | grep -q "dev.quern.$1 .*$work/data"; then
      printf '%s\n' "$process"
      return
    fi
  done
}

# bytes PROCESS: what it has read from the disk
bytes() {
  { sed -n 's/^read_bytes: //p' "$1/io"; } 2>/dev/null || :
}

peak=0
samples=0
worker=
stack=
while kill -0 "$pid" 2>/dev/null; do
  [ -d "${worker:-/no}" ] || worker=$(process worker.WorkerMain)
  [ -d "${stack:-/no}" ] || stack=$(process embedded.StackMain)
  now=$({ sed -n 's/^RssAnon:[[:space:]]*\([0-9]*\) kB/\1/p' "$worker/status"; } 2>/dev/null) || now=0
  if [ "${now:-0}" -gt "$peak" ]; then peak=$now; fi
  samples=$((samples + 1))
  read=$(bytes "$worker") others=$(bytes "$stack")
  echo "$(date +%s.%N) ${read:-0} ${others:-0}" >>"$work/reads"
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
./quern jobs list --data "$work/data" --output json >"$work/jobs"
started=$(date -d "$(tr -d '\n' <"$work/jobs" | sed -n 's/.*"createdAt": *"\([^"]*\)".*/\1/p')" +%s.%N)
echo 'stage  seconds  GB read by the worker  GB read by the stack'
tr -d '\n' <"$report" | sed -n 's/.*"secondsPerStage": *{\([^}]*\)}.*/\1/p' | tr ',' '\n' | tr -d ' "' | tr ':' ' ' |
  awk -v at="$started" '
    FNR == NR { time[FNR] = $1; worker[FNR] = $2; stack[FNR] = $3; last = FNR; next }
    {
      end += $2
      # The counts of a process end with it.
      while (i < last && time[i + 1] <= at + end) { i++; if (worker[i] > w) w = worker[i]; if (stack[i] > s) s = stack[i] }
      printf "%-9s  %.1f  %.2f  %.2f\n", $1, $2, (w - w0) / 1e9, (s - s0) / 1e9
      w0 = w; s0 = s
    }' "$work/reads" -
[ "$rss" -gt 0 ] && [ "$rss" -le "$limit" ]
