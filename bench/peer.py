"""GPTQ of a checkpoint by llm-compressor, for bench/peer.sh.

Arguments: checkpoint, calibration text (JSON lines with "text"), windows, tokens of a window, output folder, observer, threads.
Prints the seconds that compressing took, without loading and saving.
"""

import json
import sys
import time

import torch
from compressed_tensors.quantization import QuantizationArgs, QuantizationScheme
from datasets import Dataset
from llmcompressor import oneshot
from llmcompressor.modifiers.gptq import GPTQModifier
from transformers import AutoModelForCausalLM, AutoTokenizer

checkpoint, text, windows, seq_len, output, observer, threads = sys.argv[1:]
torch.set_num_threads(int(threads))
windows, seq_len = int(windows), int(seq_len)
tokenizer = AutoTokenizer.from_pretrained(checkpoint)
model = AutoModelForCausalLM.from_pretrained(checkpoint, dtype=torch.bfloat16)

tokens = []
with open(text, encoding="utf-8") as lines:
    for line in lines:
        tokens += tokenizer(json.loads(line)["text"]).input_ids
        if len(tokens) >= windows * seq_len:
            break
rows = [tokens[i * seq_len : (i + 1) * seq_len] for i in range(windows)]
dataset = Dataset.from_dict({"input_ids": rows, "attention_mask": [[1] * seq_len for _ in rows]})

weights = QuantizationArgs(num_bits=4, type="int", symmetric=True, strategy="group", group_size=64, observer=observer)
recipe = GPTQModifier(
    config_groups={"group_0": QuantizationScheme(targets=["Linear"], weights=weights)},
    ignore=["lm_head"],
    dampening_frac=0.01,
    actorder="static",
)
start = time.perf_counter()
oneshot(model=model, dataset=dataset, recipe=recipe, max_seq_length=seq_len, num_calibration_samples=windows)
print(f"seconds {time.perf_counter() - start:.1f}")
model.save_pretrained(output, save_compressed=True)
tokenizer.save_pretrained(output)
