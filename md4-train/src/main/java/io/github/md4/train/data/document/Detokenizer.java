// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.document;

import io.github.md4.core.Choices;
import java.util.List;
import java.util.regex.Pattern;

/**
 * The rules that undo the tokenization of a published corpus, row by row. The published zero-shot
 * numbers were computed with them (the code of SEDD, arXiv 2310.16834; spec, Section 7.5). They are
 * applied in their order.
 */
public enum Detokenizer {
  /** No rules. */
  NONE("none", List.of()),
  /**
   * Rows of WikiText. SEDD's rule for an apostrophe before a digit matches nothing; it is left out.
   */
  WIKITEXT(
      "wikitext",
      List.of(
          literal("s '", "s'"),
          literal(" @-@ ", "-"),
          literal(" @,@ ", ","),
          literal(" @.@ ", "."),
          literal(" : ", ": "),
          literal(" ; ", "; "),
          literal(" . ", ". "),
          literal(" ! ", "! "),
          literal(" ? ", "? "),
          literal(" , ", ", "),
          regex("\\(\\s*([^)]*?)\\s*\\)", "($1)"),
          regex("\\[\\s*([^\\]]*?)\\s*\\]", "[$1]"),
          regex("\\{\\s*([^}]*?)\\s*\\}", "{$1}"),
          regex("\"\\s*([^\"]*?)\\s*\"", "\"$1\""),
          regex("'\\s*([^']*?)\\s*'", "'$1'"),
          literal("= = = =", "===="),
          literal("= = =", "==="),
          literal("= =", "=="),
          literal(" \u00B0 ", "\u00B0"),
          literal(" \n", "\n"),
          literal("\n ", "\n"),
          literal(" N ", " 1 "),
          literal(" 's", "'s"))),
  /** Sentences of the Penn Treebank. */
  PTB(
      "ptb",
      List.of(
          literal(" 's", "'s"),
          literal("s ' ", "s' "),
          literal(" n't", "n't"),
          literal(" \n ", "\n"),
          literal("\\/", "/"),
          new Rule.Repeated(literal(" N ", " 1 "), 10),
          literal("$ 1", "$1"),
          literal("# 1", "#1"),
          literal("<unk>", "?"))),
  /** Sentences of the One Billion Word benchmark. */
  ONE_BILLION_WORDS(
      "lm1b",
      List.of(
          literal("http : / / ", "http://"),
          literal("https : / / ", "https://"),
          regex(" '(\\w+)", "'$1"),
          regex(" (\\w+) \\. ", " $1. "),
          regex(" (\\w+) \\.$", " $1."),
          literal(" ? ", "? "),
          regex(" \\?$", "?"),
          literal(" ! ", "! "),
          regex(" !$", "!"),
          literal(" , ", ", "),
          literal(" : ", ": "),
          literal(" ; ", "; "),
          literal(" / ", "/"),
          regex("\" ([^\"]+) \"", "\"$1\""),
          regex("' ([^']+) '", "'$1'"),
          regex("\\( ([^()]+) \\)", "($1)"),
          regex("\\[ ([^\\[\\]]+) \\]", "[$1]"),
          literal("$ ", "$"),
          literal("\u00A3 ", "\u00A3"))),
  /** Passages of LAMBADA. */
  LAMBADA(
      "lambada",
      List.of(literal("\u201C", "\""), literal("\u201D", "\""), new Rule.OnItsOwnLine()));

  private final String name;

  @SuppressWarnings("ImmutableEnumChecker") // of List.of
  private final List<Rule> rules;

  Detokenizer(String name, List<Rule> rules) {
    this.name = name;
    this.rules = rules;
  }

  /**
   * {@return the text of a row without the marks of its tokenization; safe for several threads}
   *
   * @param text a row as the data set holds it
   */
  public String apply(String text) {
    String result = text;
    for (Rule rule : rules) {
      result = rule.apply(result);
    }
    return result;
  }

  /**
   * {@return the detokenizer of that name}
   *
   * @param text the detokenizer's name, as {@link #toString} gives it
   * @throws IllegalArgumentException for any other text
   */
  public static Detokenizer parse(String text) {
    return Choices.parse(values(), "detokenizer", text);
  }

  @Override
  public String toString() {
    return name;
  }

  private static Rule literal(String from, String to) {
    return new Rule.Literal(from, to);
  }

  /** Python's {@code \w} and {@code \s} are those of Unicode. */
  private static Rule regex(String from, String to) {
    return new Rule.Regex(Pattern.compile(from, Pattern.UNICODE_CHARACTER_CLASS), to);
  }

  /** One replacement. */
  private sealed interface Rule {
    String apply(String text);

    /** The replacement of a literal text, from left to right. */
    record Literal(String from, String to) implements Rule {
      @Override
      public String apply(String text) {
        return text.replace(from, to);
      }
    }

    /** The replacement of every match of a pattern, from left to right. */
    record Regex(Pattern from, String to) implements Rule {
      @Override
      public String apply(String text) {
        return from.matcher(text).replaceAll(to);
      }
    }

    /** A replacement that is repeated. */
    record Repeated(Rule rule, int times) implements Rule {
      @Override
      public String apply(String text) {
        String result = text;
        for (int i = 0; i < times; i++) {
          result = rule.apply(result);
        }
        return result;
      }
    }

    /** The removal of white space at both ends, with a line end in front. */
    record OnItsOwnLine() implements Rule {
      @Override
      public String apply(String text) {
        return "\n" + text.strip();
      }
    }
  }
}
