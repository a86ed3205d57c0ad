// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network;

import static io.github.md4.core.Checks.require;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;

/**
 * The angles of rotary position embedding (Su et al., 2021), in which the channel i of a head turns
 * with the channel i + W / 2: {@code position * base^(-2 i / W)}, in radians.
 *
 * @param base the base of the wavelengths, above 0
 * @param width W, the channels of a head, even
 */
public record RotaryAngles(double base, int width) {

  /**
   * Checks both.
   *
   * @param base the base of the wavelengths, above 0
   * @param width W, the channels of a head, even
   * @throws IllegalArgumentException if the base is not above 0, or the width not even and at least
   *     2
   */
  public RotaryAngles {
    require(base > 0, "the base must be above 0", base);
    require(width >= 2 && width % 2 == 0, "width must be even and at least 2", width);
  }

  /**
   * {@return the factors of each channel and of its partner, whose products are added: two arrays,
   * float32 [L, 1, W], for the positions 0 to L - 1, owned by the manager}
   *
   * @param manager the manager of the arrays, whose device is theirs
   * @param length L, the number of positions, at least 1
   */
  public NDList tables(NDManager manager, int length) {
    int[] positions = new int[length];
    for (int i = 0; i < length; i++) {
      positions[i] = i;
    }
    return tables(manager, positions, new Shape(length, 1, width));
  }

  /**
   * {@return {@link #tables(NDManager, int)} of any positions, in the shape given}
   *
   * @param manager the manager of the arrays, whose device is theirs
   * @param positions the positions, from 0 on, [L]
   * @param shape the shape of each table, of {@code L W} elements, whose last axis is W
   */
  public NDList tables(NDManager manager, int[] positions, Shape shape) {
    float[] own = new float[positions.length * width];
    float[] partner = new float[own.length];
    for (int i = 0; i < own.length; i++) {
      int channel = i % width;
      double angle = positions[i / width] * Math.pow(base, -2.0 * (channel % (width / 2)) / width);
      own[i] = (float) Math.cos(angle);
      partner[i] = (float) (channel < width / 2 ? -Math.sin(angle) : Math.sin(angle));
    }
    return new NDList(manager.create(own, shape), manager.create(partner, shape));
  }
}
