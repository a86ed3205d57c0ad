// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.internal.data;

import static java.util.stream.Collectors.joining;

import io.github.md4.core.internal.text.Counted;
import io.github.md4.core.token.TokenFileInfo;
import java.util.List;
import java.util.Optional;

/** The splits that score a training, where they are too small for that. */
public final class SmallSplits {
  private static final String TRAIN = "train";

  /** Fewer tokens than these are few. */
  private static final int FEW = 200;

  private SmallSplits() {}

  /**
   * Returns a sentence about the splits beside train that have few tokens; nothing where there is
   * none, or no train.
   *
   * @param splits the splits of a text
   */
  public static Optional<String> note(List<TokenFileInfo> splits) {
    String small =
        splits.stream()
            .filter(split -> !split.split().equals(TRAIN) && split.count() < FEW)
            .map(split -> "%s has %s".formatted(split.split(), Counted.of(split.count(), "token")))
            .collect(joining(" and "));
    boolean isDivided = splits.stream().anyMatch(split -> split.split().equals(TRAIN));
    return small.isEmpty() || !isDivided
        ? Optional.empty()
        : Optional.of(small + ": scores of so few say little; --fractions divides otherwise");
  }
}
