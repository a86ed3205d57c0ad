// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.image;

import io.github.md4.core.internal.text.Counted;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The comparison of the classes in a split with those that a random part of all images would have.
 *
 * @param all the class of each image
 */
record MissingClasses(List<String> all) {
  private static final double ABOUT_HALF = 0.51; // so that one of two classes is a note, too

  /** Fewer images than these are few. */
  private static final int FEW = 5;

  /** How many times more images than a rare class the average class has. */
  private static final int UNLIKE = 10;

  /** Returns a sentence about classes of which there is next to nothing, beside the others. */
  Optional<String> rare() {
    Map<String, Integer> counts = counts();
    List<String> found =
        counts.entrySet().stream()
            .filter(each -> each.getValue() < FEW)
            .filter(each -> each.getValue() * UNLIKE * counts.size() < all.size())
            .map(each -> "%s (%d)".formatted(each.getKey(), each.getValue()))
            .sorted()
            .toList();
    return found.isEmpty()
        ? Optional.empty()
        : Optional.of(
            "%s with next to no images: %s; a model learns little of it"
                .formatted(Counted.of(found.size(), "class", "classes"), NamedInNote.of(found)));
  }

  private Map<String, Integer> counts() {
    Map<String, Integer> counts = new HashMap<>();
    all.forEach(label -> counts.merge(label, 1, Integer::sum));
    return counts;
  }

  /**
   * Returns a sentence where a split has at most half of the classes that it is expected to have.
   */
  Optional<String> note(String split, Collection<String> labels) {
    int found = new HashSet<>(labels).size();
    Map<String, Integer> counts = counts();
    double expected =
        counts.values().stream()
            .mapToDouble(count -> 1 - Math.pow(1 - (double) count / all.size(), labels.size()))
            .sum();
    return labels.isEmpty() || found > ABOUT_HALF * expected
        ? Optional.empty()
        : Optional.of(
            "%s has images of %d of the %s; --shuffle SEED mixes them"
                .formatted(split, found, Counted.of(counts.size(), "class", "classes")));
  }
}
