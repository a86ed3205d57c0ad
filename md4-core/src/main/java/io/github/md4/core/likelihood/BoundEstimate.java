// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.likelihood;

import io.github.md4.core.diffusion.Objective;
import java.util.Arrays;

/**
 * An estimate of a bound in parts, so that it can be compared with another of the same data and
 * uniforms.
 */
public final class BoundEstimate {
  private final Objective objective;
  private final LikelihoodEstimator.Settings settings;
  private final Tally tally;
  private final Tally withinEnds;
  private final Data data;

  /**
   * The scored data.
   *
   * @param sizes in tokens
   * @param examples how many
   * @param unit what is drawn again by the bootstrap
   * @param known what its tokens add to the bound whatever is guessed, nats per token; the tally
   *     holds it too
   */
  record Data(Tally.Sizes sizes, long examples, Unit unit, double known) {}

  /** The unit of the bootstrap: documents, or examples where documents are too few. */
  public enum Unit {
    DOCUMENTS,
    CHUNKS
  }

  BoundEstimate(
      Objective objective,
      LikelihoodEstimator.Settings settings,
      Tally tally,
      Tally withinEnds,
      Data data) {
    this.objective = objective;
    this.settings = settings;
    this.tally = tally;
    this.withinEnds = withinEnds;
    this.data = data;
  }

  /** Returns the objective whose value is estimated. */
  public Objective objective() {
    return objective;
  }

  /** Returns what the bootstrap draws again. */
  public Unit unit() {
    return data.unit;
  }

  /** Returns how many of those there are. */
  public long units() {
    long units = 0;
    for (long tokens : data.sizes.ofDocument()) {
      units += tokens > 0 ? 1 : 0;
    }
    return units;
  }

  /** Returns the bound with its standard error. */
  public LikelihoodEstimate estimate() {
    return new LikelihoodEstimate(
        objective.terms(tally.mean(data.sizes) - data.known).reconstructing(data.known),
        tally.standardError(data.sizes),
        data.examples,
        tally.byCell().length,
        settings.passes(),
        (long) data.sizes.tokens());
  }

  /** Returns the bound of each document or chunk, what {@link #unit} says. */
  public UnitLosses losses() {
    double constant = objective.terms(0).total();
    double[] nats = new double[tally.byDocument().length];
    Arrays.setAll(
        nats,
        d -> tally.byDocument()[d] / settings.passes() + constant * data.sizes.ofDocument()[d]);
    return new UnitLosses(data.sizes.ofDocument(), nats);
  }

  /** Returns the 95% interval of the bound, nats per token. */
  public Interval interval() {
    double constant = objective.terms(0).total();
    return interval(tally).map(nats -> nats + constant);
  }

  /**
   * Returns this bound less another of the same data, seed and passes.
   *
   * @throws IllegalArgumentException if they are of other data, seed or passes
   */
  public Difference minus(BoundEstimate other) {
    check(other);
    double constant = objective.terms(0).total() - other.objective.terms(0).total();
    return difference(tally.minus(other.tally), constant);
  }

  /**
   * Returns this bound less another as far as both count the same: without what lies beyond the
   * ends of the schedule, which continuous time replaces by its reconstruction term.
   */
  Difference minusWithinEnds(BoundEstimate other) {
    check(other);
    return difference(withinEnds.minus(other.withinEnds), 0);
  }

  private void check(BoundEstimate other) {
    boolean isSame =
        Arrays.equals(data.sizes.ofDocument(), other.data.sizes.ofDocument())
            && settings.seed() == other.settings.seed()
            && settings.passes() == other.settings.passes();
    if (!isSame) {
      throw new IllegalArgumentException(
          "scores must be of the same data, seed and passes to be compared");
    }
  }

  private Difference difference(Tally difference, double constant) {
    return new Difference(
        difference.mean(data.sizes) + constant,
        difference.standardError(data.sizes),
        difference.degreesOfFreedom(),
        interval(difference).map(nats -> nats + constant));
  }

  private Interval interval(Tally of) {
    return Bootstrap.interval(
        of.byDocument(), data.sizes.ofDocument(), settings.passes(), settings.seed());
  }

  /**
   * A difference of two bounds, nats per token, from the same uniforms.
   *
   * @param standardError of the noise alone, the data given
   * @param degreesOfFreedom of the standard error
   * @param interval 95%, over documents
   */
  public record Difference(
      double nats, double standardError, int degreesOfFreedom, Interval interval) {}
}
