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

/**
 * ResBlocks on a way down and up again, each on the way up given what one on the way down returned
 * (spec, Sections 5.5 and 5.6).
 *
 * @param up its first level is the lowest
 */
record UNet(
    UNetKernels kernels,
    Enter enter,
    List<Level> down,
    MidBlock middle,
    List<Level> up,
    Leave leave)
    implements Backbone {

  /**
   * From tokens to the first map.
   *
   * @param convolution filters and bias
   */
  record Enter(ParameterSpec embedding, WeightList convolution) {}

  /**
   * ResBlocks of one resolution.
   *
   * @param change the block to the next level; none behind the last
   */
  record Level(List<ResBlock> blocks, List<ResBlock> change) {
    List<ResBlock> all() {
      List<ResBlock> all = new ArrayList<>(blocks);
      all.addAll(change);
      return all;
    }
  }

  /**
   * From the last map to logits.
   *
   * @param convolution filters and bias
   */
  record Leave(MapConditioning told, WeightList norm, WeightList convolution) {}

  /** Returns the UNet of the paper's CIFAR-10. */
  static UNet of(UNetConfig config, int vocabularySize, KernelMode mode) {
    MapConditioning told =
        config.condition().isPresent() ? MapConditioning.ADDED : MapConditioning.NOTHING;
    UNetBuilder builder =
        new UNetBuilder(
            new ResBlock.Kind(mode.unet(), told, config.width()), config.layers(), List.of(1));
    return builder.build(
        MidBlock.Attention.of(builder.kind(), config.width()),
        MapConditioning.NOTHING,
        config.image().colours(),
        vocabularySize);
  }

  /** Returns the UViT. */
  static UNet of(UVitConfig config, int vocabularySize, KernelMode mode) {
    MapConditioning told =
        config.condition().isPresent() ? MapConditioning.ADAPTIVE : MapConditioning.NOTHING;
    UNetBuilder builder =
        new UNetBuilder(
            new ResBlock.Kind(mode.unet(), told, config.width()),
            config.layers(),
            config.multipliers());
    Dit.Built built =
        new Dit.Built(mode.dit(config.middle()), DitBackbone.norm(config.condition()));
    int divisor = config.middle().patch() << (config.multipliers().size() - 1);
    Dit.Field field =
        new Dit.Field(
            config.image().height() / divisor,
            config.image().width() / divisor,
            builder.lowest(),
            builder.lowest());
    Dit dit = Dit.of("middle.", config.middle(), field, config.width(), built);
    return builder.build(
        new MidBlock.Patches(builder.kind().kernels(), dit),
        told,
        config.image().colours(),
        vocabularySize);
  }

  @Override
  public List<ParameterSpec> specs() {
    List<ParameterSpec> specs = new ArrayList<>(List.of(enter.embedding));
    specs.addAll(enter.convolution.specs());
    down.forEach(level -> level.all().forEach(block -> specs.addAll(block.specs())));
    specs.addAll(middle.specs());
    up.forEach(level -> level.all().forEach(block -> specs.addAll(block.specs())));
    specs.addAll(leave.norm.and(leave.convolution.specs()).specs());
    return specs;
  }

  @Override
  public NDArray logits(Pass pass, NDArray zt, NDArray rows) {
    Deque<Hidden> skips = new ArrayDeque<>();
    Hidden x = middle.of(pass, goDown(pass, zt, skips));
    for (Level level : up) {
      for (ResBlock block : level.blocks) {
        x = block.ofBoth(pass, x, skips.pop());
      }
      for (ResBlock block : level.change) {
        x = block.ofLast(pass, x);
      }
    }
    Hidden a = leave.told.activated(kernels, pass, x, pass.weights(leave.norm));
    return kernels.head(pass.scope(), a, rows, pass.weights(leave.convolution));
  }

  /** Returns the lowest map, which is also the last of {@code skips}. */
  private Hidden goDown(Pass pass, NDArray zt, Deque<Hidden> skips) {
    NDArray table = pass.parameters().get(enter.embedding.name());
    skips.push(kernels.embed(pass.scope(), zt, table, pass.weights(enter.convolution)));
    for (Level level : down) {
      for (ResBlock block : level.all()) {
        skips.push(block.of(pass, skips.element()));
      }
    }
    return skips.element();
  }
}
