"""Writes the fixtures of ArchitectureContract: small random checkpoints with the logits that transformers computes in float32.

    python make_model_fixtures.py ../resources/dev/quern/engine/model

Needs torch and transformers 5. Each folder gets config.json, safetensors, tokens.i32 (two windows) and logits.f32 (raw, little-endian).
"""

import json
import pathlib
import sys

import torch
from transformers import AutoModelForCausalLM, LlamaConfig, Qwen2Config, Qwen3Config

WINDOWS = 2
SIZES = dict(
    vocab_size=61, hidden_size=32, intermediate_size=48, num_hidden_layers=2, max_position_embeddings=64, bos_token_id=0,
    eos_token_id=1)


def rope(kind="default", theta=10000.0, **more):
    return dict(rope_type=kind, rope_theta=theta, **more)


LLAMA3 = dict(factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=16)

# name: (config, stored dtype, window length, shard size, spelling of the config)
CASES = {
    "llama-default": (
        LlamaConfig(**SIZES, num_attention_heads=4, num_key_value_heads=4, rope_parameters=rope()),
        torch.bfloat16, 13, None, 5),
    "llama-llama3-rope": (
        LlamaConfig(**SIZES, num_attention_heads=4, num_key_value_heads=2, head_dim=16, tie_word_embeddings=True,
                    rope_parameters=rope("llama3", 500.0, **LLAMA3)),
        torch.bfloat16, 40, "30KB", 5),
    "llama-llama3-rope-v4": (
        LlamaConfig(**SIZES, num_attention_heads=4, num_key_value_heads=1, rope_parameters=rope("llama3", 500.0, **LLAMA3)),
        torch.float16, 40, None, 4),
    "llama-linear-rope-biases": (
        LlamaConfig(**SIZES, num_attention_heads=4, num_key_value_heads=2, attention_bias=True, mlp_bias=True,
                    rms_norm_eps=1e-5, rope_parameters=rope("linear", 100.0, factor=4.0)),
        torch.float32, 24, "40KB", 5),
    "llama-linear-rope-v4": (
        LlamaConfig(**SIZES, num_attention_heads=2, num_key_value_heads=2, head_dim=8, rope_parameters=rope("linear", factor=2.0)),
        torch.bfloat16, 24, None, 4),
    "qwen2-tied": (
        Qwen2Config(**SIZES, num_attention_heads=4, num_key_value_heads=2, tie_word_embeddings=True,
                    rope_parameters=rope(theta=1e6)),
        torch.bfloat16, 17, None, 5),
    "qwen2-v4": (
        Qwen2Config(**SIZES, num_attention_heads=4, num_key_value_heads=4, rope_parameters=rope(theta=1e6)),
        torch.float16, 17, None, 4),
    "qwen3": (
        Qwen3Config(**SIZES, num_attention_heads=4, num_key_value_heads=2, head_dim=16, rope_parameters=rope(theta=1e6)),
        torch.bfloat16, 19, "30KB", 5),
    "qwen3-tied-biases": (
        Qwen3Config(**SIZES, num_attention_heads=6, num_key_value_heads=2, head_dim=8, attention_bias=True,
                    tie_word_embeddings=True, rope_parameters=rope(theta=1e4)),
        torch.float32, 19, None, 5),
}


def randomise(model, generator):
    """Weights large enough that attention is far from uniform; norms near 1."""
    for name, parameter in model.named_parameters():
        noise = torch.randn(parameter.shape, generator=generator)
        if "norm" in name:
            value = 1 + 0.3 * noise
        elif parameter.dim() == 1:
            value = 0.3 * noise
        else:
            value = noise * 1.5 / parameter.shape[1] ** 0.5
        parameter.data.copy_(value)


def spell_as_v4(folder):
    """The keys of transformers 4: rope_theta, rope_scaling, torch_dtype."""
    path = folder / "config.json"
    config = json.loads(path.read_text())
    parameters = config.pop("rope_parameters")
    config["rope_theta"] = parameters.pop("rope_theta")
    config["rope_scaling"] = None if parameters["rope_type"] == "default" else parameters
    if parameters["rope_type"] == "linear":
        parameters["type"] = parameters.pop("rope_type")
    config["torch_dtype"] = config.pop("dtype")
    config.pop("layer_types", None)
    if config.get("head_dim") == config["hidden_size"] // config["num_attention_heads"]:
        config.pop("head_dim")
    config["transformers_version"] = "4.51.0"
    path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")


def write(folder, seed, config, dtype, length, shard, spelling):
    generator = torch.Generator().manual_seed(seed)
    model = AutoModelForCausalLM.from_config(config)
    randomise(model, generator)
    model.to(dtype).save_pretrained(folder, **({"max_shard_size": shard} if shard else {}))
    (folder / "generation_config.json").unlink(missing_ok=True)
    if spelling == 4:
        spell_as_v4(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    tokens = torch.randint(0, config.vocab_size, (WINDOWS, length), generator=generator)
    with torch.no_grad():
        logits = model(tokens).logits
    assert logits.dtype == torch.float32
    for file in folder.iterdir():
        file.chmod(0o644)
    (folder / "tokens.i32").write_bytes(tokens.numpy().astype("<i4").tobytes())
    (folder / "logits.f32").write_bytes(logits.numpy().astype("<f4").tobytes())
    print(f"{folder.name}: max |logit| {logits.abs().max():.3f}")


def main(target):
    for seed, (name, case) in enumerate(CASES.items()):
        folder = pathlib.Path(target) / name
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.iterdir():
            old.unlink()
        write(folder, seed, *case)


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(sys.argv[1])
