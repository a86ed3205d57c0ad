// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import io.github.md4.core.Choices;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.schedule.TimeAxis;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;

/**
 * A kind of objective under the name that configs and model folders give it.
 *
 * <p>Implementations are found by {@link ServiceLoader}, have a public constructor without
 * parameters, are equal to their like, and return their name from {@code toString}.
 */
public interface ObjectiveKind {

  /** Returns the name in files, as {@code diffusion}. */
  String name();

  /** Returns the objective of a model whose tokens share one schedule. */
  Objective of(TokenSpace space, MaskingSchedule schedule, TimeAxis axis);

  /**
   * Returns the objective that scores such a model by orders of its tokens: the number of masked
   * tokens is uniform.
   */
  default Objective anyOrder(TokenSpace space, MaskingSchedule schedule) {
    return new AnyOrderObjective(space, schedule);
  }

  /** Returns whether a position of the network sees only those up to itself. */
  default boolean isCausal() {
    return false;
  }

  /** Returns whether the schedule may be learned, one power for each token (GenMD4). */
  default boolean learnsSchedule() {
    return false;
  }

  /** Returns whether the masking can be run backwards from a sequence of masks. */
  default boolean isSampledByUnmasking() {
    return true;
  }

  /** Returns all kinds on the class path, those of this library first. */
  static List<ObjectiveKind> all() {
    List<ObjectiveKind> all = new ArrayList<>();
    ServiceLoader.load(ObjectiveKind.class, ObjectiveKind.class.getClassLoader()).forEach(all::add);
    return all;
  }

  /**
   * Returns the kind of a name.
   *
   * @throws IllegalArgumentException if none on the class path has it; the message lists them
   */
  static ObjectiveKind parse(String text) {
    return Choices.parse(all().toArray(ObjectiveKind[]::new), "objective", text);
  }
}
