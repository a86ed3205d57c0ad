#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares a model that `md4 export` wrote with the logits that md4 computed for it.

    python3 scripts/check-transformers.py FOLDER

needs torch and transformers. The folder's md4_check.json has tokens, times and logits of md4 itself (float32, CPU).
The distance is |a - b| / (1 + |b|); above 1e-5 the exit code is 1. That of float64 is how far md4's float32 is from
the exact logits, whatever PyTorch rounds.

    python3 scripts/check-transformers.py --without-transformers FOLDER

needs torch and numpy alone: the network's class is run with stand-ins for the two classes of transformers that
it extends, so loading by AutoModel is not tested.
"""
import importlib.util
import json
import os
import struct
import sys
import types


def read_safetensors(path):
    import numpy
    import torch

    with open(path, "rb") as f:
        (length,) = struct.unpack("<Q", f.read(8))
        header = json.loads(f.read(length))
        data = f.read()
    tensors = {}
    for name, entry in header.items():
        if name != "__metadata__":
            begin, end = entry["data_offsets"]
            array = numpy.frombuffer(data[begin:end], dtype="<f4").reshape(entry["shape"])
            tensors[name] = torch.from_numpy(array.copy())
    return tensors


def load_alone(folder):
    import torch

    class Config:
        def __init__(self, **rest):
            self.__dict__.update(rest)

    class Model(torch.nn.Module):
        def __init__(self, config):
            super().__init__()
            self.config = config

        def post_init(self):
            pass

    class Output:
        def __init__(self, logits):
            self.logits = logits

    stand_in = types.ModuleType("transformers")
    stand_in.PretrainedConfig, stand_in.PreTrainedModel = Config, Model
    outputs = types.ModuleType("transformers.modeling_outputs")
    outputs.MaskedLMOutput = Output
    sys.modules["transformers"], sys.modules["transformers.modeling_outputs"] = stand_in, outputs
    path = os.path.join(folder, "modeling_md4.py")
    spec = importlib.util.spec_from_file_location("modeling_md4", path)
    code = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(code)
    with open(os.path.join(folder, "config.json")) as f:
        model = code.Md4Model(code.Md4Config(**json.load(f)))
    tensors = read_safetensors(os.path.join(folder, "model.safetensors"))
    tensors = {name: tensor for name, tensor in tensors.items() if not name.startswith("schedule.")}
    model.load_state_dict(tensors, strict=True)
    return model


def main():
    alone = "--without-transformers" in sys.argv
    folder = sys.argv[-1]
    wanted = ["torch", "numpy" if alone else "transformers"]
    missing = [name for name in wanted if importlib.util.find_spec(name) is None]
    if len(sys.argv) < 2 or missing:
        sys.exit(f"needs {' and '.join(missing)}: python3 -m pip install {' '.join(missing)}" if missing else __doc__)

    import torch

    if alone:
        model = load_alone(folder)
    else:
        from transformers import AutoModel

        model = AutoModel.from_pretrained(folder, trust_remote_code=True)
    model.eval()
    with open(os.path.join(folder, "md4_check.json")) as f:
        check = json.load(f)
    expected = torch.tensor(check["logits"])
    labels = torch.tensor(check["labels"]) if check["labels"] else None
    ids, rows = torch.tensor(check["ids"]), torch.tensor(check["rows"])
    times = torch.tensor(check["times"], dtype=torch.float64)  # float32 rounds 1000 t, the angle of the time's features

    def distance(dtype):
        with torch.no_grad():
            logits = model.to(dtype)(ids, times, labels=labels).logits.flatten(0, 1)[rows].flatten()
        return ((logits - expected).abs() / (1 + expected.abs())).max().item()

    single, double = distance(torch.float32), distance(torch.float64)
    print(f"{expected.numel()} logits, torch {torch.__version__}, largest distance {single:.2e} of 1 + the logit; "
          f"from the same network in float64 {double:.2e}")
    equal = single <= 1e-5 and double <= 1e-5
    print("the same model, within 1e-5" if equal else "NOT the same: above 1e-5")
    sys.exit(0 if equal else 1)


if __name__ == "__main__":
    main()
