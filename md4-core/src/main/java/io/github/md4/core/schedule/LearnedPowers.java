// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.schedule;

import java.util.Locale;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A schedule of one power for each token, learned with the network (GenMD4: MD4, Section 6), as a
 * configuration names it; {@link GenMd4Schedule} is the schedule itself.
 *
 * @param initial every power at the start, in (0, {@link GenMd4Schedule#LARGEST_POWER}]; 1 is the
 *     linear schedule
 * @param sharing which tokens share a power
 */
public record LearnedPowers(double initial, Sharing sharing) implements ScheduleConfig {
  private static final String NAME = "learned";
  private static final ScheduleForm FORM =
      new ScheduleForm(
          Pattern.compile(NAME + "(?:\\(\\s*([^,()\\s]+)\\s*(,\\s*shared\\s*)?\\))?"),
          "a learned schedule is written learned, learned(POWER) or learned(POWER, shared)");

  /** The sharing of powers between tokens. */
  public enum Sharing {
    /** None: each has its own. */
    NONE {
      @Override
      int count(int vocabularySize) {
        return vocabularySize;
      }
    },
    /** All of them have one, which makes the schedule a polynomial whose exponent is learned. */
    ALL {
      @Override
      int count(int vocabularySize) {
        return 1;
      }
    };

    /** Returns how many powers V tokens have. */
    abstract int count(int vocabularySize);
  }

  /**
   * Checks the initial power.
   *
   * @param initial every power at the start; 1 is the linear schedule
   * @param sharing which tokens share a power
   * @throws IllegalArgumentException if {@code initial} is not in (0, {@link
   *     GenMd4Schedule#LARGEST_POWER}]
   */
  public LearnedPowers {
    if (!(initial > 0 && initial <= GenMd4Schedule.LARGEST_POWER)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "a schedule's initial power must be above 0 and at most %.0f: %s",
              GenMd4Schedule.LARGEST_POWER,
              initial));
    }
  }

  /** Returns whether a text begins as one that {@link #parse} reads. */
  static boolean isMeantBy(String text) {
    return text.strip().startsWith(NAME);
  }

  /**
   * {@return the choice written as {@code learned}, {@code learned(power)} or {@code learned(power,
   * shared)}; the first starts at 1}
   *
   * @param text the text, as configs hold it
   * @throws IllegalArgumentException for any other text, or a power out of its range
   */
  public static LearnedPowers parse(String text) {
    Matcher form = FORM.match(text);
    double initial = form.group(1) == null ? 1 : FORM.number(form, 1, text);
    return new LearnedPowers(initial, form.group(2) == null ? Sharing.NONE : Sharing.ALL);
  }

  /** {@return the parameter from which all powers start, {@code softplus(raw) = initial}} */
  public float initialRaw() {
    return (float) (initial + Math.log(-Math.expm1(-initial)));
  }

  @Override
  public <R> R match(
      Function<Curve, R> curve,
      Function<LearnedPowers, R> powers,
      Function<LearnedNoise, R> noise) {
    return powers.apply(this);
  }

  @Override
  public GenMd4Schedule starting(int vocabularySize, double epsilon) {
    return GenMd4Schedule.ofRaw(new float[] {initialRaw()}, vocabularySize, epsilon);
  }

  @Override
  public int parameterCount(int vocabularySize) {
    return sharing.count(vocabularySize);
  }

  @Override
  public String toString() {
    String power = CurveText.shortest(initial);
    return NAME + "(" + power + (sharing == Sharing.ALL ? ", shared)" : ")");
  }
}
