// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.likelihood;

import io.github.md4.core.schedule.TimeAxis;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What must hold between estimates of one bound, whatever the network: where it does not, one of
 * them, or the network, is wrong.
 *
 * <p>Any-order and continuous time agree within 3 standard errors of their paired difference and
 * {@value #SLACK} nats a token; both are compared between the ends of the schedule, where they are
 * equal in expectation. T steps are a looser bound, so they do not lie below continuous time by
 * more than 3 standard errors.
 */
public final class Agreement {
  static final double ERRORS = 3;
  static final double SLACK = 2e-4;

  /** With fewer, 3 estimated standard errors are exceeded by chance too often. */
  static final int LEAST_DEGREES = 8;

  private static final double ROUNDING = 1e-6; // of sums of float32 cross-entropies

  private Agreement() {}

  /**
   * One thing that must hold.
   *
   * @param outcome whether it does
   * @param text the numbers, in one line
   */
  public record Check(Outcome outcome, String text) {}

  /** How a check went. */
  public enum Outcome {
    HOLDS,
    FAILS,
    /** Too few groups and passes to tell. */
    UNKNOWN
  }

  /** Returns all that must hold between these scores of one model. */
  public static List<Check> of(List<BoundEstimate> scores) {
    List<Check> checks = new ArrayList<>();
    for (BoundEstimate continuous : scores) {
      if (isContinuous(continuous.estimator())) {
        for (BoundEstimate other : scores) {
          add(checks, continuous, other);
        }
      }
    }
    return checks;
  }

  private static void add(List<Check> checks, BoundEstimate continuous, BoundEstimate other) {
    if (other.estimator() instanceof BoundEstimator.AnyOrder) {
      BoundEstimate.Difference difference = other.minusWithinEnds(continuous);
      double allowed = ERRORS * difference.standardError() + SLACK;
      checks.add(check(other, difference, allowed, Math.abs(difference.nats())));
    } else if (isDiscrete(other.estimator())) {
      BoundEstimate.Difference difference = other.minus(continuous);
      double allowed = ERRORS * difference.standardError() + ROUNDING;
      checks.add(check(other, difference, allowed, -difference.nats()));
    }
  }

  private static Check check(
      BoundEstimate other, BoundEstimate.Difference difference, double allowed, double offence) {
    boolean isKnown = difference.degreesOfFreedom() >= LEAST_DEGREES;
    Outcome known = offence <= allowed ? Outcome.HOLDS : Outcome.FAILS;
    Outcome outcome = isKnown ? known : Outcome.UNKNOWN;
    return new Check(
        outcome,
        String.format(
            Locale.ROOT,
            "%s less continuous: %+.5f +- %.5f nats, %s %.5f",
            other.estimator(),
            difference.nats(),
            difference.standardError(),
            other.estimator() instanceof BoundEstimator.AnyOrder
                ? "between the ends of the schedule; allowed: either way"
                : "allowed: down by",
            allowed));
  }

  private static boolean isContinuous(BoundEstimator estimator) {
    return estimator instanceof BoundEstimator.OfTime ofTime
        && ofTime.elbo().axis() instanceof TimeAxis.Continuous;
  }

  private static boolean isDiscrete(BoundEstimator estimator) {
    return estimator instanceof BoundEstimator.OfTime ofTime
        && ofTime.elbo().axis() instanceof TimeAxis.Discrete;
  }
}
