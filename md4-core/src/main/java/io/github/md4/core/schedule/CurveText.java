// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.schedule;

import io.github.md4.core.Decimals;
import io.github.md4.core.NearestName;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The text form of a {@link Curve}: a name, and numbers in parentheses where it takes some. */
final class CurveText {
  static final String LINEAR = "linear";
  static final String COSINE = "cosine";
  static final String POLYNOMIAL = "polynomial";
  static final String GEOMETRIC = "geometric";
  static final String LOG_LINEAR = "loglinear";

  private static final String FORMS =
      "linear, cosine, polynomial(EXPONENT), geometric, geometric(BETA_MIN, BETA_MAX),"
          + " loglinear, loglinear(EPSILON), or"
          + " learned(POWER) or learned-noise where it is to be learned";
  private static final List<String> OWN =
      List.of(LINEAR, COSINE, POLYNOMIAL, GEOMETRIC, LOG_LINEAR);
  private static final Pattern CALL = Pattern.compile("(\\w+)(?:\\((.*)\\))?");
  private static final Pattern COMMA = Pattern.compile(",");

  private CurveText() {}

  /** Returns the curve, or throws an IllegalArgumentException that lists the valid forms. */
  static Curve parse(String text) {
    Matcher call = CALL.matcher(text.strip());
    if (!call.matches()) {
      throw unknown(text);
    }
    double[] numbers = call.group(2) == null ? new double[0] : numbers(call.group(2), text);
    return switch (call.group(1) + numbers.length) {
      case LINEAR + 0 -> new Curve.Linear();
      case COSINE + 0 -> new Curve.Cosine();
      case POLYNOMIAL + 1 -> new Curve.Polynomial(numbers[0]);
      case GEOMETRIC + 0 -> new Curve.Geometric();
      case GEOMETRIC + 2 -> new Curve.Geometric(numbers[0], numbers[1]);
      case LOG_LINEAR + 0 -> new Curve.LogLinear(Curve.LogLinear.DEFAULT_EPSILON);
      case LOG_LINEAR + 1 -> new Curve.LogLinear(numbers[0]);
      default -> offered(call.group(1), numbers, text);
    };
  }

  /** Returns the curve of a kind that the class path offers. */
  private static Curve offered(String name, double[] numbers, String text) {
    return CurveKind.all().stream()
        .filter(kind -> kind.name().equals(name))
        .findFirst()
        .orElseThrow(() -> unknown(text))
        .of(numbers);
  }

  private static double[] numbers(String list, String text) {
    try {
      return COMMA.splitAsStream(list).mapToDouble(Decimals::parse).toArray();
    } catch (NumberFormatException e) {
      throw unknown(text);
    }
  }

  private static IllegalArgumentException unknown(String text) {
    List<String> kinds = CurveKind.all().stream().map(CurveKind::name).toList();
    String offered = kinds.stream().map(", or "::concat).collect(Collectors.joining());
    List<String> names = Stream.concat(OWN.stream(), kinds.stream()).toList();
    String name = text.replaceFirst("\\(.*", "");
    String hint = names.contains(name) ? "" : NearestName.hint(names, name);
    return new IllegalArgumentException("schedule must be " + FORMS + offered + ": " + text + hint);
  }

  /** Returns {@code name(number, number)}. */
  static String call(String name, double... numbers) {
    return Arrays.stream(numbers)
        .mapToObj(CurveText::shortest)
        .collect(Collectors.joining(", ", name + "(", ")"));
  }

  /** Returns the shortest text that parses back to the number: 3 and 1e-5, not 3.0 and 1.0E-5. */
  static String shortest(double number) {
    return Double.toString(number).replaceFirst("\\.0(?=E|$)", "").replace('E', 'e');
  }
}
