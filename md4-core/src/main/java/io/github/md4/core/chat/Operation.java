// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.chat;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BinaryOperator;

/** An operation of two values. */
enum Operation {
  EQUAL("==", Values::areEqual),
  UNEQUAL("!=", (a, b) -> !Values.areEqual(a, b)),
  LESS("<", (a, b) -> Values.compare(a, b) < 0),
  AT_MOST("<=", (a, b) -> Values.compare(a, b) <= 0),
  MORE(">", (a, b) -> Values.compare(a, b) > 0),
  AT_LEAST(">=", (a, b) -> Values.compare(a, b) >= 0),
  IN("in", Values::isIn),
  NOT_IN("not in", (a, b) -> !Values.isIn(a, b)),
  CONCAT("~", (a, b) -> Values.text(a) + Values.text(b)),
  ADD("+", Operation::sum),
  SUBTRACT("-", (a, b) -> arithmetic(a, b, "a difference", (x, y) -> x - y)),
  MULTIPLY("*", (a, b) -> arithmetic(a, b, "a product", (x, y) -> x * y)),
  MODULO("%", (a, b) -> arithmetic(a, nonZero(b), "a remainder", Operation::modulo)),
  FLOOR_DIVIDE(
      "//", (a, b) -> arithmetic(a, nonZero(b), "a quotient", (x, y) -> Math.floor(x / y))),
  DIVIDE("/", (a, b) -> number(a, "a quotient") / number(nonZero(b), "a quotient"));

  private final String sign;

  @SuppressWarnings("ImmutableEnumChecker") // without a state: each is a function of this file
  private final BinaryOperator<Object> function;

  Operation(String sign, BinaryOperator<Object> function) {
    this.sign = sign;
    this.function = function;
  }

  String sign() {
    return sign;
  }

  Object of(Object a, Object b) {
    return function.apply(a, b);
  }

  private interface OfNumbers {
    double of(double x, double y);
  }

  private static Object sum(Object a, Object b) {
    if (a instanceof String first && b instanceof String second) {
      return first + second;
    } else if (a instanceof List<?> first && b instanceof List<?> second) {
      List<Object> all = new ArrayList<>(first);
      all.addAll(second);
      return all;
    }
    return arithmetic(a, b, "a sum", Double::sum);
  }

  private static Object arithmetic(Object a, Object b, String what, OfNumbers operation) {
    double value = operation.of(number(a, what), number(b, what));
    return a instanceof Long && b instanceof Long ? (Object) (long) value : (Object) value;
  }

  private static double number(Object value, String what) {
    if (value instanceof Number number) {
      return number.doubleValue();
    }
    throw Values.unfit(what, value);
  }

  private static Object nonZero(Object value) {
    if (value instanceof Number number && number.doubleValue() == 0) {
      throw new IllegalArgumentException("the template divides by zero");
    }
    return value;
  }

  private static double modulo(double x, double y) {
    return x - Math.floor(x / y) * y;
  }
}
