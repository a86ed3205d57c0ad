// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.chat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A template in the part of Jinja that chat templates use: {@code if}, {@code for}, {@code set},
 * expressions, and the functions, filters, tests and methods of {@link Calls}. Everything else is
 * refused by name when it is read, not when it is met.
 */
final class Jinja {
  private final Cursor cursor;
  private final ExpressionParser expressions;

  private Jinja(Cursor cursor) {
    this.cursor = cursor;
    this.expressions = new ExpressionParser(cursor);
  }

  /**
   * Reads a template.
   *
   * @throws IllegalArgumentException if it is none, or uses what is not understood here
   */
  static Statement parse(String template) {
    Jinja parser = new Jinja(new Cursor(Lexer.of(template)));
    Statement all = parser.block(Set.of());
    if (!parser.cursor.isAtEnd()) {
      throw parser.cursor.unexpected("the end of the template");
    }
    return all;
  }

  /**
   * Returns what a template writes.
   *
   * @throws IllegalArgumentException if it refuses the data, or they do not fit it
   */
  static String written(Statement template, Map<String, Object> data) {
    StringBuilder out = new StringBuilder();
    template.write(new Scope(data), out);
    return out.toString();
  }

  /** Reads parts up to a tag with one of some words, and past that word. */
  private Statement block(Set<String> ends) {
    cursor.enter();
    List<Statement> parts = new ArrayList<>();
    last = "";
    while (!cursor.isAtEnd()) {
      Lexeme piece = cursor.next();
      if (piece instanceof Lexeme.Text text) {
        parts.add(new Statement.Text(text.text()));
      } else if (piece.equals(new Lexeme.Begin(true))) {
        parts.add(new Statement.Output(expressions.expression()));
        cursor.expectEnd();
      } else {
        String word = cursor.name();
        if (ends.contains(word)) {
          last = word;
          break;
        }
        parts.add(tag(word));
      }
    }
    if (!ends.isEmpty() && last.isEmpty()) {
      throw new IllegalArgumentException("a tag lacks its " + String.join(" or ", ends));
    }
    cursor.leave();
    return parts.size() == 1 ? parts.get(0) : new Statement.Block(parts);
  }

  private String last = ""; // the word that ended the block before

  private Statement tag(String word) {
    return switch (word) {
      case "if" -> condition();
      case "for" -> loop();
      case "set" -> assignment();
      case "generation" -> marked(); // marks the answer's tokens for trainers
      default ->
          throw new IllegalArgumentException(
              "the template uses the tag '%s', which is not understood here".formatted(word));
    };
  }

  private Statement condition() {
    Expression condition = expressions.expression();
    cursor.expectEnd();
    Statement then = block(Set.of("elif", "else", "endif"));
    return new Statement.If(condition, then, otherwise());
  }

  private Statement otherwise() {
    if (last.equals("elif")) {
      cursor.enter();
      Statement nested = condition();
      cursor.leave();
      return nested;
    }
    Statement otherwise = new Statement.Block(List.of());
    if (last.equals("else")) {
      cursor.expectEnd();
      otherwise = block(Set.of("endif"));
    }
    cursor.expectEnd();
    return otherwise;
  }

  private Statement loop() {
    List<String> names = new ArrayList<>(List.of(cursor.name()));
    while (cursor.take(",")) {
      names.add(cursor.name());
    }
    if (!cursor.takeWord("in")) {
      throw cursor.unexpected("'in'");
    }
    Expression over = expressions.alternatives();
    Expression only =
        cursor.takeWord("if") ? expressions.expression() : new Expression.Constant(true);
    cursor.expectEnd();
    Statement each = block(Set.of("else", "endfor"));
    Statement otherwise = new Statement.Block(List.of());
    if (last.equals("else")) {
      cursor.expectEnd();
      otherwise = block(Set.of("endfor"));
    }
    cursor.expectEnd();
    return new Statement.For(names, over, only, each, otherwise);
  }

  private Statement assignment() {
    String name = cursor.name();
    String member = cursor.take(".") ? cursor.name() : "";
    if (member.isEmpty() && cursor.peek() instanceof Lexeme.End) {
      cursor.expectEnd();
      Statement part = block(Set.of("endset"));
      cursor.expectEnd();
      return new Statement.SetText(name, part);
    }
    cursor.expect("=");
    Expression value = expressions.expression();
    cursor.expectEnd();
    return member.isEmpty()
        ? new Statement.Set(name, value)
        : new Statement.SetMember(name, member, value);
  }

  private Statement marked() {
    cursor.expectEnd();
    Statement part = block(Set.of("endgeneration"));
    cursor.expectEnd();
    return part;
  }
}
