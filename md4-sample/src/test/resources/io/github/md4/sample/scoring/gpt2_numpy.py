# SPDX-License-Identifier: Apache-2.0
"""Logits of a small GPT-2 with weights from a formula, in float64 with NumPy alone.

    python3 gpt2_numpy.py > gpt2-golden.json

Written from GPT-2's published definition, apart from the Java code and from transformers.
gpt2_transformers.py checks the same numbers with the transformers library.
"""
import json

import numpy as np

LAYERS, HEADS, WIDTH, POSITIONS, VOCABULARY = 2, 2, 8, 16, 20
TOKENS = [3, 0, 19, 7, 7, 12, 1, 5, 18, 2, 11]


def shapes():
    names = {"wte.weight": (VOCABULARY, WIDTH), "wpe.weight": (POSITIONS, WIDTH)}
    for layer in range(LAYERS):
        block = {
            "ln_1.weight": (WIDTH,), "ln_1.bias": (WIDTH,),
            "attn.c_attn.weight": (WIDTH, 3 * WIDTH), "attn.c_attn.bias": (3 * WIDTH,),
            "attn.c_proj.weight": (WIDTH, WIDTH), "attn.c_proj.bias": (WIDTH,),
            "ln_2.weight": (WIDTH,), "ln_2.bias": (WIDTH,),
            "mlp.c_fc.weight": (WIDTH, 4 * WIDTH), "mlp.c_fc.bias": (4 * WIDTH,),
            "mlp.c_proj.weight": (4 * WIDTH, WIDTH), "mlp.c_proj.bias": (WIDTH,),
        }
        names.update({f"h.{layer}.{name}": shape for name, shape in block.items()})
    names.update({"ln_f.weight": (WIDTH,), "ln_f.bias": (WIDTH,)})
    return names


def weights():
    """The k-th name in ASCII order, element j: 0.4 sin(0.7 j + 1.3 k + 0.1), + 1 for norms' scales."""
    filled = {}
    for k, (name, shape) in enumerate(sorted(shapes().items())):
        values = 0.4 * np.sin(0.7 * np.arange(np.prod(shape)) + 1.3 * k + 0.1)
        is_scale = name.startswith("ln_f.w") or ".ln_" in name and name.endswith("weight")
        filled[name] = (values + is_scale).astype(np.float32).astype(np.float64).reshape(shape)
    return filled


def norm(x, w, b):
    centred = x - x.mean(-1, keepdims=True)
    return centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-5) * w + b


def gelu(x):
    return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))


def attention(x, p, name):
    q, k, v = np.split(x @ p[name + "attn.c_attn.weight"] + p[name + "attn.c_attn.bias"], 3, -1)
    size = WIDTH // HEADS
    heads = []
    for head in range(HEADS):
        part = slice(head * size, (head + 1) * size)
        scores = q[:, part] @ k[:, part].T / np.sqrt(size)
        scores[np.triu_indices(len(x), 1)] = -np.inf
        e = np.exp(scores - scores.max(-1, keepdims=True))
        heads.append(e / e.sum(-1, keepdims=True) @ v[:, part])
    return np.concatenate(heads, -1) @ p[name + "attn.c_proj.weight"] + p[name + "attn.c_proj.bias"]


def logits(p, tokens):
    h = p["wte.weight"][tokens] + p["wpe.weight"][: len(tokens)]
    for layer in range(LAYERS):
        name = f"h.{layer}."
        h = h + attention(norm(h, p[name + "ln_1.weight"], p[name + "ln_1.bias"]), p, name)
        x = norm(h, p[name + "ln_2.weight"], p[name + "ln_2.bias"])
        x = gelu(x @ p[name + "mlp.c_fc.weight"] + p[name + "mlp.c_fc.bias"])
        h = h + x @ p[name + "mlp.c_proj.weight"] + p[name + "mlp.c_proj.bias"]
    return norm(h, p["ln_f.weight"], p["ln_f.bias"]) @ p["wte.weight"].T


if __name__ == "__main__":
    result = logits(weights(), TOKENS)
    print(json.dumps({
        "made by": "gpt2_numpy.py, NumPy " + np.__version__,
        "tokens": TOKENS,
        "logits": [[round(float(x), 9) for x in row] for row in result],
    }, indent=1))
