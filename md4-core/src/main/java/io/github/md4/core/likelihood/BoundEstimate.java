// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.likelihood;

import io.github.md4.core.diffusion.Objective;
import java.util.Arrays;

/**
 * An estimate of a bound on the negative log-likelihood in parts, so that it can be compared with
 * another of the same data and uniforms. {@link LikelihoodEstimator#score} makes it. Immutable.
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
   * @param sizes the scored tokens of each document and group
   * @param examples the number of examples
   * @param unit what the data are made of
   * @param known what its tokens add to the bound whatever is guessed, nats per token; the tally
   *     holds it too
   */
  record Data(Tally.Sizes sizes, long examples, Unit unit, double known) {}

  /** The units of the data: documents, or chunks where documents are too few. */
  public enum Unit {
    /** Whole documents, of which several may share a chunk. */
    DOCUMENTS,
    /** Chunks, that is examples. */
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

  /** {@return the objective whose value is estimated} */
  public Objective objective() {
    return objective;
  }

  /** {@return what the data are made of} */
  public Unit unit() {
    return data.unit;
  }

  /** {@return how many of those there are: documents or chunks with scored tokens} */
  public long units() {
    return BoundSums.count(data.sizes.ofDocument());
  }

  /** The parts of the data that an interval takes as independent. */
  public enum Independent {
    /** Documents, after what the times explain. */
    DOCUMENTS,
    /** Groups of chunks whose times are stratified together. */
    GROUPS,
    /** Chunks, where there are few groups: too wide an interval. */
    CHUNKS
  }

  /** {@return what the interval takes as independent} */
  public Independent independent() {
    if (data.unit == Unit.DOCUMENTS) {
      return Independent.DOCUMENTS;
    }
    boolean isEnough = tally.byCell().length >= Tally.LEAST_GROUPS;
    return isEnough ? Independent.GROUPS : Independent.CHUNKS;
  }

  /** The source of a standard error. */
  public enum Source {
    /** The passes of each group. */
    PASSES,
    /** The groups of a single pass. */
    GROUPS,
    /** Documents or chunks as independent, where passes and groups are few. */
    UNITS
  }

  /** {@return what the standard error is taken from} */
  public Source source() {
    return tally.source();
  }

  /** {@return the degrees of freedom of the interval; 0 where it is unknown} */
  public long intervalDegreesOfFreedom() {
    return spread(tally).degreesOfFreedom();
  }

  /** {@return the bound with its standard error, nats per token} */
  public LikelihoodEstimate estimate() {
    StandardError error = tally.standardError(data.sizes);
    return new LikelihoodEstimate(
        objective.terms(tally.mean(data.sizes) - data.known).reconstructing(data.known),
        error.value(),
        error.degreesOfFreedom(),
        data.examples,
        tally.byCell().length,
        settings.passes(),
        (long) data.sizes.tokens());
  }

  /** {@return the bound of each document or chunk, what {@link #unit} says} */
  public UnitLosses losses() {
    double constant = objective.terms(0).total();
    double[] nats = new double[tally.byDocument().length];
    Arrays.setAll(
        nats,
        d -> tally.byDocument()[d] / settings.passes() + constant * data.sizes.ofDocument()[d]);
    long[] sizes = data.sizes.ofDocument();
    UnitLosses.Runs runs =
        data.unit == Unit.DOCUMENTS
            ? tally.strata().runs(sizes, settings.passes())
            : UnitLosses.Runs.UNKNOWN;
    return new UnitLosses(data.unit, sizes, nats, runs);
  }

  /** {@return the 95% interval of the bound, nats per token} */
  public Interval interval() {
    double constant = objective.terms(0).total();
    return interval(tally).map(nats -> nats + constant);
  }

  /**
   * {@return this bound less another of the same data, seed and passes}
   *
   * @param other the bound to be taken away
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
    StandardError error = difference.standardError(data.sizes);
    return new Difference(
        difference.mean(data.sizes) + constant,
        error.value(),
        error.degreesOfFreedom(),
        interval(difference).map(nats -> nats + constant));
  }

  private Interval interval(Tally of) {
    return spread(of).interval(of.mean(data.sizes));
  }

  private StandardError spread(Tally of) {
    return independent() == Independent.GROUPS ? of.errorOfGroups(data.sizes) : of.errorOfUnits();
  }

  /**
   * A difference of two bounds, nats per token, from the same uniforms.
   *
   * @param nats the difference, nats per token
   * @param standardError the standard error of the noise alone, the data given, nats per token, as
   *     in {@link LikelihoodEstimate}
   * @param degreesOfFreedom those of the standard error; 0 where it is unknown
   * @param interval 95%, nats per token, over what is {@link #independent}
   */
  public record Difference(
      double nats, double standardError, long degreesOfFreedom, Interval interval) {}
}
