// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.config;

import io.github.md4.core.schedule.TimeFloor;
import io.github.md4.train.optimizer.AdamW;
import java.util.Objects;

/**
 * The training of the learned powers of GenMD4 (spec, Sections 3.3 and 3.4), and of a learned
 * noise; without effect where the schedule is a curve.
 *
 * @param rate their learning rate as a multiple of the network's, a noise's too, at least 0 and
 *     finite; 0 freezes them
 * @param decay whether the optimizer's weight decay pulls at them too: their parameters to 0, and
 *     so the powers to ln 2
 * @param timeFloor how the diffusion term counts, whose times begin above 0: as md4 has it, or
 *     exactly (spec, Section 3.2)
 */
public record GenMd4Config(double rate, boolean decay, TimeFloor timeFloor) {
  /**
   * Checks the rate.
   *
   * @param rate their learning rate as a multiple of the network's, a noise's too, at least 0 and
   *     finite; 0 freezes them
   * @param decay whether the optimizer's weight decay pulls at them too: their parameters to 0, and
   *     so the powers to ln 2
   * @param timeFloor how the diffusion term counts, whose times begin above 0: as md4 has it, or
   *     exactly (spec, Section 3.2)
   * @throws IllegalArgumentException if {@code rate} is negative or not finite
   * @throws NullPointerException if {@code timeFloor} is null
   */
  public GenMd4Config {
    if (!(rate >= 0 && rate < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("rate must be at least 0 and finite: " + rate);
    }
    Objects.requireNonNull(timeFloor, "timeFloor");
  }

  /** {@return the reference's: rate 1 and decay, as every other parameter} */
  public static GenMd4Config defaults() {
    return new GenMd4Config(1, true, TimeFloor.REFERENCE);
  }

  /**
   * {@return the optimizer of powers}
   *
   * @param network the optimizer of the network
   */
  public AdamW optimizer(AdamW network) {
    return decay ? network : new AdamW(network.beta1(), network.beta2(), network.epsilon(), 0);
  }
}
