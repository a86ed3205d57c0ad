// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train;

import io.github.md4.train.optimizer.Spike;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A step of a run made again, from its batch and the weights before it.
 *
 * @param step the update's number, from 1
 * @param examples the examples of its batch, as a range of the training's order
 * @param bitsPerToken its loss with the constant term, bits per token
 * @param gradientNorms the Euclidean norms of the loss's gradient, before any clipping, by group of
 *     parameters, in their order
 */
public record Replay(
    long step, Spike.Examples examples, double bitsPerToken, Map<String, Double> gradientNorms) {

  /** {@return the Euclidean norm of the gradient of all groups together} */
  public double gradientNorm() {
    return Math.sqrt(gradientNorms.values().stream().mapToDouble(norm -> norm * norm).sum());
  }

  /** Returns the norms of groups of parameters from those of each, in the same order. */
  static Map<String, Double> byGroup(Iterable<String> names, float... norms) {
    Map<String, Double> groups = new LinkedHashMap<>();
    int i = 0;
    for (String name : names) {
      double unused = groups.merge(group(name), (double) norms[i++], Math::hypot);
    }
    return groups;
  }

  /** A name up to its first dot, or with a number after that up to the second: layers.3. */
  private static String group(String name) {
    return name.replaceFirst("^(\\w+(?:\\.\\d+)?)\\..*", "$1");
  }
}
