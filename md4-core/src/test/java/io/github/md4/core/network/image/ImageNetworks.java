// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.image;

import io.github.md4.core.network.TimeFeatures;
import io.github.md4.core.token.ImageShape;
import java.util.List;

/** Small image networks that take every option each way; sides, colours and levels differ. */
public final class ImageNetworks {
  private static final ImageShape IMAGE = new ImageShape(4, 6, 2);

  static final UNetConfig UNET_TIME = new UNetConfig(IMAGE, 32, 2, ConditionConfig.defaults(), 0);
  static final UNetConfig UNET_PLAIN =
      new UNetConfig(IMAGE, 32, 1, new ConditionConfig(TimeFeatures.NONE, 0, 0), 0);
  public static final UNetConfig UNET_CLASSES =
      new UNetConfig(
          new ImageShape(3, 5, 1), 64, 1, new ConditionConfig(TimeFeatures.NONE, 5, 0), 0);
  static final UVitConfig UVIT_TIME_CLASSES =
      new UVitConfig(
          IMAGE,
          32,
          List.of(1),
          1,
          new DitShape(24, 3, 2, 2),
          new ConditionConfig(TimeFeatures.T, 3, 0.25),
          0);
  static final UVitConfig UVIT_LEVELS =
      new UVitConfig(
          new ImageShape(4, 8, 2),
          32,
          List.of(1, 3),
          1,
          new DitShape(20, 1, 1, 1),
          ConditionConfig.defaults(),
          0);
  static final UVitConfig UVIT_PLAIN =
      new UVitConfig(
          IMAGE,
          32,
          List.of(1),
          1,
          new DitShape(24, 2, 1, 2),
          new ConditionConfig(TimeFeatures.NONE, 0, 0),
          0);
  static final DitConfig DIT_TIME =
      new DitConfig(IMAGE, 10, new DitShape(28, 7, 2, 2), ConditionConfig.defaults(), 0);
  static final DitConfig DIT_PLAIN =
      new DitConfig(
          new ImageShape(3, 6, 2),
          7,
          new DitShape(12, 2, 2, 3),
          new ConditionConfig(TimeFeatures.NONE, 0, 0),
          0);

  public static final List<ImageConfig> ALL =
      List.of(
          UNET_TIME,
          UNET_PLAIN,
          UNET_CLASSES,
          UVIT_TIME_CLASSES,
          UVIT_LEVELS,
          UVIT_PLAIN,
          DIT_TIME,
          DIT_PLAIN);

  private ImageNetworks() {}

  /** Returns the same network with another rate of dropout. */
  static ImageConfig withDropout(ImageConfig config, double rate) {
    if (config instanceof UNetConfig c) {
      return new UNetConfig(c.image(), c.width(), c.layers(), c.condition(), rate);
    }
    if (config instanceof UVitConfig c) {
      return new UVitConfig(
          c.image(), c.width(), c.multipliers(), c.layers(), c.middle(), c.condition(), rate);
    }
    DitConfig c = (DitConfig) config;
    return new DitConfig(c.image(), c.width(), c.blocks(), c.condition(), rate);
  }
}
