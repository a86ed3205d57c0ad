// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.likelihood;

import io.github.md4.core.StudentT;
import io.github.md4.core.internal.text.Counted;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Checks of estimates of one model against each other.
 *
 * <p>Any-order and continuous time are equal in expectation between the ends of the schedule,
 * whatever the network. Where they differ by more than {@value #SLACK} nats a token and what chance
 * explains, one of them, or the network, is wrong. Chance explains as much as Student's t exceeds
 * on one side with the probability that a normal number exceeds 3 standard errors: a false alarm in
 * 370 checks of a correct model at most.
 *
 * <p>T steps that lie below continuous time are no error, but worth a remark: they are a looser
 * bound only where the cross-entropy per masked token does not fall as more is masked.
 */
public final class Agreement {
  /** The probability that a normal number is above 3 standard deviations. */
  static final double TAIL = 1.3498980316301e-3;

  static final double SLACK = 2e-4;

  private static final double ROUNDING = 1e-6; // of sums of float32 cross-entropies

  private Agreement() {}

  /**
   * A check.
   *
   * @param outcome whether it holds
   * @param text the numbers, nats per token, in one line
   */
  public record Check(Outcome outcome, String text) {}

  /** The outcome of a check. */
  public enum Outcome {
    /** Nothing speaks against it. */
    HOLDS,
    /** An error, of the code or of the network. */
    FAILS,
    /** Unusual, but no error. */
    REMARK,
    /** A single chunk in a single pass tells nothing. */
    UNKNOWN
  }

  /**
   * {@return the checks between these estimates of one model}
   *
   * @param estimates the estimates, of one model and the same data, seed and passes
   * @throws IllegalArgumentException if they are of other data, seed or passes
   */
  public static List<Check> of(List<BoundEstimate> estimates) {
    List<Check> checks = new ArrayList<>();
    for (BoundEstimate reference : estimates) {
      for (BoundEstimate other : estimates) {
        switch (other.objective().relationTo(reference.objective())) {
          case EQUAL_WITHIN_ENDS ->
              checks.add(equality(other.objective().toString(), other.minusWithinEnds(reference)));
          case COARSER ->
              checks.add(looseness(other.objective().toString(), other.minus(reference)));
          case NONE -> {}
        }
      }
    }
    return checks;
  }

  static Check equality(String other, BoundEstimate.Difference difference) {
    double allowed = chance(difference) + SLACK;
    boolean holds = Math.abs(difference.nats()) <= allowed;
    return new Check(
        outcome(difference, holds ? Outcome.HOLDS : Outcome.FAILS),
        text(other, difference)
            + String.format(
                Locale.ROOT,
                ", between the ends of the schedule; allowed: %s",
                isKnown(difference) ? "either way %.5f".formatted(allowed) : "unknown"));
  }

  static Check looseness(String other, BoundEstimate.Difference difference) {
    boolean isLower = difference.nats() < -(chance(difference) + ROUNDING);
    String remark =
        isLower
            ? "; lower, as may be where the cross-entropy per masked token falls as more is masked"
            : "";
    return new Check(
        outcome(difference, isLower ? Outcome.REMARK : Outcome.HOLDS),
        text(other, difference) + remark);
  }

  private static Outcome outcome(BoundEstimate.Difference difference, Outcome known) {
    return isKnown(difference) ? known : Outcome.UNKNOWN;
  }

  private static boolean isKnown(BoundEstimate.Difference difference) {
    return difference.degreesOfFreedom() > 0;
  }

  /** Returns what chance explains, nats per token. */
  private static double chance(BoundEstimate.Difference difference) {
    return isKnown(difference)
        ? StudentT.quantile(TAIL, difference.degreesOfFreedom()) * difference.standardError()
        : Double.NaN;
  }

  private static String text(String other, BoundEstimate.Difference difference) {
    return String.format(Locale.ROOT, "%s less continuous: %+.5f +- ", other, difference.nats())
        + (isKnown(difference)
            ? String.format(
                Locale.ROOT,
                "%.5f nats, %s",
                difference.standardError(),
                Counted.of(
                    difference.degreesOfFreedom(), "degree of freedom", "degrees of freedom"))
            : "unknown nats");
  }
}
