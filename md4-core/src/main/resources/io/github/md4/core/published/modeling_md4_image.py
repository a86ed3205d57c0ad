# SPDX-License-Identifier: Apache-2.0
"""The UNet, UViT and DiT of MD4 and GenMD4 models of images that md4 trained, for PyTorch.

    from transformers import AutoModel
    model = AutoModel.from_pretrained(FOLDER, trust_remote_code=True)
    logits = model(input_ids, time).logits   # [B, N, V]

An image is N = height * width * colours tokens, row by row, pixel by pixel, colour by colour. input_ids are tokens in
[0, V], where V is the mask; time is in [0, 1] (1 is all masked), a number or float64 [B]. It has no effect where
the network is not told the time. `model.generate_masked(...)` samples.
"""
import math

import torch
import torch.nn.functional as F
from torch import nn
from transformers import PretrainedConfig, PreTrainedModel
from transformers.modeling_outputs import MaskedLMOutput

GROUPS = 32
EPSILON = 1e-6


class Md4Config(PretrainedConfig):
    model_type = "md4_image"

    def __init__(self, vocab_size=256, mask_token_id=None, kind="unet", height=32, width=32, colours=3, channels=128,
                 multipliers=(1,), layers=32, middle=None, time_features="t", classes=0, labels=0,
                 schedule="linear", schedule_epsilon=1e-4, **rest):
        super().__init__(**rest)
        self.vocab_size = vocab_size
        self.mask_token_id = vocab_size if mask_token_id is None else mask_token_id
        self.kind = kind
        self.height = height
        self.width = width
        self.colours = colours
        self.channels = channels
        self.multipliers = list(multipliers)
        self.layers = layers
        self.middle = middle
        self.time_features = time_features
        self.classes = classes
        self.labels = labels or classes
        self.schedule = schedule
        self.schedule_epsilon = schedule_epsilon
        self.tie_word_embeddings = False


class Weights(nn.Module):
    """A weight and, where there is a shape for it, a bias; what is done with them stands where they are used."""

    def __init__(self, weight, bias=None):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(weight))
        self.bias = None if bias is None else nn.Parameter(torch.empty(bias))


class Product(Weights):
    def __init__(self, out, into, bias=True):
        super().__init__((out, into), (out,) if bias else None)

    def forward(self, x):
        return F.linear(x, self.weight, self.bias)


