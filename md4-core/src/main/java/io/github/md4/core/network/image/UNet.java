// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.image;

import ai.djl.ndarray.NDArray;
import io.github.md4.core.internal.image.UNetKernels;
import io.github.md4.core.internal.torch.Hidden;
import io.github.md4.core.network.ParameterSpec;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.stream.Stream;

/**
 * A UNet: a down path and an up path of ResBlocks with skip connections (spec, Sections 5.5 and
 * 5.6).
 *
 * @param up the levels of the up path, lowest first
 */
record UNet(
    UNetKernels kernels, Stem stem, List<Level> down, MidBlock midBlock, List<Level> up, Head head)
    implements Backbone {

  /**
   * The stem: from tokens to the first map.
   *
   * @param convolution filters and bias
   */
  record Stem(ParameterSpec embedding, WeightList convolution) {}

  /**
   * ResBlocks of one resolution.
   *
   * @param change the block to the next level; empty at the last level
   */
  record Level(List<ResBlock> blocks, List<ResBlock> change) {
    List<ResBlock> all() {
      List<ResBlock> all = new ArrayList<>(blocks);
      all.addAll(change);
      return all;
    }
  }

  /**
   * The head: from the last map to logits.
   *
   * @param convolution filters and bias
   */
  record Head(MapConditioning conditioning, WeightList norm, WeightList convolution) {}

  /** Returns the UNet of the paper's CIFAR-10. */
  static UNet of(UNetConfig config, int vocabularySize, KernelMode mode) {
    MapConditioning conditioning =
        config.condition().isPresent() ? MapConditioning.ADDED : MapConditioning.NOTHING;
    UNetBuilder builder =
        new UNetBuilder(
            new ResBlock.Kind(mode.unet(), conditioning, config.width()),
            config.layers(),
            List.of(1));
    return builder.build(
        MidBlock.Attention.of(builder.kind(), config.width()),
        MapConditioning.NOTHING,
        config.image().colours(),
        vocabularySize);
  }

  /** Returns the UViT. */
  static UNet of(UVitConfig config, int vocabularySize, KernelMode mode) {
    MapConditioning conditioning =
        config.condition().isPresent() ? MapConditioning.ADAPTIVE : MapConditioning.NOTHING;
    UNetBuilder builder =
        new UNetBuilder(
            new ResBlock.Kind(mode.unet(), conditioning, config.width()),
            config.layers(),
            config.multipliers());
    Dit.Parts parts =
        new Dit.Parts(mode.dit(config.middle()), DitBackbone.norm(config.condition()));
    int divisor = config.middle().patch() << (config.multipliers().size() - 1);
    Dit.PatchGrid grid =
        new Dit.PatchGrid(
            config.image().height() / divisor,
            config.image().width() / divisor,
            builder.lowest(),
            builder.lowest());
    Dit dit = Dit.of("middle.", config.middle(), grid, config.width(), parts);
    return builder.build(
        new MidBlock.Patches(builder.kind().kernels(), dit),
        conditioning,
        config.image().colours(),
        vocabularySize);
  }

  @Override
  public List<ParameterSpec> specs() {
    List<ParameterSpec> specs = new ArrayList<>(List.of(stem.embedding));
    specs.addAll(stem.convolution.specs());
    down.forEach(level -> level.all().forEach(block -> specs.addAll(block.specs())));
    specs.addAll(midBlock.specs());
    up.forEach(level -> level.all().forEach(block -> specs.addAll(block.specs())));
    specs.addAll(head.norm.and(head.convolution.specs()).specs());
    return specs;
  }

  @Override
  public List<ParameterSpec> ofProducts() {
    List<ParameterSpec> specs = new ArrayList<>(List.of(stem.embedding));
    specs.addAll(stem.convolution.specs());
    down.forEach(level -> level.all().forEach(block -> specs.addAll(block.ofProducts())));
    specs.addAll(midBlock.ofProducts());
    up.forEach(level -> level.all().forEach(block -> specs.addAll(block.ofProducts())));
    specs.addAll(head.convolution.specs());
    return specs;
  }

  @Override
  public List<List<ParameterSpec>> conditionProducts() {
    return Stream.of(
            down.stream().flatMap(level -> level.all().stream()),
            midBlock.resBlocks().stream(),
            up.stream().flatMap(level -> level.all().stream()))
        .flatMap(blocks -> blocks)
        .map(ResBlock::conditionProduct)
        .filter(product -> !product.isEmpty())
        .toList();
  }

  @Override
  public Hidden product(Context context, NDArray zt, NDArray rows) {
    return head.conditioning.head(
        kernels,
        context,
        lastMap(context, zt),
        context.weights(head.norm),
        rows,
        context.weights(head.convolution));
  }

  @Override
  public NDArray exact(Context context, Hidden product) {
    return kernels.exact(context.scope(), product);
  }

  /** Returns what the head normalises. */
  private Hidden lastMap(Context context, NDArray zt) {
    Deque<Hidden> skips = new ArrayDeque<>();
    Hidden x = midBlock.of(context, goDown(context, zt, skips));
    for (Level level : up) {
      for (ResBlock block : level.blocks) {
        x = block.ofBoth(context, x, skips.pop());
      }
      for (ResBlock block : level.change) {
        x = block.ofLast(context, x);
      }
    }
    return x;
  }

  /** Returns the lowest map, which is also the last one in {@code skips}. */
  private Hidden goDown(Context context, NDArray zt, Deque<Hidden> skips) {
    NDArray table = context.weights().apply(stem.embedding.name());
    skips.push(kernels.embed(context.scope(), zt, table, context.weights(stem.convolution)));
    for (Level level : down) {
      for (ResBlock block : level.all()) {
        skips.push(block.of(context, skips.element()));
      }
    }
    return skips.element();
  }
}
