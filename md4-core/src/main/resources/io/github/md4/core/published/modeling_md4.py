# SPDX-License-Identifier: Apache-2.0
"""The transformer of MD4 and GenMD4 models that md4 trained, for PyTorch.

    from transformers import AutoModel
    model = AutoModel.from_pretrained(FOLDER, trust_remote_code=True)
    logits = model(input_ids, time).logits   # [B, L, V]

input_ids are tokens in [0, V], where V is the mask; time is in [0, 1] (1 is all masked), a number or float64 [B]. It
has no effect where the network is not told the time. `model.generate_masked(...)` samples.
"""
import math

import torch
import torch.nn.functional as F
from torch import nn
from transformers import PretrainedConfig, PreTrainedModel
from transformers.modeling_outputs import MaskedLMOutput

EPSILON = 1e-5


class Md4Config(PretrainedConfig):
    model_type = "md4"

    def __init__(self, vocab_size=27, mask_token_id=None, length=256, head_width=64, heads=12,
                 key_value_heads=None, layers=12, hidden_width=2048, embedding="outside", time_features="t",
                 classes=0, activation="glu", causal=False, schedule="linear", schedule_epsilon=1e-4, **rest):
        super().__init__(**rest)
        self.vocab_size = vocab_size
        self.mask_token_id = vocab_size if mask_token_id is None else mask_token_id
        self.length = length
        self.head_width = head_width
        self.heads = heads
        self.key_value_heads = key_value_heads or heads
        self.layers = layers
        self.hidden_width = hidden_width
        self.embedding = embedding
        self.time_features = time_features
        self.classes = classes
        self.activation = activation
        self.causal = causal
        self.schedule = schedule
        self.schedule_epsilon = schedule_epsilon
        self.tie_word_embeddings = False


def activation(name):
    return {"glu": torch.sigmoid, "swiglu": F.silu, "geglu": lambda x: F.gelu(x, approximate="tanh")}[name]


class Product(nn.Module):
    """A weight [out, in], with a bias where it is asked for."""

    def __init__(self, out, into, bias=False):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(out, into))
        self.bias = nn.Parameter(torch.empty(out)) if bias else None

    def forward(self, x):
        return F.linear(x, self.weight, self.bias)


class Table(nn.Module):
    def __init__(self, rows, width):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(rows, width))

    def forward(self, ids):
        return F.embedding(ids, self.weight)


class Norm(nn.Module):
    """RMSNorm."""

    def __init__(self, width):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(width))

    def forward(self, h):
        return h * torch.rsqrt(torch.mean(h * h, -1, keepdim=True) + EPSILON) * self.weight


def modulate(h, shift, scale):
    return F.layer_norm(h, h.shape[-1:], eps=EPSILON) * (1 + scale) + shift


def rotate(x, cos, sin):
    """Turns the pairs of channels (2 j, 2 j + 1); x [B, L, H, W], cos and sin [L, 1, W / 2]."""
    a, b = x[..., 0::2], x[..., 1::2]
    return torch.stack([a * cos - b * sin, a * sin + b * cos], -1).flatten(-2)