class Filters(Weights):
    """A convolution; filters are [out, k, k, in]."""

    def __init__(self, out, side, into):
        super().__init__((out, side, side, into), (out,))

    def forward(self, x, bias=None):
        y = F.conv2d(x, self.weight.permute(0, 3, 1, 2), padding=self.weight.shape[1] // 2)
        return y + (self.bias if bias is None else bias).unflatten(-1, (-1, 1, 1))


class MapNorm(nn.Module):
    """A group normalisation, scaled and shifted by weights or by the condition, and its activation."""

    def __init__(self, channels, condition):
        super().__init__()
        if condition:
            self.modulation = Product(2 * channels, condition)
        else:
            self.weight = nn.Parameter(torch.empty(channels))
            self.bias = nn.Parameter(torch.empty(channels))

    def forward(self, x, c):
        y = F.group_norm(x, GROUPS, eps=EPSILON)
        if hasattr(self, "modulation"):
            scale, shift = self.modulation(c)[:, :, None, None].chunk(2, 1)
            return y * (scale + 1) + shift
        return y * self.weight[:, None, None] + self.bias[:, None, None]


def halved(x):
    return F.avg_pool2d(x, 2)


def doubled(x):
    return F.interpolate(x, scale_factor=2, mode="nearest")


class ResBlock(nn.Module):
    """How is "added" (a product of the condition between the convolutions), "adaptive", or "nothing"."""

    def __init__(self, into, out, how, condition, resampled=None):
        super().__init__()
        adaptive = condition if how == "adaptive" else 0
        self.resampled = resampled or (lambda x: x)
        self.norm1 = MapNorm(into, adaptive)
        if how == "added":
            self.condition = Product(out, condition, False)
        self.conv1 = Filters(out, 3, into)
        self.norm2 = MapNorm(out, adaptive)
        self.conv2 = Filters(out, 3, out)
        if into != out:
            self.shortcut = Product(out, into)

    def forward(self, x, c):
        a = self.resampled(F.silu(self.norm1(x, c)))
        x = self.resampled(x)
        bias = F.linear(c, self.condition.weight, self.conv1.bias) if hasattr(self, "condition") else None
        h = self.conv2(F.silu(self.norm2(self.conv1(a, bias), c)))
        if hasattr(self, "shortcut"):
            x = self.shortcut(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        return x + h


class MapAttention(nn.Module):
    """Attention of one head over all pixels."""

    def __init__(self, channels):
        super().__init__()
        self.norm = MapNorm(channels, 0)
        self.qkv = Product(3 * channels, channels)
        self.out = Product(channels, channels)

    def forward(self, x):
        t = self.norm(x, None).permute(0, 2, 3, 1).flatten(1, 2)
        q, k, v = self.qkv(t).chunk(3, -1)
        o = (q @ k.transpose(1, 2) / math.sqrt(q.shape[-1])).softmax(-1) @ v
        return x + self.out(o).transpose(1, 2).view_as(x)


class Norm(nn.Module):
    """RMSNorm."""

    def __init__(self, width):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(width))

    def forward(self, h):
        return h * torch.rsqrt(torch.mean(h * h, -1, keepdim=True) + EPSILON) * self.weight


def modulate(h, shift, scale):
    return F.layer_norm(h, h.shape[-1:], eps=EPSILON) * (1 + scale) + shift


class Attention(nn.Module):
    def __init__(self, width, heads, conditional):
        super().__init__()
        self.heads = heads
        if not conditional:
            self.norm = Norm(width)
        self.qkv = Product(3 * width, width)
        self.out = Product(width, width, False)

    def forward(self, a):
        q, k, v = self.qkv(a).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        o = (q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])).softmax(-1) @ v
        return self.out(o.transpose(1, 2).flatten(2))


class FeedForward(nn.Module):
    def __init__(self, width, conditional):
        super().__init__()
        if not conditional:
            self.norm = Norm(width)
        self.add_module("in", Product(4 * width, width))
        self.out = Product(width, 4 * width)

    def forward(self, a):
        return self.out(F.gelu(getattr(self, "in")(a), approximate="tanh"))


class Layer(nn.Module):
    def __init__(self, width, heads, condition):
        super().__init__()
        self.attention = Attention(width, heads, condition)
        self.feedForward = FeedForward(width, condition)
        if condition:
            self.modulation = Product(6 * width, condition)

    def forward(self, h, c):
        if not hasattr(self, "modulation"):
            h = h + self.attention(self.attention.norm(h))
            return h + self.feedForward(self.feedForward.norm(h))
        m = self.modulation(c).unsqueeze(1).chunk(6, -1)
        h = h + m[2] * self.attention(modulate(h, m[0], m[1]))
        return h + m[5] * self.feedForward(modulate(h, m[3], m[4]))


class PatchesOut(Product):
    def __init__(self, out, width, condition):
        super().__init__(out, width)
        if condition:
            self.modulation = Product(2 * width, condition)
        else:
            self.norm = Norm(width)

    def forward(self, h, c):
        if hasattr(self, "norm"):
            return super().forward(self.norm(h))
        return super().forward(modulate(h, *self.modulation(c).unsqueeze(1).chunk(2, -1)))


class Table(nn.Module):
    def __init__(self, rows, width):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(rows, width))


class Patches(Weights):
    def __init__(self, width, patch, into):
        super().__init__((width, patch, patch, into), (width,))


