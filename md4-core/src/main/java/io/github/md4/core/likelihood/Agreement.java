// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.likelihood;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The checks between estimates of one bound, which hold for any network: where one fails, an
 * estimate or the network is wrong.
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

  /** The outcome of a check. */
  public enum Outcome {
    HOLDS,
    FAILS,
    /** Too few groups and passes to tell. */
    UNKNOWN
  }

  /** Returns the checks between these estimates of one model. */
  public static List<Check> of(List<BoundEstimate> estimates) {
    List<Check> checks = new ArrayList<>();
    for (BoundEstimate reference : estimates) {
      for (BoundEstimate other : estimates) {
        switch (other.objective().relationTo(reference.objective())) {
          case EQUAL_WITHIN_ENDS -> checks.add(equality(other, reference));
          case COARSER -> checks.add(looseness(other, reference));
          case NONE -> {}
        }
      }
    }
    return checks;
  }

  private static Check equality(BoundEstimate other, BoundEstimate reference) {
    BoundEstimate.Difference difference = other.minusWithinEnds(reference);
    double allowed = ERRORS * difference.standardError() + SLACK;
    String claim = "between the ends of the schedule; allowed: either way";
    return check(other, difference, claim, allowed, Math.abs(difference.nats()));
  }

  private static Check looseness(BoundEstimate other, BoundEstimate reference) {
    BoundEstimate.Difference difference = other.minus(reference);
    double allowed = ERRORS * difference.standardError() + ROUNDING;
    return check(other, difference, "allowed: down by", allowed, -difference.nats());
  }

  private static Check check(
      BoundEstimate other,
      BoundEstimate.Difference difference,
      String claim,
      double allowed,
      double offence) {
    boolean isKnown = difference.degreesOfFreedom() >= LEAST_DEGREES;
    Outcome known = offence <= allowed ? Outcome.HOLDS : Outcome.FAILS;
    Outcome outcome = isKnown ? known : Outcome.UNKNOWN;
    return new Check(
        outcome,
        String.format(
            Locale.ROOT,
            "%s less continuous: %+.5f +- %.5f nats, %s %.5f",
            other.objective(),
            difference.nats(),
            difference.standardError(),
            claim,
            allowed));
  }
}
