// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.image;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.MemoryFormat;
import io.github.md4.core.Precision;
import io.github.md4.core.network.Network;
import io.github.md4.core.network.NetworkConfig;
import io.github.md4.core.network.TimeFeatures;
import io.github.md4.core.token.ImageShape;
import java.util.Optional;
import java.util.OptionalInt;

/** The shape of a network over the values of an image (spec, Sections 5.5 and 5.6). */
public sealed interface ImageConfig extends NetworkConfig
    permits UNetConfig, UVitConfig, DitConfig {

  /** {@return the images' size: rows, columns and colours, whose product is N} */
  ImageShape image();

  /** {@return the width of embedded tokens and of the condition} */
  int width();

  /** {@return its condition} */
  ConditionConfig condition();

  /** {@return the rate of dropout, in [0, 1)} */
  double dropout();

  /** {@return the most channels of a feature map; 0 without convolutions} */
  int widestMap();

  /**
   * {@return the network of {@link #network(NDManager, int, Precision)} with feature maps in a
   * given memory format}
   *
   * @param parent the manager of the arrays, whose device is theirs
   * @param vocabularySize V, the number of tokens without the mask
   * @param precision the element type of matrix products, float32 or bfloat16; norms, softmax and
   *     losses are float32 in both
   * @param memoryFormat whether the colours of a pixel lie side by side
   */
  Network network(
      NDManager parent, int vocabularySize, Precision precision, MemoryFormat memoryFormat);

  @Override
  default Network network(NDManager parent, int vocabularySize, Precision precision) {
    return network(parent, vocabularySize, precision, MemoryFormat.CHANNELS_LAST);
  }

  @Override
  default TimeFeatures timeFeatures() {
    return condition().timeFeatures();
  }

  @Override
  default int classes() {
    return condition().classes();
  }

  @Override
  default OptionalInt nullLabel() {
    return condition().nullLabel();
  }

  @Override
  default Optional<ImageShape> imageShape() {
    return Optional.of(image());
  }

  @Override
  default void checkLength(int length) {
    if (length != image().size()) {
      throw new IllegalArgumentException(
          "length must be that of the network's image, %d for %s: %d"
              .formatted(image().size(), image(), length));
    }
  }
}
