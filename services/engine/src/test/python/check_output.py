"""Loads an output in transformers, as its users do, and checks it there.

    python check_output.py OUTPUT [TEXT [WINDOWS SEQ_LEN]]

Needs torch, transformers and compressed-tensors. Every linear that transformers decodes is compared with the codes in the
file, unpacked here by their definition. With a text (.txt, or .jsonl of {"text"} or {"input_ids"}), the perplexity of the
first windows is printed, to be compared with the report's.
"""

import json
import math
import sys
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open
from transformers import AutoModelForCausalLM, AutoTokenizer, CompressedTensorsConfig


def load(folder, dtype):
    scheme = json.loads((folder / "config.json").read_text())["quantization_config"]["config_groups"]["group_0"]
    # compressed-tensors 0.20 makes zero points of the wrong shape when it prepares an empty model, so that it refuses its own
    # asymmetric checkpoints too; decoding at load time takes another way.
    options = {} if scheme["weights"]["symmetric"] else {"quantization_config": CompressedTensorsConfig(dequantize=True)}
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype, **options).eval()
    with torch.no_grad():
        model(torch.zeros((1, 1), dtype=torch.long))  # the first forward decodes
    return model, scheme["weights"]


def unpack(words, count, bits):
    """Codes [rows, count] from little-endian bit streams, words int32 [rows, ceil(count bits / 32)]."""
    stream = (words.view(np.uint32)[:, :, None] >> np.arange(32, dtype=np.uint32)) & 1
    codes = stream.reshape(len(words), -1)[:, : count * bits].reshape(len(words), count, bits)
    return (codes.astype(np.int64) << np.arange(bits)).sum(-1)


def decode(tensors, linear, bits, dtype):
    rows, cols = tensors[linear + ".weight_shape"].tolist()
    codes = unpack(tensors[linear + ".weight_packed"].numpy(), cols, bits)
    scales = tensors[linear + ".weight_scale"].double().numpy()
    zeros = np.full(scales.shape, 1 << (bits - 1))
    if linear + ".weight_zero_point" in tensors:
        packed = tensors[linear + ".weight_zero_point"].numpy()
        zeros = unpack(np.ascontiguousarray(packed.T), rows, bits).T
    groups = codes.reshape(rows, scales.shape[1], -1)
    weights = (groups - zeros[:, :, None]) * scales[:, :, None]
    return torch.from_numpy(weights.reshape(rows, cols)).to(dtype)


def compare(folder, model, bits):
    tensors = {}
    for file in sorted(folder.glob("*.safetensors")):
        with safe_open(file, "pt") as shard:
            tensors.update({name: shard.get_tensor(name) for name in shard.keys()})
    linears = [name.removesuffix(".weight_packed") for name in tensors if name.endswith(".weight_packed")]
    loaded = model.state_dict()
    worst = max((loaded[l + ".weight"] - decode(tensors, l, bits, torch.float32)).abs().max().item() for l in linears)
    print(f"{len(linears)} linears of {bits} bits: largest difference to the codes {worst:g}")


def tokens(text, tokenizer):
    if text.suffix != ".jsonl":
        return tokenizer(text.read_text())["input_ids"]
    ids = []
    for line in text.read_text().splitlines():
        if line.strip():
            document = json.loads(line)
            ids += document.get("input_ids") or tokenizer(document["text"])["input_ids"]
    return ids


def perplexity(model, ids, windows, seq_len):
    total, count = 0.0, 0
    for window in torch.tensor(ids[: windows * seq_len]).reshape(-1, seq_len):
        with torch.no_grad():
            logits = model(window[None]).logits[0, :-1].double()
        total += torch.nn.functional.cross_entropy(logits, window[1:], reduction="sum").item()
        count += seq_len - 1
    print(f"perplexity {math.exp(total / count):.6f} over {count} tokens")


def main(output, text=None, windows="16", seq_len="512"):
    folder = Path(output)
    model, weights = load(folder, torch.float32)
    compare(folder, model, weights["num_bits"])
    if text:
        ids = tokens(Path(text), AutoTokenizer.from_pretrained(folder))
        perplexity(model, ids, int(windows), int(seq_len))


if __name__ == "__main__":
    main(*sys.argv[1:])
