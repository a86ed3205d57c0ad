// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.schedule.TimeAxis;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * The negative log-likelihood, in nats, of a network that guesses each token from those before it:
 * the autoregressive baseline of MD4's experiments (spec, Section 2.7). The first token is guessed
 * from the mask alone, so that all N are scored. The time is always 0, so that the network may be
 * the same.
 *
 * @param space the vocabulary: ids 0 to V - 1 are tokens, V is the mask
 */
public record AutoregressiveObjective(TokenSpace space) implements Objective {

  /** Returns the query about all positions, which are shown the mask and all but the last token. */
  @Override
  public Query query(int[] x, double v, double[] u) {
    return queryAfter(0, x, u);
  }

  @Override
  public Query queryAfter(int given, int[] x, double[] u) {
    int[] shifted = new int[x.length];
    shifted[0] = space.maskToken();
    System.arraycopy(x, 0, shifted, 1, x.length - 1);
    return new Query(shifted, 0, IntStream.range(given, u.length).toArray(), 1);
  }

  @Override
  public BoundTerms terms(double perToken) {
    return new BoundTerms(perToken, 0, 0);
  }

  @Override
  public String kind() {
    return "exact";
  }

  @Override
  public String toString() {
    return "left to right";
  }

  /** The kind {@code autoregressive}; schedule and times play no part. */
  public record Kind() implements ObjectiveKind {
    private static final String NAME = "autoregressive";

    @Override
    public String name() {
      return NAME;
    }

    @Override
    public Objective of(TokenSpace space, MaskingSchedule schedule, TimeAxis axis) {
      return new AutoregressiveObjective(space);
    }

    /** Returns the same objective: its order is from left to right, and no other. */
    @Override
    public Optional<Objective> anyOrder(TokenSpace space, MaskingSchedule schedule) {
      return Optional.of(new AutoregressiveObjective(space));
    }

    @Override
    public boolean isCausal() {
      return true;
    }

    @Override
    public Generation generation() {
      return new Generation.LeftToRight();
    }

    @Override
    public String toString() {
      return NAME;
    }
  }
}
