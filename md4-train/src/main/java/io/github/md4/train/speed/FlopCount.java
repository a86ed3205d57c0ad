// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.speed;

import io.github.md4.core.model.ModelConfig;
import io.github.md4.core.network.ParameterSpec;
import java.util.List;

/**
 * The floating-point operations of training, a token, forward and backward.
 *
 * @param denseEquivalent what a peer that computes the loss everywhere is counted with, whatever is
 *     skipped here, so that numbers compare:
 *     <pre>{@code
 * 6 (parameters - token table) + 12 layers width length
 * }</pre>
 *
 * @param needed what has to be computed,
 *     <pre>{@code
 * 6 (a + b / 2 + c / length) + 12 layers width length
 * }</pre>
 *     where a are the parameters of matrices that every position is multiplied by, b those of the
 *     head and the last feed-forward, needed at masked positions, which are half of them, and c
 *     those of the condition and of the modulation, multiplied once an example. Vectors and tables
 *     do not count. Attention is counted whole also where it is causal.
 */
public record FlopCount(double denseEquivalent, double needed) {
  private static final String TOKEN_TABLE = "embedding.weight";
  private static final String CLASS_TABLE = "condition.classes.weight";

  /** Forward, and twice as much backward: a multiplication and an addition a weight each. */
  private static final double PER_WEIGHT = 6;

  private static final double PER_ATTENDED = 12;

  /** Returns the count of a network with these parameters. */
  public static FlopCount of(ModelConfig model, List<ParameterSpec> specs) {
    double attention =
        PER_ATTENDED * model.network().layers() * model.network().width() * model.length();
    double dense = 0;
    double needed = 0;
    String lastFeedForward = "layers." + (model.network().layers() - 1) + ".feedForward.";
    for (ParameterSpec spec : specs) {
      dense += spec.name().equals(TOKEN_TABLE) ? 0 : spec.shape().size();
      needed += isProduct(spec) ? share(spec, lastFeedForward, model.length()) : 0;
    }
    return new FlopCount(PER_WEIGHT * dense + attention, PER_WEIGHT * needed + attention);
  }

  /** Returns the count where each token goes through the network so many times. */
  public FlopCount times(int samples) {
    return new FlopCount(samples * denseEquivalent, samples * needed);
  }

  private static boolean isProduct(ParameterSpec spec) {
    return spec.shape().dimension() == 2
        && !spec.name().equals(TOKEN_TABLE)
        && !spec.name().equals(CLASS_TABLE);
  }

  private static double share(ParameterSpec spec, String lastFeedForward, int length) {
    String name = spec.name();
    if (name.startsWith("condition.") || name.endsWith("modulation.weight")) {
      return (double) spec.shape().size() / length;
    }
    boolean isAtMasks = name.equals("head.weight") || name.startsWith(lastFeedForward);
    return isAtMasks ? spec.shape().size() / 2.0 : spec.shape().size();
  }
}
