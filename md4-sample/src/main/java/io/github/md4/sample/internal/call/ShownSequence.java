// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.internal.call;

import io.github.md4.sample.trajectory.TrajectoryQuery;
import java.util.stream.IntStream;

/** A sequence in a call of the network: what the network is shown, and what it is asked. */
public interface ShownSequence {

  /** Returns the tokens shown [N], in [0, V]. */
  int[] shown();

  /** Returns the time, the asked positions, and the noise of their draws, if they are drawn. */
  TrajectoryQuery query();

  /** Returns the class as a network is told it: none, or the one. */
  IntStream labels();
}