class Transformer(nn.Module):
    """A transformer over the patches of maps [B, H, W, into]; gives maps [B, H, W, out]."""

    def __init__(self, shape, rows, columns, into, out, condition):
        super().__init__()
        width, self.patch = shape["width"], shape["patch"]
        self.patches = Patches(width, self.patch, into)
        self.positions = Table(rows * columns, width)
        self.layers = nn.ModuleList(Layer(width, shape["heads"], condition) for _ in range(shape["layers"]))
        self.out = PatchesOut(self.patch ** 2 * out, width, condition)

    def forward(self, x, c):
        p = self.patch
        rows = x.shape[1] // p
        t = x.unflatten(2, (-1, p)).unflatten(1, (-1, p)).transpose(2, 3).flatten(3).flatten(1, 2)
        h = F.linear(t, self.patches.weight.flatten(1), self.patches.bias) + self.positions.weight
        c = None if c is None else F.silu(c)
        for layer in self.layers:
            h = layer(h, c)
        y = self.out(h, c).unflatten(2, (p, p, -1)).unflatten(1, (rows, -1))  # [B, H, W, p, p, C]
        return y.transpose(2, 3).flatten(3, 4).flatten(1, 2)


class Middle(nn.Module):
    """Attention over all pixels between two ResBlocks."""

    def __init__(self, channels, how, condition):
        super().__init__()
        self.first = ResBlock(channels, channels, how, condition)
        self.attention = MapAttention(channels)
        self.second = ResBlock(channels, channels, how, condition)

    def forward(self, x, c):
        return self.second(self.attention(self.first(x, c)), c)


class MiddlePatches(Transformer):
    def forward(self, x, c):
        return super().forward(x.permute(0, 2, 3, 1), c).permute(0, 3, 1, 2)


class Level(nn.Module):
    """ResBlocks of one resolution, and the one that changes it, by its name."""

    def __init__(self, blocks, change=None, block=None):
        super().__init__()
        self.count = len(blocks)
        for i, each in enumerate(blocks):
            self.add_module(str(i), each)
        self.change = change
        if change:
            self._modules[change] = block  # "double" is a method of modules too,
            self.__dict__[change] = block  # which would hide it from get_submodule

    def __iter__(self):
        return (getattr(self, str(i)) for i in range(self.count))

    def changed(self, x, c):
        return self._modules[self.change](x, c)


class Head(Filters):
    def __init__(self, out, channels, condition):
        super().__init__(out, 3, channels)
        self.norm = MapNorm(channels, condition)

    def forward(self, x, c):
        return super().forward(F.silu(self.norm(x, c)))


