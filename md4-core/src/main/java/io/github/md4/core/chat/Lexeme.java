// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.chat;

/** A piece of a template: text between tags, or a word of one. */
sealed interface Lexeme {

  /** Returns the piece in words, for messages. */
  default String shown() {
    return "the end of a tag";
  }

  /** Text that is printed as it is. */
  record Text(String text) implements Lexeme {}

  /** The beginning of a tag: <code>{{</code> or <code>{%</code>. */
  record Begin(boolean isOutput) implements Lexeme {}

  /** The end of a tag. */
  record End() implements Lexeme {}

  /** A name or a keyword. */
  record Name(String name) implements Lexeme {
    @Override
    public String shown() {
      return name;
    }
  }

  /** A text in quotes. */
  record Literal(String value) implements Lexeme {
    @Override
    public String shown() {
      return "'" + value + "'";
    }
  }

  /** A number: a Long or a Double. */
  record Value(Number number) implements Lexeme {
    @Override
    public String shown() {
      return number.toString();
    }
  }

  /** An operator or a bracket. */
  record Operator(String sign) implements Lexeme {
    @Override
    public String shown() {
      return sign;
    }
  }
}
