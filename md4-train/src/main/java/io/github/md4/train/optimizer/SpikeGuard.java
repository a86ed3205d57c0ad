// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.optimizer;

import io.github.md4.core.Decimals;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The treatment of an update whose loss or gradient norm is not finite, or far above those of the
 * updates before it.
 *
 * <p>Far is said of logarithms: {@code x > mean + deviations * spread}, where mean and spread are
 * the running ones of the updates that were made, and the spread counts as a hundredth at least.
 */
public sealed interface SpikeGuard {

  /**
   * The bounds beyond which an update is far from others.
   *
   * @param deviations how many times the spread
   * @param memory updates that mean and spread go back; only after as many is anything finite far
   */
  record Bounds(double deviations, int memory) {
    private static final int SHORTEST = 2;

    /**
     * Checks the numbers.
     *
     * @param deviations how many times the spread
     * @param memory updates that mean and spread go back; only after as many is anything finite far
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

    /** {@return six deviations of 128 updates: rare where nothing is wrong} */
    public static Bounds defaults() {
      return new Bounds(6, 128);
    }

    private String call(String name) {
      return "%s(%s, %d)".formatted(name, deviations, memory);
    }
  }

  /** {@return what is watched for; empty where nothing is} */
  Optional<Bounds> bounds();

  /** {@return whether an update that is not made takes the run back to its last checkpoint} */
  boolean goesBack();

  /**
   * {@return the choice written as {@code off}, {@code skip} or {@code rollback}, the latter two
   * also with {@code (deviations)} or {@code (deviations, memory)}}
   *
   * @param text the text, as configs hold it
   * @throws IllegalArgumentException for any other text
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

  /** The text form. */
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

  /** Nothing: a loss that is not finite ends the run. */
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
   * The update is not made, and the run goes on with the next batch.
   *
   * @param far the bounds beyond which an update is not made
   */
  record Skip(Bounds far) implements SpikeGuard {
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
   * The run goes back to its last checkpoint, and on with the batch after the bad one.
   *
   * @param far the bounds beyond which an update is not made
   */
  record Rollback(Bounds far) implements SpikeGuard {
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
