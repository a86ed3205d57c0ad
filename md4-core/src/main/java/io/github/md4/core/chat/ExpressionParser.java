// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.chat;

import io.github.md4.core.chat.Expression.Binary;
import io.github.md4.core.chat.Expression.Called;
import io.github.md4.core.chat.Expression.Constant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/** The reading of expressions, in Jinja's order of precedence. */
final class ExpressionParser {
  private static final int LONGEST_CHAIN = 1_000;
  private static final Expression ABSENT = new Constant(null);

  private static final Map<String, Object> CONSTANTS = constants();

  /** Words that end an expression. */
  private static final Set<String> KEYWORDS =
      Set.of("if", "else", "and", "or", "not", "in", "is", "recursive");

  private final Cursor cursor;

  ExpressionParser(Cursor cursor) {
    this.cursor = cursor;
  }

  private static Map<String, Object> constants() {
    Map<String, Object> constants = new LinkedHashMap<>();
    for (String capital : new String[] {"T", "t"}) {
      constants.put(capital + "rue", true);
    }
    for (String capital : new String[] {"F", "f"}) {
      constants.put(capital + "alse", false);
    }
    for (String capital : new String[] {"N", "n"}) {
      constants.put(capital + "one", null);
    }
    return constants;
  }

  /** Returns the expression here. */
  Expression expression() {
    cursor.enter();
    Expression value = alternatives();
    for (int i = 0; cursor.takeWord("if"); i++) {
      checkLength(i);
      Expression condition = alternatives();
      Expression otherwise = cursor.takeWord("else") ? expression() : new Constant(Undefined.VALUE);
      value = new Expression.Choice(condition, value, otherwise);
    }
    cursor.leave();
    return value;
  }

  /** Returns the expression here, which has no {@code if} of its own. */
  Expression alternatives() {
    Expression value = conjunction();
    for (int i = 0; cursor.takeWord("or"); i++) {
      checkLength(i);
      value = new Expression.Or(value, conjunction());
    }
    return value;
  }

  private Expression conjunction() {
    Expression value = negation();
    for (int i = 0; cursor.takeWord("and"); i++) {
      checkLength(i);
      value = new Expression.And(value, negation());
    }
    return value;
  }

  private Expression negation() {
    if (!cursor.takeWord("not")) {
      return comparison();
    }
    cursor.enter();
    Expression value = new Expression.Not(negation());
    cursor.leave();
    return value;
  }

  /** A chain, as 1 < x < 3, is the conjunction of its parts. */
  private Expression comparison() {
    Expression left = sum();
    Expression all = null;
    for (int i = 0; ; i++) {
      checkLength(i);
      Operation operation = comparisonHere();
      if (operation == null) {
        return all == null ? left : all;
      }
      Expression right = sum();
      Expression part = new Binary(operation, left, right);
      all = all == null ? part : new Expression.And(all, part);
      left = right;
    }
  }

  private Operation comparisonHere() {
    if (cursor.isAtWords("not", "in")) {
      cursor.skip();
      cursor.skip();
      return Operation.NOT_IN;
    } else if (cursor.takeWord("in")) {
      return Operation.IN;
    }
    return taken("==", "!=", "<=", ">=", "<", ">");
  }

  private Operation taken(String... signs) {
    for (String sign : signs) {
      if (cursor.take(sign)) {
        return operation(sign);
      }
    }
    return null;
  }

  private static Operation operation(String sign) {
    for (Operation each : Operation.values()) {
      if (each.sign().equals(sign)) {
        return each;
      }
    }
    throw new IllegalArgumentException(sign);
  }

  private Expression sum() {
    return chain(this::concatenation, "+", "-");
  }

  private Expression concatenation() {
    return chain(this::product, "~");
  }

  private Expression product() {
    return chain(() -> signed(true), "*", "//", "/", "%");
  }

  private Expression chain(Supplier<Expression> part, String... signs) {
    Expression value = part.get();
    for (int i = 0; ; i++) {
      checkLength(i);
      Operation operation = taken(signs);
      if (operation == null) {
        return value;
      }
      value = new Binary(operation, value, part.get());
    }
  }

  private Expression signed(boolean hasFilters) {
    cursor.enter();
    Expression value;
    if (cursor.take("-")) {
      value = new Binary(Operation.SUBTRACT, new Constant(0L), signed(false));
    } else if (cursor.take("+")) {
      value = signed(false);
    } else {
      value = members(primary());
    }
    cursor.leave();
    return hasFilters ? filters(value) : value;
  }

