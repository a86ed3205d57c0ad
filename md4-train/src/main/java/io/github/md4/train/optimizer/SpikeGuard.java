// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.optimizer;

import io.github.md4.core.Decimals;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The treatment of an update whose loss or gradient norm is not finite, or far above those of the
 * updates before it.
 *
 * <p>Far is said of logarithms: {@code x > mean + deviations * spread}, where mean and spread are
 * the running ones of the updates that were made, and the spread counts as a hundredth at least.
 * The rule is this project's own; the published runs have none (docs/training.md).
 */
public sealed interface SpikeGuard {

  /**
   * The bounds beyond which an update is far from others.
   *
   * @param deviations the distance from the mean in spreads, above 0
   * @param memory the number of updates that mean and spread go back, at least 2; only after as
   *     many is anything finite far
   */
  record Bounds(double deviations, int memory) {
    private static final int SHORTEST = 2;

    /**
     * Checks the numbers.
     *
     * @param deviations the distance from the mean in spreads, above 0
     * @param memory the number of updates that mean and spread go back, at least 2; only after as
     *     many is anything finite far
     * @throws IllegalArgumentException if {@code deviations} is not above 0, or {@code memory}
     *     below 2
     */
    public Bounds {
      if (!(deviations > 0)) {
        throw new IllegalArgumentException("a guard's deviations must be positive: " + deviations);
      }
      if (memory < SHORTEST) {
        throw new IllegalArgumentException("a guard's memory must be at least 2: " + memory);
      }
    }

    /**
     * {@return six deviations, and a memory of 128 updates: rarely beyond where nothing is wrong}
     */
    public static Bounds defaults() {
      return new Bounds(6, 128);
    }

    private String call(String name) {
      return "%s(%s, %d)".formatted(name, deviations, memory);
    }
  }

  /** {@return the bounds that are watched; empty where none are} */
  Optional<Bounds> bounds();

  /** {@return whether an update that is not made takes the run back to its last checkpoint} */
  boolean goesBack();

  /**
   * {@return the choice written as {@code off}, {@code skip} or {@code rollback}, the latter two
   * also with {@code (deviations)} or {@code (deviations, memory)}}
   *
   * @param text the text, as configs hold it
   * @throws IllegalArgumentException for any other text, or a number out of its range
   */
  static SpikeGuard parse(String text) {
    Matcher call = Form.CALL.matcher(text.strip());
    if (!call.matches()) {
      throw Form.unknown(text);
    }
    return switch (call.group(1)) {
      case "off" -> Form.withoutNumbers(call);
      case "skip" -> new Skip(Form.bounds(call));
      default -> new Rollback(Form.bounds(call));
    };
  }

  /** The text form of a guard, for {@link SpikeGuard#parse}. */
  final class Form {
    private static final Pattern CALL =
        Pattern.compile("(off|skip|rollback)(?:\\(([^,()]+)(?:, *(\\d{1,9}))?\\))?");

    private Form() {}

    private static SpikeGuard withoutNumbers(Matcher call) {
      if (call.group(2) != null) {
        throw unknown(call.group());
      }
      return new Off();
    }

    private static Bounds bounds(Matcher call) {
      Bounds defaults = Bounds.defaults();
      try {
        return new Bounds(
            call.group(2) == null ? defaults.deviations : Decimals.parse(call.group(2)),
            call.group(3) == null ? defaults.memory : Integer.parseInt(call.group(3)));
      } catch (NumberFormatException e) {
        throw unknown(call.group());
      }
    }

    private static IllegalArgumentException unknown(String text) {
      return new IllegalArgumentException(
          "guard must be off, skip(deviations, memory) or rollback(deviations, memory), as"
              + " skip(6, 128): "
              + text);
    }
  }

  /** No guard: a loss that is not finite ends the run. */
  record Off() implements SpikeGuard {
    @Override
    public Optional<Bounds> bounds() {
      return Optional.empty();
    }

    @Override
    public boolean goesBack() {
      return false;
    }

    @Override
    public String toString() {
      return "off";
    }
  }

  /**
   * The guard under which a bad update is not made, and the run goes on with the next batch.
   *
   * @param far the bounds beyond which an update is not made
   */
  record Skip(Bounds far) implements SpikeGuard {
    /**
     * Checks that there are bounds.
     *
     * @param far the bounds beyond which an update is not made
     * @throws NullPointerException if they are null
     */
    public Skip {
      Objects.requireNonNull(far, "far");
    }

    @Override
    public Optional<Bounds> bounds() {
      return Optional.of(far);
    }

    @Override
    public boolean goesBack() {
      return false;
    }

    @Override
    public String toString() {
      return far.call("skip");
    }
  }

  /**
   * The guard under which the run goes back to its last checkpoint, and on with the batch after the
   * bad one.
   *
   * @param far the bounds beyond which an update is not made
   */
  record Rollback(Bounds far) implements SpikeGuard {
    /**
     * Checks that there are bounds.
     *
     * @param far the bounds beyond which an update is not made
     * @throws NullPointerException if they are null
     */
    public Rollback {
      Objects.requireNonNull(far, "far");
    }

    @Override
    public Optional<Bounds> bounds() {
      return Optional.of(far);
    }

    @Override
    public boolean goesBack() {
      return true;
    }

    @Override
    public String toString() {
      return far.call("rollback");
    }
  }
}
