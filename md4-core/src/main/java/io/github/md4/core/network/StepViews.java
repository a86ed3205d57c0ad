// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network;

import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.diffusion.Guided;
import java.util.List;
import java.util.Optional;

/** The views of a step: its examples as they are, and once more without what guides them. */
record StepViews(Optional<Guided> guided) {
  /** The examples alone. */
  static final StepViews ONE = new StepViews(Optional.empty());

  int count() {
    return guided.isPresent() ? 2 : 1;
  }

  /** Returns the factor of the difference between the logits of the views. */
  double factor() {
    return guided.map(Guided::factor).orElse(1.0);
  }

  /** Returns the tokens of each view, [B N]. */
  List<int[]> tokens(int[] zt) {
    return guided.map(by -> List.of(zt, by.tokensWithout(zt))).orElse(List.of(zt));
  }

  /** Returns what the network is told of the examples of each view. */
  List<Condition> conditions(Condition condition) {
    return guided
        .map(by -> List.of(condition, by.conditionWithout(condition)))
        .orElse(List.of(condition));
  }
}
