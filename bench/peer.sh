#!/bin/sh
# GPTQ of a checkpoint against llm-compressor, by turns on the same cores: bench/peer.sh MODEL CALIBRATION EVALUATION [ROUNDS]
# 4 bits in groups of 64, symmetric, 64 windows of 512 tokens; llm-compressor is sequential too and has its MSE observer.
# Prints the seconds of compressing and what each result costs in quality. Evaluation does not count, and loading only for Quern, which
# reads each block when it gets there.
# PEER names the virtual environment of llm-compressor; it is made from PyPI where it is missing (default: bench/target/peer).
set -eu
model=$(realpath "$1")
calibration=$(realpath "$2")
evaluation=$(realpath "$3")
rounds=${4:-3}
cd "$(dirname "$0")/.."
peer=${PEER:-bench/target/peer}
[ -x "$peer/bin/python" ] || {
  python3 -m venv "$peer"
  "$peer/bin/pip" install -q llmcompressor==0.14.0.1
}
threads=$(nproc)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# field FILE NAME: the first value of that name in a JSON document
field() {
  tr -d '\n' <"$1" | grep -o "\"$2\": *[0-9.eE+-]*" | head -1 | sed 's/.*: *//'
}

# quality NAME FOLDER: mean KL of a result from the model, on the text of the evaluation
quality() {
  ./quern evaluate "$2" --against "$model" --data "$work/evaluation" --evaluate "$evaluation" --eval-windows 16 --seq-len 512 \
    --quiet --output json >"$work/$1.json" || [ $? = 3 ]
  field "$work/$1.json" klMean
}

# The kernels for this processor, whatever the shell pins for other programs.
unset OPENBLAS_CORETYPE OPENBLAS_L2_SIZE
# Built and unpacked before anything is measured.
./quern version >/dev/null
round=0
while [ "$round" -lt "$rounds" ]; do
  round=$((round + 1))
  rm -rf "$work/quern" "$work/peer" "$work/data"
  ./quern compress "$model" --data "$work/data" --out "$work/quern" --recipe gptq-w4a16 --group-size 64 --samples 64 --seq-len 512 \
    --calibration "$calibration" --evaluate "$evaluation" --eval-windows 1 --threads "$threads" --quiet --output json \
    >"$work/report.json" || [ $? = 3 ]
  ours=$(field "$work/report.json" COMPRESS)
  HF_HUB_OFFLINE=1 "$peer/bin/python" bench/peer.py "$model" "$calibration" 64 512 "$work/peer" memoryless_mse "$threads" \
    >"$work/peer.log" 2>&1 || { cat "$work/peer.log" >&2; exit 1; }
  theirs=$(sed -n 's/^seconds //p' "$work/peer.log")
  awk "BEGIN { printf \"quern %.1f s   llm-compressor %.1f s   ratio %.2f  (goal: at least 1.8)\n\", $ours, $theirs, $theirs / $ours }"
done
echo "KL   quern $(quality quern "$work/quern")   llm-compressor $(quality peer "$work/peer")"
