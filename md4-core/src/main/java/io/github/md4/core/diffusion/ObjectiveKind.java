// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import io.github.md4.core.Choices;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.schedule.TimeAxis;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A kind of objective under the name that configs and model folders give it.
 *
 * <p>Implementations are found by {@link ServiceLoader}, have a public constructor without
 * parameters, are equal to their like, and return from {@code toString} their name, with their
 * arguments if {@link #with} gave them some.
 */
public interface ObjectiveKind {

  /** {@return the name in files, as {@code diffusion}} */
  String name();

  /**
   * Returns the objective of a model whose tokens share one schedule.
   *
   * @param space the vocabulary: ids 0 to V - 1 are tokens, V is the mask
   * @param schedule the schedule that all tokens share
   * @param axis the times on which the objective is defined
   * @return the objective, immutable
   * @throws IllegalArgumentException if it has no such times
   */
  Objective of(TokenSpace space, MaskingSchedule schedule, TimeAxis axis);

  /**
   * {@return the objective that scores such a model by orders of its tokens, if it has one: the
   * number of masked tokens is uniform}
   *
   * @param space the vocabulary: ids 0 to V - 1 are tokens, V is the mask
   * @param schedule the schedule that all tokens share
   */
  default Optional<Objective> anyOrder(TokenSpace space, MaskingSchedule schedule) {
    return Optional.of(new AnyOrderObjective(space, schedule));
  }

  /**
   * Checks that the objective has such times.
   *
   * @param axis the times on which the objective is defined
   * @throws IllegalArgumentException if it has not
   */
  default void check(TimeAxis axis) {}

  /** {@return whether a position of the network sees only those up to itself} */
  default boolean isCausal() {
    return false;
  }

  /** {@return whether the schedule may be learned, one power for each token (GenMD4)} */
  default boolean learnsSchedule() {
    return false;
  }

  /** {@return whether the noise of vectors may be learned} */
  default boolean learnsNoise() {
    return false;
  }

  /** {@return D, the width of the vectors that a network is shown beside tokens, or 0} */
  default int vectorWidth() {
    return 0;
  }

  /** {@return the way in which sequences of such a model come about} */
  default Generation generation() {
    return new Generation.Unmasking();
  }

  /**
   * {@return this kind with arguments, which files write behind the name in parentheses}
   *
   * @param arguments without blanks around them, at least one
   * @throws IllegalArgumentException if it takes none, or one of them is wrong
   */
  default ObjectiveKind with(List<String> arguments) {
    throw new IllegalArgumentException(
        "objective %s takes no arguments: %s".formatted(name(), String.join(", ", arguments)));
  }

  /** {@return all kinds on the class path, a new list} */
  static List<ObjectiveKind> all() {
    List<ObjectiveKind> all = new ArrayList<>();
    ServiceLoader.load(ObjectiveKind.class, ObjectiveKind.class.getClassLoader()).forEach(all::add);
    return all;
  }

  /**
   * {@return the kind of a text: a name, or a name with arguments as {@code d3pm-absorbing(100)}}
   *
   * @param text the text, as {@code model.objective} holds it
   * @throws IllegalArgumentException if none on the class path has the name, the message lists
   *     them; or if the kind takes no such arguments
   */
  static ObjectiveKind parse(String text) {
    List<ObjectiveKind> all = all();
    Matcher call = Pattern.compile("([\\w.-]+)\\(([^()]+)\\)").matcher(text.strip());
    if (call.matches()) {
      List<String> arguments = List.of(call.group(2).strip().split("\\s*,\\s*", -1));
      for (ObjectiveKind kind : all) {
        if (kind.name().equals(call.group(1))) {
          return kind.with(arguments);
        }
      }
    }
    return Choices.parse(all.toArray(ObjectiveKind[]::new), "objective", text);
  }
}
