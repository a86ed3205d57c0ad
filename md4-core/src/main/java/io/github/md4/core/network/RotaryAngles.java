// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;

/**
 * The angles of rotary position embedding, in which the channel i of a head turns with the channel
 * i + W / 2: {@code position * base^(-2 i / W)}.
 *
 * @param base the base of the wavelengths
 * @param width W of a head, even
 */
public record RotaryAngles(double base, int width) {

  /**
   * {@return the factors of each channel and of its partner, whose products are added, [L, 1, W]
   * for the positions 0 to L - 1}
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
   * @param positions the positions, from 0 on
   * @param shape the shape of the tables before their last axis
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