class Attention(nn.Module):
    def __init__(self, config, conditional):
        super().__init__()
        self.config = config
        width = config.heads * config.head_width
        if not conditional:
            self.norm = Norm(width)
        self.qkv = Product((config.heads + 2 * config.key_value_heads) * config.head_width, width)
        self.out = Product(width, width)

    def forward(self, a, cos, sin):
        c = self.config
        u = self.qkv(a).unflatten(-1, (-1, c.head_width))
        q, k, v = u.split([c.heads, c.key_value_heads, c.key_value_heads], 2)
        q, k = rotate(q, cos, sin), rotate(k, cos, sin)
        q, k, v = (x.transpose(1, 2) for x in (q, k, v))
        if c.key_value_heads != c.heads:
            k = k.repeat_interleave(c.heads // c.key_value_heads, 1)
            v = v.repeat_interleave(c.heads // c.key_value_heads, 1)
        scores = q @ k.transpose(-1, -2) / math.sqrt(c.head_width)
        if c.causal:
            length = a.shape[1]
            ahead = torch.ones(length, length, dtype=torch.bool, device=a.device).triu(1)
            scores = scores.masked_fill(ahead, float("-inf"))
        return self.out((scores.softmax(-1) @ v).transpose(1, 2).flatten(2))


class FeedForward(nn.Module):
    def __init__(self, config, conditional):
        super().__init__()
        width = config.heads * config.head_width
        if not conditional:
            self.norm = Norm(width)
        self.add_module("in", Product(2 * config.hidden_width, width))
        self.out = Product(width, config.hidden_width)
        self.gate = activation(config.activation)

    def forward(self, a):
        value, gate = getattr(self, "in")(a).chunk(2, -1)
        return self.out(value * self.gate(gate))


class Layer(nn.Module):
    def __init__(self, config, conditional):
        super().__init__()
        width = config.heads * config.head_width
        self.conditional = conditional
        if conditional:
            self.modulation = Product(6 * width, config.head_width, True)
        self.attention = Attention(config, conditional)
        self.feedForward = FeedForward(config, conditional)

    def forward(self, h, c, cos, sin):
        if not self.conditional:
            h = h + self.attention(self.attention.norm(h), cos, sin)
            return h + self.feedForward(self.feedForward.norm(h))
        m = self.modulation(c).unflatten(-1, (6, 1, -1))  # [B, 6, 1, D]
        h = h + m[:, 2] * self.attention(modulate(h, m[:, 0], m[:, 1]), cos, sin)
        return h + m[:, 5] * self.feedForward(modulate(h, m[:, 3], m[:, 4]))


class Condition(nn.Module):
    def __init__(self, config):
        super().__init__()
        width = config.head_width
        if config.classes > 0:
            self.classes = Table(config.classes, width)
        if config.time_features == "t":
            self.dense1 = Product(4 * width, 2 * width if config.classes > 0 else width, True)
            self.dense2 = Product(width, 4 * width, True)


class Embedding(nn.Module):
    def __init__(self, config):
        super().__init__()
        outside = config.embedding == "outside"
        width = config.heads * config.head_width
        self.weight = nn.Parameter(torch.empty(config.vocab_size + 1, config.head_width if outside else width))
        if outside:
            self.projection = Product(width, config.head_width, True)

    def forward(self, ids):
        h = F.embedding(ids, self.weight)
        return self.projection(h) if hasattr(self, "projection") else h


class Head(nn.Module):
    def __init__(self, config, conditional):
        super().__init__()
        width = config.heads * config.head_width
        if conditional:
            self.modulation = Product(2 * width, config.head_width, True)
        else:
            self.norm = Norm(width)
        self.weight = nn.Parameter(torch.empty(config.vocab_size, width))

    def forward(self, h, c):
        if hasattr(self, "norm"):
            return F.linear(self.norm(h), self.weight)
        m = self.modulation(c).unflatten(-1, (2, 1, -1))
        return F.linear(modulate(h, m[:, 0], m[:, 1]), self.weight)


class Schedule(nn.Module):
    """The parameter of a learned schedule (GenMD4); forward does not read it."""


class Md4Model(PreTrainedModel):
    config_class = Md4Config
    base_model_prefix = ""
    _keys_to_ignore_on_load_unexpected = [r"schedule\."]
    _tied_weights_keys = None
    all_tied_weights_keys = {}

    def __init__(self, config):
        super().__init__(config)
        conditional = config.time_features == "t" or config.classes > 0
        self.conditional = conditional
        self.embedding = Embedding(config)
        if conditional:
            self.condition = Condition(config)
        self.layers = nn.ModuleList(Layer(config, conditional) for _ in range(config.layers))
        self.head = Head(config, conditional)
        self.act = activation(config.activation)
        self.post_init()

    def _init_weights(self, module):
        pass

    def _condition(self, time, labels):
        if self.config.time_features != "t":
            return self.act(self.condition.classes(labels))
        width = self.config.head_width
        half = width // 2
        steps = torch.arange(half, device=time.device, dtype=torch.float64)
        angles = 1000 * time.double()[:, None] * torch.exp(-math.log(10000) * steps / (half - 1))
        x = torch.cat([angles.sin(), angles.cos()], -1).to(self.embedding.weight.dtype)
        if self.config.classes > 0:
            x = torch.cat([x, self.condition.classes(labels)], -1)
        return self.act(self.condition.dense2(F.silu(self.condition.dense1(x))))

    def forward(self, input_ids, time=1.0, labels=None, **unused):
        """Returns logits [B, L, V]; labels are classes [B], where the network has some."""
        batch, length = input_ids.shape
        time = torch.as_tensor(time, device=input_ids.device, dtype=torch.float64).expand(batch)
        c = self._condition(time, labels) if self.conditional else None
        width = self.config.head_width
        pairs = torch.arange(width // 2, device=input_ids.device, dtype=torch.float64)
        positions = torch.arange(length, device=input_ids.device, dtype=torch.float64)
        angles = positions[:, None, None] * 10000.0 ** (-2 * pairs / width)  # [L, 1, W / 2]
        dtype = self.embedding.weight.dtype
        cos, sin = angles.cos().to(dtype), angles.sin().to(dtype)
        h = self.embedding(input_ids)
        for layer in self.layers:
            h = layer(h, c, cos, sin)
        return MaskedLMOutput(logits=self.head(h, c))

    @torch.no_grad()
    def generate_masked(self, input_ids, steps=256, generator=None):
        """Fills the masks of input_ids, ancestral sampling on the uniform grid of a linear schedule."""
        z = input_ids.clone()
        mask = self.config.mask_token_id
        for i in range(steps, 0, -1):
            t, s = i / steps, (i - 1) / steps
            masked = z == mask
            if not masked.any():
                break
            p = self(z, t).logits.double().softmax(-1)
            drawn = torch.multinomial(p.flatten(0, 1), 1, generator=generator).view_as(z)
            u = torch.rand(z.shape, generator=generator, device=z.device, dtype=torch.float64)
            z = torch.where(masked & (u < (t - s) / t), drawn, z)
        return z
