// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.serve;

import io.github.md4.core.token.Tokenizer;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;

/**
 * The text of a completion, as far as it is known. Tokens are revealed in any order; the text goes
 * as far as no mask is left before it. It ends before a stop text and before a token that closes
 * documents.
 */
final class CompletionText {
  private static final char HALF = '\ufffd';

  /** A character has at most four bytes, so at most three tokens of one byte are its beginning. */
  private static final int MOST_HALVES = 3;

  private final Tokenizer tokenizer;
  private final List<String> stops;
  private final int begin;
  private final int end;
  private int known; // the tokens of it that are known
  private String text = "";
  private int told;
  private boolean isStopped;

  /**
   * @param begin the position of its first token
   * @param end the position after its last, if nothing stops it
   */
  CompletionText(Tokenizer tokenizer, List<String> stops, int begin, int end) {
    this.tokenizer = tokenizer;
    this.stops = stops;
    this.begin = begin;
    this.end = end;
  }

  /** Reads a sequence in which masks may be left. */
  void read(int[] z) {
    int mask = tokenizer.vocabularySize();
    OptionalInt closing = tokenizer.endOfText();
    int now = begin + known;
    while (now < end && z[now] != mask && !isStopped) {
      isStopped = closing.isPresent() && z[now] == closing.getAsInt();
      now += isStopped ? 0 : 1;
    }
    known = now - begin;
    text = between(z, begin, now);
    for (String stop : stops) {
      int at = text.indexOf(stop);
      if (at >= 0) {
        text = text.substring(0, at);
        isStopped = true;
      }
    }
  }

  /** The text of tokens depends on those before them, such as a blank between two words. */
  private String between(int[] z, int from, int to) {
    String before = tokenizer.decode(Arrays.copyOf(z, from));
    String all = tokenizer.decode(Arrays.copyOf(z, to));
    return all.startsWith(before)
        ? all.substring(before.length())
        : tokenizer.decode(Arrays.copyOfRange(z, from, to));
  }

  /** Returns whether nothing comes any more. */
  boolean isDone() {
    return isStopped || begin + known == end;
  }

  /** Returns why it ended, in the words of OpenAI's API. */
  String reason() {
    return isStopped ? "stop" : "length";
  }

  /** Returns the number of its tokens that are known. */
  int tokens() {
    return known;
  }

  /** Returns all of the text. */
  String text() {
    return text;
  }

  /** Returns what can be told of the text and was not told before. */
  String news() {
    int sure = isDone() ? text.length() : sureLength();
    if (sure <= told) {
      return "";
    }
    String news = text.substring(told, sure);
    told = sure;
    return news;
  }

  /** The end may be half a character, or the beginning of a stop text. */
  private int sureLength() {
    int sure = text.length();
    while (sure > 0 && text.length() - sure < MOST_HALVES && text.charAt(sure - 1) == HALF) {
      sure--;
    }
    int least = sure;
    for (String stop : stops) {
      for (int n = Math.min(stop.length() - 1, sure); n > 0; n--) {
        if (text.startsWith(stop.substring(0, n), sure - n)) {
          least = Math.min(least, sure - n);
        }
      }
    }
    return least;
  }
}
