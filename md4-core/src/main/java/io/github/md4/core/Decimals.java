// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core;

import java.math.BigDecimal;
import java.util.regex.Pattern;

/**
 * Numbers of 64 bits from what people and files write. A number that 64 bits do not hold is
 * refused: {@code 1e-400} is not read as 0, and {@code 1e400} not as infinity.
 */
public final class Decimals {
  private static final Pattern DECIMAL = Pattern.compile("^[^eE]*[1-9]");
  private static final Pattern HEXADECIMAL = Pattern.compile("^[^pP]*[1-9a-fA-F]");

  private Decimals() {}

  /**
   * Returns the number that a text says, as {@link Double#parseDouble} does: infinity and NaN where
   * they are written by name.
   *
   * @param text the text
   * @return the nearest number of 64 bits; 0 only for zero
   * @throws NumberFormatException if the text is no number, or one that would become 0 or infinite
   */
  public static double parse(String text) {
    double value = Double.parseDouble(text);
    if (value == 0 && hasDigitAboveZero(text)) {
      throw new NumberFormatException(tooSmall(text));
    }
    if (Double.isInfinite(value) && !text.contains("Infinity")) {
      throw new NumberFormatException(tooLarge(text));
    }
    return value;
  }

  /**
   * Returns the nearest number of 64 bits.
   *
   * @param number the number
   * @return finite; 0 only for zero
   * @throws ArithmeticException if the number would become 0 or infinite
   */
  public static double of(BigDecimal number) {
    double value = number.doubleValue();
    if (value == 0 && number.signum() != 0) {
      throw new ArithmeticException(tooSmall(number));
    }
    if (Double.isInfinite(value)) {
      throw new ArithmeticException(tooLarge(number));
    }
    return value;
  }

  /**
   * Checks that a number is another than a bound also in the 32 bits with which updates of weights
   * are computed.
   *
   * @param name of the number, for the message
   * @param value the number
   * @param bound what the number must not become
   * @throws IllegalArgumentException if both are one number of 32 bits
   */
  public static void requireApart(String name, double value, double bound) {
    Checks.require(
        (float) value != (float) bound,
        name + " is %s in 32 bits, with which updates are computed".formatted((float) bound),
        value);
  }

  private static String tooSmall(Object number) {
    return number + " is too near to 0 for a number of 64 bits; the least is " + Double.MIN_VALUE;
  }

  private static String tooLarge(Object number) {
    return number + " is too large for a number of 64 bits";
  }

  /** Returns whether the digits before an exponent say more than zero. */
  private static boolean hasDigitAboveZero(String text) {
    return (isHexadecimal(text) ? HEXADECIMAL : DECIMAL).matcher(text).find();
  }

  private static boolean isHexadecimal(String text) {
    return text.indexOf('x') >= 0 || text.indexOf('X') >= 0;
  }
}
