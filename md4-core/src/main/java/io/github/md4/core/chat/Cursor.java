// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.chat;

import java.util.List;

/** A place among the {@link Lexeme}s of a template. */
final class Cursor {
  private static final int DEEPEST = 100;

  private final List<Lexeme> pieces;
  private int at;
  private int depth;

  Cursor(List<Lexeme> pieces) {
    this.pieces = pieces;
  }

  boolean isAtEnd() {
    return at == pieces.size();
  }

  /** Returns the piece here, the end of a tag after the last. */
  Lexeme peek() {
    return isAtEnd() ? new Lexeme.End() : pieces.get(at);
  }

  private Lexeme peekNext() {
    return at + 1 < pieces.size() ? pieces.get(at + 1) : new Lexeme.End();
  }

  Lexeme next() {
    Lexeme piece = peek();
    at = Math.min(at + 1, pieces.size());
    return piece;
  }

  void skip() {
    Lexeme unused = next();
  }

  boolean isAt(Lexeme piece) {
    return peek().equals(piece);
  }

  boolean isAt(String sign) {
    return isAt(new Lexeme.Operator(sign));
  }

  boolean isAtWord(String word) {
    return isAt(new Lexeme.Name(word));
  }

  boolean isAtWords(String first, String second) {
    return isAtWord(first) && peekNext().equals(new Lexeme.Name(second));
  }

  /** Returns whether a name with an equals sign stands here. */
  boolean isAtNamed() {
    return peek() instanceof Lexeme.Name && peekNext().equals(new Lexeme.Operator("="));
  }

  /** Goes past a sign if it stands here, and tells whether it did. */
  boolean take(String sign) {
    boolean isThere = isAt(sign);
    at += isThere ? 1 : 0;
    return isThere;
  }

  /** Goes past a word if it stands here, and tells whether it did. */
  boolean takeWord(String word) {
    boolean isThere = isAtWord(word);
    at += isThere ? 1 : 0;
    return isThere;
  }

  /** Goes past a sign, which must stand here. */
  void expect(String sign) {
    if (!take(sign)) {
      throw unexpected("'" + sign + "'");
    }
  }

  /** Goes past the end of a tag, which must be here. */
  void expectEnd() {
    if (!(next() instanceof Lexeme.End)) {
      at--;
      throw unexpected("the end of the tag");
    }
  }

  /** Returns the name that must stand here. */
  String name() {
    if (next() instanceof Lexeme.Name name) {
      return name.name();
    }
    at = Math.max(0, at - 1);
    throw unexpected("a name");
  }

  IllegalArgumentException unexpected(String wanted) {
    return new IllegalArgumentException(
        "the template has %s where %s should be".formatted(peek().shown(), wanted));
  }

  /** Enters a part within another. */
  void enter() {
    if (++depth > DEEPEST) {
      throw new IllegalArgumentException("the template's parts lie too deep in each other");
    }
  }

  void leave() {
    depth--;
  }
}
