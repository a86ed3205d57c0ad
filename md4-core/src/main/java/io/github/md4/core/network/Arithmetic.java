// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network;

import io.github.md4.core.token.ImageShape;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * The number of multiplications of a network's forward pass, for each token of a sequence of a
 * given length. A training step takes three times as many, and two floating-point operations each.
 *
 * @param dense multiplications by weights, with logits at all positions, as others count them
 * @param needed those by weights with logits at half of the positions, as in training
 * @param attended those of tokens by each other, in attention
 */
public record Arithmetic(double dense, double needed, double attended) {
  private static final int FILTERS = 4;

  /** Returns one multiplication a token by each element of each matrix that is a product's. */
  static Arithmetic ofMatrices(List<ParameterSpec> specs) {
    double all =
        specs.stream().filter(Arithmetic::isProduct).mapToDouble(s -> s.shape().size()).sum();
    return new Arithmetic(all, all, 0);
  }

  /**
   * {@return the arithmetic of blocks over sequences, of which the last feed-forward and the head
   * are needed at half of the positions}
   *
   * @param specs the parameters, in the order of files
   * @param layers the number of blocks
   * @param width of all heads of queries together
   * @param length the positions of a sequence
   */
  public static Arithmetic ofSequences(
      List<ParameterSpec> specs, int layers, int width, int length) {
    double dense = 0;
    double needed = 0;
    for (ParameterSpec spec : specs) {
      if (isProduct(spec)) {
        double size = spec.shape().size();
        boolean isAtMasks =
            spec.name().equals("head.weight")
                || spec.name().startsWith("layers." + (layers - 1) + ".feedForward.");
        dense += size;
        needed += isOfCondition(spec) ? size / length : size / (isAtMasks ? 2 : 1);
      }
    }
    return new Arithmetic(dense, needed, 2.0 * layers * width * length);
  }

  /**
   * {@return the arithmetic of a network over images}
   *
   * @param specs the parameters, in the order of files
   * @param image rows, columns and colours
   * @param uses the number of multiplications of an example by a parameter outside the condition
   * @param attended the number of multiplications of an example's tokens by each other
   */
  public static Arithmetic ofImages(
      List<ParameterSpec> specs,
      ImageShape image,
      ToDoubleFunction<ParameterSpec> uses,
      double attended) {
    double dense = 0;
    double needed = 0;
    for (ParameterSpec spec : specs) {
      if (isProduct(spec)) {
        double times = isOfCondition(spec) ? 1 : uses.applyAsDouble(spec);
        dense += times * spec.shape().size();
        needed += times * spec.shape().size() / (isHead(spec) ? 2 : 1);
      }
    }
    return new Arithmetic(dense / image.size(), needed / image.size(), attended / image.size());
  }

  /** Returns whether a parameter is the weight of a product: neither a vector nor a table. */
  private static boolean isProduct(ParameterSpec spec) {
    String name = spec.name();
    return spec.shape().dimension() >= 2
        && !name.equals("embedding.weight")
        && !name.equals("condition.classes.weight")
        && !name.endsWith("positions.weight");
  }

  /** Returns whether a parameter belongs to the condition: multiplied by once for each example. */
  private static boolean isOfCondition(ParameterSpec spec) {
    return spec.name().contains("condition.") || spec.name().contains("modulation.");
  }

  /**
   * Returns whether a parameter is the convolution of the logits, of which a row needs one filter
   * for each token only.
   */
  private static boolean isHead(ParameterSpec spec) {
    return spec.name().equals("head.weight") && spec.shape().dimension() == FILTERS;
  }
}
