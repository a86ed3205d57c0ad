# SPDX-License-Identifier: Apache-2.0
"""Checks gpt2-golden.json with the transformers library; prints versions and the largest difference.

    python3 gpt2_transformers.py
"""
import json
import pathlib

import torch
import transformers

import gpt2_numpy as small

config = transformers.GPT2Config(
    n_layer=small.LAYERS, n_head=small.HEADS, n_embd=small.WIDTH, n_positions=small.POSITIONS,
    vocab_size=small.VOCABULARY, bos_token_id=0, eos_token_id=0)
model = transformers.GPT2LMHeadModel(config).double().eval()
state = {"transformer." + name: torch.tensor(value) for name, value in small.weights().items()}
missing, unexpected = model.load_state_dict(state, strict=False)
assert not unexpected, unexpected
assert all(name == "lm_head.weight" or name.endswith(("attn.bias", "attn.masked_bias")) for name in missing), missing
model.tie_weights()
golden = json.loads(pathlib.Path(__file__).with_name("gpt2-golden.json").read_text())
with torch.no_grad():
    logits = model(torch.tensor([golden["tokens"]])).logits[0]
difference = (logits - torch.tensor(golden["logits"], dtype=torch.float64)).abs().max().item()
print(f"transformers {transformers.__version__}, torch {torch.__version__}: largest difference {difference:.2e}")
assert difference < 1e-8, difference
