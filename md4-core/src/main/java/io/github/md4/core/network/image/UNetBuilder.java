// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.image;

import io.github.md4.core.network.Specs;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;

/** The construction of a UNet's levels, with the channels of their skip connections. */
final class UNetBuilder {
  private static final int SIDE = 3;

  private final ResBlock.Kind kind;
  private final int layers;
  private final List<Integer> multipliers;
  private final Deque<Integer> skips = new ArrayDeque<>();
  private int channels;

  UNetBuilder(ResBlock.Kind kind, int layers, List<Integer> multipliers) {
    this.kind = kind;
    this.layers = layers;
    this.multipliers = multipliers;
    this.channels = kind.conditionWidth();
  }

  ResBlock.Kind kind() {
    return kind;
  }

  /** Returns the channels of the lowest level. */
  int lowest() {
    return channelsAt(multipliers.size() - 1);
  }

  /**
   * Returns the network around a mid block.
   *
   * @param headConditioning the conditioning of the last norm
   */
  UNet build(MidBlock midBlock, MapConditioning headConditioning, int colours, int vocabularySize) {
    int width = kind.conditionWidth();
    UNet.Stem stem =
        new UNet.Stem(
            Specs.table("embedding.weight", vocabularySize + 1L, width),
            WeightList.of(
                Specs.filters("in.weight", width, SIDE, (long) colours * width),
                Specs.zeros("in.bias", width)));
    skips.push(width);
    List<UNet.Level> down = down();
    List<UNet.Level> up = up();
    UNet.Head head =
        new UNet.Head(
            headConditioning,
            new WeightList(headConditioning.norm("head.norm", channels, width)),
            WeightList.of(
                Specs.zeros("head.weight", (long) colours * vocabularySize, SIDE, SIDE, channels),
                Specs.zeros("head.bias", (long) colours * vocabularySize)));
    return new UNet(kind.kernels(), stem, down, midBlock, up, head);
  }

  private List<UNet.Level> down() {
    List<UNet.Level> levels = new ArrayList<>();
    for (int level = 0; level < multipliers.size(); level++) {
      List<ResBlock> blocks = new ArrayList<>();
      for (int layer = 0; layer < layers; layer++) {
        blocks.add(lower("down.%d.%d".formatted(level, layer), level, Resampling.NONE));
      }
      List<ResBlock> change = new ArrayList<>();
      if (level + 1 < multipliers.size()) {
        change.add(lower("down.%d.halve".formatted(level), level, Resampling.HALVED));
      }
      levels.add(new UNet.Level(blocks, change));
    }
    return levels;
  }

  private ResBlock lower(String name, int level, Resampling resampling) {
    ResBlock block = kind.block(name, channels, channelsAt(level), resampling);
    channels = channelsAt(level);
    skips.push(channels);
    return block;
  }

  private List<UNet.Level> up() {
    List<UNet.Level> levels = new ArrayList<>();
    for (int level = multipliers.size() - 1; level >= 0; level--) {
      List<ResBlock> blocks = new ArrayList<>();
      for (int layer = 0; layer <= layers; layer++) {
        int in = channels + skips.pop();
        channels = channelsAt(level);
        blocks.add(kind.block("up.%d.%d".formatted(level, layer), in, channels));
      }
      List<ResBlock> change =
          level == 0
              ? Collections.emptyList()
              : List.of(
                  kind.block(
                      "up.%d.double".formatted(level), channels, channels, Resampling.DOUBLED));
      levels.add(new UNet.Level(blocks, change));
    }
    return levels;
  }

  private int channelsAt(int level) {
    return kind.conditionWidth() * multipliers.get(level);
  }
}