class Condition(nn.Module):
    def __init__(self, config):
        super().__init__()
        width = config.channels
        if config.classes > 0:
            self.classes = Table(config.labels, width)
        if config.time_features == "t":
            self.dense1 = Product(4 * width, 2 * width if config.classes > 0 else width)
            self.dense2 = Product(width, 4 * width)

    def forward(self, time, labels, config, dtype):
        if config.time_features != "t":
            return F.embedding(labels, self.classes.weight)
        half = config.channels // 2
        steps = torch.arange(half, device=time.device, dtype=torch.float64)
        angles = 1000 * time[:, None] * torch.exp(-math.log(10000) * steps / (half - 1))
        x = torch.cat([angles.sin(), angles.cos()], -1).to(dtype)
        if config.classes > 0:
            x = torch.cat([x, F.embedding(labels, self.classes.weight)], -1)
        return self.dense2(F.silu(self.dense1(x)))


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
        width = config.channels
        self.embedding = Table(config.vocab_size + 1, width)
        if conditional:
            self.condition = Condition(config)
        condition = width if conditional else 0
        if config.kind == "dit":
            self._add_patches(config, condition)
        else:
            self._add_levels(config, condition)
        self.post_init()

    def _add_patches(self, config, condition):
        patch = config.middle["patch"]
        whole = Transformer(config.middle, config.height // patch, config.width // patch,
                            config.colours * config.channels, config.colours * config.vocab_size, condition)
        self.patch = patch
        for name, part in list(whole.named_children()):
            self.add_module(name, part)

    def _add_levels(self, config, condition):
        how = "nothing" if not condition else "added" if config.kind == "unet" else "adaptive"
        adaptive = condition if how == "adaptive" else 0
        width = config.channels
        sizes = [width * m for m in config.multipliers]
        self.add_module("in", Filters(width, 3, config.colours * width))
        skips, channels, down = [width], width, []
        for level, size in enumerate(sizes):
            blocks = []
            for _ in range(config.layers):
                blocks.append(ResBlock(channels, size, how, condition))
                channels = size
                skips.append(channels)
            if level + 1 < len(sizes):
                down.append(Level(blocks, "halve", ResBlock(channels, size, how, condition, halved)))
                skips.append(channels)
            else:
                down.append(Level(blocks))
        self.down = nn.ModuleList(down)
        if config.kind == "unet":
            self.middle = Middle(channels, how, condition)
        else:
            divisor = config.middle["patch"] << (len(sizes) - 1)
            self.middle = MiddlePatches(config.middle, config.height // divisor, config.width // divisor,
                                        channels, channels, condition)
        up = [None] * len(sizes)
        for level in reversed(range(len(sizes))):
            blocks = []
            for _ in range(config.layers + 1):
                blocks.append(ResBlock(channels + skips.pop(), sizes[level], how, condition))
                channels = sizes[level]
            change = ResBlock(channels, channels, how, condition, doubled) if level else None
            up[level] = Level(blocks, "double" if level else None, change)
        self.up = nn.ModuleList(up)
        self.head = Head(config.colours * config.vocab_size, channels, adaptive)

    def _init_weights(self, module):
        pass

    def _maps(self, x, c):
        skips = [getattr(self, "in")(x.permute(0, 3, 1, 2))]
        for level in self.down:
            for block in level:
                skips.append(block(skips[-1], c))
            if level.change:
                skips.append(level.changed(skips[-1], c))
        x = self.middle(skips[-1], c)
        for level in reversed(self.up):
            for block in level:
                x = block(torch.cat([x, skips.pop()], 1), c)
            if level.change:
                x = level.changed(x, c)
        return self.head(x, c).permute(0, 2, 3, 1)

    def forward(self, input_ids, time=1.0, labels=None, **unused):
        """Returns logits [B, N, V]; labels are classes [B], where the network has some."""
        config = self.config
        batch = input_ids.shape[0]
        time = torch.as_tensor(time, device=input_ids.device, dtype=torch.float64).expand(batch)
        dtype = self.embedding.weight.dtype
        c = self.condition(time, labels, config, dtype) if self.conditional else None
        pixels = input_ids.unflatten(1, (config.height, config.width, config.colours))
        x = F.embedding(pixels, self.embedding.weight).flatten(3)  # [B, H, W, C D]
        y = Transformer.forward(self, x, c) if config.kind == "dit" else self._maps(x, c)
        return MaskedLMOutput(logits=y.reshape(batch, -1, config.vocab_size))

    @torch.no_grad()
    def generate_masked(self, input_ids, steps=256, labels=None, generator=None):
        """Fills the masks of input_ids, ancestral sampling on the uniform grid of a linear schedule."""
        z = input_ids.clone()
        mask = self.config.mask_token_id
        for i in range(steps, 0, -1):
            t, s = i / steps, (i - 1) / steps
            masked = z == mask
            if not masked.any():
                break
            p = self(z, t, labels).logits.double().softmax(-1)
            drawn = torch.multinomial(p.flatten(0, 1), 1, generator=generator).view_as(z)
            u = torch.rand(z.shape, generator=generator, device=z.device, dtype=torch.float64)
            z = torch.where(masked & (u < (t - s) / t), drawn, z)
        return z
