// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data;

import io.github.md4.core.Choices;
import io.github.md4.core.token.Tokenizer;
import java.util.List;

/**
 * How rows of text become the sequences that a model is scored on. Published numbers differ by it,
 * so it is named and printed in full.
 *
 * @param name under which it is asked for
 * @param layout how rows share sequences
 * @param batch rows whose tokens are joined; what is left of each batch is dropped. 0 is all rows
 * @param shards equal parts into which the rows are cut before they are batched
 * @param split which split of the usual zero-shot sets is scored
 * @param wikiText2Split that of WikiText2, whose test split is WikiText103's
 */
public record Protocol(
    String name, Layout layout, int batch, int shards, String split, String wikiText2Split) {

  /** Rows end with the end of text, are joined and cut; one remainder is dropped (MD4's paper). */
  public static final Protocol MD4 = new Protocol("md4", Layout.WRAP, 0, 1, "test", "train");

  /** As SEDD's code runs it: in batches of 1,000 rows by 8 workers, each losing its remainder. */
  public static final Protocol SEDD = new Protocol("sedd", Layout.WRAP, 1000, 8, "test", "train");

  /** As MDLM's code runs it on one worker: sequences begin and end with the end of text. */
  public static final Protocol MDLM =
      new Protocol("mdlm", Layout.WRAP_BETWEEN_ENDS, 1000, 1, "valid", "valid");

  /** Each row by itself, as far as it fits, padded; nobody's numbers, but nothing is shared. */
  public static final Protocol DOCUMENTS =
      new Protocol("documents", Layout.PER_DOCUMENT, 0, 1, "test", "train");

  /** All of them. */
  public static final List<Protocol> ALL = List.of(MD4, SEDD, MDLM, DOCUMENTS);

  /** How rows share sequences. */
  public enum Layout {
    /** Joined, cut into sequences. */
    WRAP("joined and cut", 0) {
      @Override
      int[] sequence(int[] inner, int end) {
        return inner;
      }
    },
    /** Joined and cut, each sequence between two ends of text. */
    WRAP_BETWEEN_ENDS("joined and cut, each sequence between two ends of text", 2) {
      @Override
      int[] sequence(int[] inner, int end) {
        int[] sequence = new int[inner.length + 2];
        sequence[0] = end;
        System.arraycopy(inner, 0, sequence, 1, inner.length);
        sequence[inner.length + 1] = end;
        return sequence;
      }
    },
    /** A sequence a row. */
    PER_DOCUMENT("a sequence each, cut to its length, padded", 0) {
      @Override
      int[] sequence(int[] inner, int end) {
        return inner;
      }
    };

    private final String text;

    /** Tokens of a sequence that are no row's. */
    final int added;

    Layout(String text, int added) {
      this.text = text;
      this.added = added;
    }

    /** Returns a sequence from the tokens of rows in it. */
    abstract int[] sequence(int[] inner, int end);
  }

  /**
   * Returns the protocol of that name.
   *
   * @throws IllegalArgumentException for any other text
   */
  public static Protocol parse(String text) {
    return Choices.parse(ALL.toArray(new Protocol[0]), "protocol", text);
  }

  @Override
  public String toString() {
    return name;
  }

  /** Returns all of it, in one line. */
  public String description() {
    String remainder =
        layout == Layout.PER_DOCUMENT
            ? "no remainder"
            : batch == 0
                ? "one remainder dropped"
                : "a remainder dropped of every %,d rows in each of %d shards"
                    .formatted(batch, shards);
    return "%s: rows closed by the end of text, %s; %s; split %s, WikiText2 %s"
        .formatted(name, layout.text, remainder, split, wikiText2Split);
  }

  /** Returns the token that closes rows; a vocabulary without one cannot be scored so. */
  static int end(Tokenizer tokenizer) {
    return tokenizer
        .endOfText()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "a protocol closes rows by the end of text, which the model's vocabulary ("
                        + tokenizer.summary()
                        + ") has not"));
  }
}
