// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network;

import io.github.md4.core.token.ImageShape;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * The multiplications of a network a token, on the way from tokens to logits.
 *
 * @param dense by weights, the logits of all positions being asked for; as peers are counted
 * @param needed by weights, the logits of half of the positions being asked for, as in training
 * @param attended of tokens by each other
 */
public record Arithmetic(double dense, double needed, double attended) {
  private static final int FILTERS = 4;

  /** Returns whether a parameter is what something is multiplied by: no vector and no table. */
  public static boolean isProduct(ParameterSpec spec) {
    String name = spec.name();
    return spec.shape().dimension() >= 2
        && !name.equals("embedding.weight")
        && !name.equals("condition.classes.weight")
        && !name.endsWith("positions.weight");
  }

  /**
   * Returns whether a parameter is multiplied by once an example: what the condition goes through.
   */
  public static boolean isOfCondition(ParameterSpec spec) {
    return spec.name().contains("condition.") || spec.name().contains("modulation.");
  }

  /**
   * Returns the arithmetic of a network over images.
   *
   * @param uses how often an example is multiplied by a parameter that is not of the condition
   * @param attended multiplications of an example's tokens by each other
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

  /** The convolution whose results are the logits; a row takes one of its filters' values alone. */
  private static boolean isHead(ParameterSpec spec) {
    return spec.name().equals("head.weight") && spec.shape().dimension() == FILTERS;
  }
}
