// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.schedule;

import java.util.stream.IntStream;

/** The law of the times of a batch, as a function of uniforms (spec, Section 2.3). */
public sealed interface TimeSampling {

  /**
   * {@return one time in [0, 1) for each example of a batch, each uniform on its own, [B], new}
   *
   * @param u uniforms in [0, 1), one an example, [B]; unchanged
   */
  double[] times(double[] u);

  /**
   * {@return the choice written as {@code low-discrepancy} or {@code independent}; {@code
   * stratified} is an earlier name of the first}
   *
   * @param text the text, as configs hold it
   * @throws IllegalArgumentException for any other text
   */
  static TimeSampling parse(String text) {
    return switch (text) {
      case LowDiscrepancy.NAME, "stratified" -> new LowDiscrepancy();
      case "independent" -> new Independent();
      default ->
          throw new IllegalArgumentException(
              "time sampling must be low-discrepancy or independent: " + text);
    };
  }

  /**
   * Times at equal distances with one shared offset, {@code (u_0 + k / B) mod 1}, which lowers the
   * variance of the loss (VDM; md4 calls it antithetic). Only the first uniform is used.
   */
  record LowDiscrepancy() implements TimeSampling {
    private static final String NAME = "low-discrepancy";

    /** Divides {@code k / B} directly: adding up {@code 1 / B}, as md4 does, drifts. */
    @Override
    public double[] times(double[] u) {
      return IntStream.range(0, u.length)
          .mapToDouble(k -> fraction(u[0] + (double) k / u.length))
          .toArray();
    }

    @Override
    public String toString() {
      return NAME;
    }

    private static double fraction(double time) {
      return time < 1 ? time : time - 1;
    }
  }

  /** The uniforms themselves. */
  record Independent() implements TimeSampling {
    @Override
    public double[] times(double[] u) {
      return u.clone();
    }

    @Override
    public String toString() {
      return "independent";
    }
  }
}
