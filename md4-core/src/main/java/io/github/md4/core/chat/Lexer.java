// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.chat;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The cutting of a template into {@link Lexeme}s, with the white space around tags as transformers
 * set it: the line break after a block tag is dropped (trim_blocks), and so are blanks before one
 * that begins its line (lstrip_blocks).
 */
final class Lexer {
  private static final int MOST_PIECES = 100_000;
  private static final Pattern BEGIN = Pattern.compile("\\{[{%#]");
  private static final Pattern COMMENT_END = Pattern.compile("([-+]?)#}");
  private static final Pattern WORD =
      Pattern.compile(
          "\\s+|(?<end>[-+]?(?:%}|}}))|(?<name>[\\p{L}_][\\p{L}\\p{N}_]*)"
              + "|(?<number>\\d+(?:\\.\\d+)?(?:[eE][-+]?\\d+)?)"
              + "|(?<string>'(?:[^'\\\\]|\\\\.)*+'|\"(?:[^\"\\\\]|\\\\.)*+\")"
              + "|(?<operator>==|!=|<=|>=|//|\\*\\*|[-+*/%~<>=.,:|()\\[\\]{}])",
          Pattern.DOTALL);

  private final String source;
  private final List<Lexeme> pieces = new ArrayList<>();
  private int at;

  private Lexer(String source) {
    this.source = source;
  }

  /**
   * Returns the pieces of a template.
   *
   * @throws IllegalArgumentException if a tag does not end or has a sign that is none
   */
  static List<Lexeme> of(String template) {
    String unix = template.replace("\r\n", "\n").replace('\r', '\n');
    Lexer lexer = new Lexer(unix.endsWith("\n") ? unix.substring(0, unix.length() - 1) : unix);
    lexer.run();
    return lexer.pieces;
  }

  private void run() {
    Matcher begin = BEGIN.matcher(source);
    while (at < source.length() && begin.find(at)) {
      text(begin.start());
      char kind = source.charAt(begin.start() + 1);
      at = begin.end();
      if (at < source.length() && "-+".indexOf(source.charAt(at)) >= 0) {
        at++;
      }
      if (kind == '#') {
        comment();
      } else {
        add(new Lexeme.Begin(kind == '{'));
        tag(kind == '{' ? "}}" : "%}");
      }
    }
    text(source.length());
  }

  /** Adds the text before a tag, or before the end of all. */
  private void text(int end) {
    String text = source.substring(at, end);
    if (end < source.length()) {
      char kind = source.charAt(end + 1);
      char sign = end + 2 < source.length() ? source.charAt(end + 2) : ' ';
      if (sign == '-') {
        text = Texts.stripEnd(text);
      } else if (kind != '{' && sign != '+') {
        text = withoutIndent(text);
      }
    }
    if (!text.isEmpty()) {
      add(new Lexeme.Text(text));
    }
  }

  private String withoutIndent(String text) {
    int line = text.lastIndexOf('\n') + 1;
    boolean isLineBegun = line > 0 || at == 0 || source.charAt(at - 1) == '\n';
    return isLineBegun && Texts.strip(text.substring(line)).isEmpty()
        ? text.substring(0, line)
        : text;
  }

  private void comment() {
    Matcher end = COMMENT_END.matcher(source);
    if (!end.find(at)) {
      throw new IllegalArgumentException("a comment {# does not end");
    }
    at = end.end();
    skip(end.group(1), true);
  }

  private void tag(String close) {
    Matcher word = WORD.matcher(source);
    int depth = 0;
    while (true) {
      word.region(at, source.length());
      if (!word.lookingAt()) {
        throw new IllegalArgumentException(
            at >= source.length()
                ? "a tag does not end with " + close
                : "a tag has a sign that is none: " + source.substring(at, at + 1));
      }
      String end = word.group("end");
      if (end != null && end.endsWith(close) && depth == 0) {
        at = word.end();
        add(new Lexeme.End());
        skip(end.substring(0, end.length() - 2), close.equals("%}"));
        return;
      }
      if (end != null) { // the sign of an expression, such as the % of 5 %}
        word = Pattern.compile("[-+%}]").matcher(source).region(at, source.length());
        Lexeme sign = word.lookingAt() ? new Lexeme.Operator(word.group()) : null;
        add(sign);
        at = word.end();
        word = WORD.matcher(source);
        continue;
      }
      at = word.end();
      depth += depth(word.group("operator"));
      addWord(word);
    }
  }

  private static int depth(String operator) {
    return operator == null ? 0 : operator.equals("{") ? 1 : operator.equals("}") ? -1 : 0;
  }

  private void addWord(Matcher word) {
    if (word.group("name") != null) {
      add(new Lexeme.Name(word.group()));
    } else if (word.group("number") != null) {
      add(new Lexeme.Value(number(word.group())));
    } else if (word.group("string") != null) {
      add(new Lexeme.Literal(Texts.unescaped(word.group())));
    } else if (word.group("operator") != null) {
      add(new Lexeme.Operator(word.group()));
    }
  }

  private static Number number(String text) {
    boolean isWhole = text.chars().allMatch(Character::isDigit);
    return isWhole ? (Number) Long.valueOf(text) : (Number) Double.valueOf(text);
  }

  /** Skips what the sign of a tag's end drops after it. */
  private void skip(String sign, boolean isBlock) {
    if (sign.equals("-")) {
      while (at < source.length() && Texts.isBlank(source.charAt(at))) {
        at++;
      }
    } else if (isBlock && sign.isEmpty() && at < source.length() && source.charAt(at) == '\n') {
      at++;
    }
  }

  private void add(Lexeme piece) {
    if (pieces.size() == MOST_PIECES) {
      throw new IllegalArgumentException("the template is too long to be one");
    }
    pieces.add(piece);
  }
}