  private Expression primary() {
    Lexeme piece = cursor.next();
    if (piece instanceof Lexeme.Literal literal) {
      return new Constant(literal.value() + literals());
    } else if (piece instanceof Lexeme.Value value) {
      return new Constant(value.number());
    } else if (piece instanceof Lexeme.Name name && !KEYWORDS.contains(name.name())) {
      return named(name.name());
    } else if (piece.equals(new Lexeme.Operator("("))) {
      return parentheses();
    } else if (piece.equals(new Lexeme.Operator("["))) {
      return new Expression.Listed(elements("]"));
    } else if (piece.equals(new Lexeme.Operator("{"))) {
      throw new IllegalArgumentException(
          "the template writes down an object, which is not understood here");
    }
    throw new IllegalArgumentException(
        "the template has %s where a value should be".formatted(piece.shown()));
  }

  /** Texts that follow each other are one. */
  private String literals() {
    StringBuilder more = new StringBuilder();
    while (cursor.peek() instanceof Lexeme.Literal literal) {
      more.append(literal.value());
      cursor.skip();
    }
    return more.toString();
  }

  private Expression named(String name) {
    if (CONSTANTS.containsKey(name)) {
      return new Constant(CONSTANTS.get(name));
    }
    return cursor.take("(")
        ? called(Calls.function(name), List.of())
        : new Expression.Variable(name);
  }

  private Expression parentheses() {
    Expression first = expression();
    if (cursor.take(")")) {
      return first;
    }
    cursor.expect(",");
    List<Expression> all = new ArrayList<>(List.of(first));
    all.addAll(elements(")"));
    return new Expression.Listed(all);
  }

  private List<Expression> elements(String close) {
    List<Expression> all = new ArrayList<>();
    while (!cursor.take(close)) {
      all.add(expression());
      if (!cursor.isAt(close)) {
        cursor.expect(",");
      }
    }
    return all;
  }

  private Expression members(Expression start) {
    Expression value = start;
    for (int i = 0; ; i++) {
      checkLength(i);
      if (cursor.take(".")) {
        String name = cursor.name();
        value =
            cursor.take("(")
                ? called(Calls.method(name), List.of(value))
                : new Expression.Member(value, new Constant(name));
      } else if (cursor.take("[")) {
        value = element(value);
      } else if (cursor.isAt("(")) {
        throw new IllegalArgumentException(
            "the template calls what is no function that is understood here");
      } else {
        return value;
      }
    }
  }

  private Expression element(Expression of) {
    Expression first = cursor.isAt(":") ? ABSENT : expression();
    if (cursor.take("]")) {
      return new Expression.Member(of, first);
    }
    cursor.expect(":");
    Expression end = cursor.isAt(":") || cursor.isAt("]") ? ABSENT : expression();
    Expression step = cursor.take(":") && !cursor.isAt("]") ? expression() : ABSENT;
    cursor.expect("]");
    return new Expression.Slice(of, first, end, step);
  }

  private Expression filters(Expression start) {
    Expression value = start;
    for (int i = 0; ; i++) {
      checkLength(i);
      if (cursor.take("|")) {
        Expression.Callable filter = Calls.filter(cursor.name());
        value =
            cursor.take("(")
                ? called(filter, List.of(value))
                : new Called(filter, List.of(value), Map.of());
      } else if (cursor.takeWord("is")) {
        value = test(value);
      } else {
        return value;
      }
    }
  }

  private Expression test(Expression value) {
    boolean isOpposite = cursor.takeWord("not");
    Expression.Callable test = Calls.test(cursor.name());
    Expression found;
    if (cursor.take("(")) {
      found = called(test, List.of(value));
    } else if (isOperand()) {
      found = new Called(test, List.of(value, members(primary())), Map.of());
    } else {
      found = new Called(test, List.of(value), Map.of());
    }
    return isOpposite ? new Expression.Not(found) : found;
  }

  /** Returns whether a test's operand stands here without parentheses, as in {@code x is eq 3}. */
  private boolean isOperand() {
    Lexeme here = cursor.peek();
    return here instanceof Lexeme.Literal
        || here instanceof Lexeme.Value
        || here.equals(new Lexeme.Operator("["))
        || (here instanceof Lexeme.Name name && !KEYWORDS.contains(name.name()));
  }

  private Expression called(Expression.Callable callable, List<Expression> first) {
    List<Expression> arguments = new ArrayList<>(first);
    Map<String, Expression> named = new LinkedHashMap<>();
    while (!cursor.take(")")) {
      if (cursor.isAtNamed()) {
        String name = cursor.name();
        cursor.expect("=");
        named.put(name, expression());
      } else {
        arguments.add(expression());
      }
      if (!cursor.isAt(")")) {
        cursor.expect(",");
      }
    }
    return new Called(callable, arguments, named);
  }

  private static void checkLength(int links) {
    if (links > LONGEST_CHAIN) {
      throw new IllegalArgumentException("the template has an expression that is too long");
    }
  }
}
