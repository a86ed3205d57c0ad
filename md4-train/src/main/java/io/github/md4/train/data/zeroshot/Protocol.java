// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.zeroshot;

import static io.github.md4.core.Checks.require;

import io.github.md4.core.Choices;
import io.github.md4.core.token.Tokenizer;
import java.util.List;
import java.util.Objects;

/**
 * The protocol by which rows of text become the sequences that a model is scored on. Published
 * numbers depend on it, so that reports print it in full (spec, Section 7.5).
 *
 * @param name the name by which options choose it
 * @param layout the way in which rows share sequences
 * @param batch the number of rows whose tokens are joined, at least 0; the remainder of each batch
 *     is dropped; 0 joins all rows
 * @param shards the number of equal parts into which the rows are divided before they are batched,
 *     at least 1
 * @param split the split of the usual zero-shot sets that is scored
 * @param wikiText2Split the split of WikiText2, whose test split is that of WikiText103
 */
public record Protocol(
    String name, Layout layout, int batch, int shards, String split, String wikiText2Split) {
  /**
   * Checks the numbers.
   *
   * @param name the name by which options choose it
   * @param layout the way in which rows share sequences
   * @param batch the number of rows whose tokens are joined, at least 0; the remainder of each
   *     batch is dropped; 0 joins all rows
   * @param shards the number of equal parts into which the rows are divided before they are
   *     batched, at least 1
   * @param split the split of the usual zero-shot sets that is scored
   * @param wikiText2Split the split of WikiText2, whose test split is that of WikiText103
   * @throws IllegalArgumentException if {@code batch} is negative or {@code shards} below 1
   * @throws NullPointerException if a name, the layout or a split is null
   */
  public Protocol {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(layout, "layout");
    require(batch >= 0, "batch must be at least 0", batch);
    require(shards >= 1, "shards must be at least 1", shards);
    Objects.requireNonNull(split, "split");
    Objects.requireNonNull(wikiText2Split, "wikiText2Split");
  }

  /**
   * The protocol of MD4's paper (arXiv 2406.04329, Table 1): rows end with the end of text, are
   * joined and cut; one remainder is dropped.
   */
  public static final Protocol MD4 = new Protocol("md4", Layout.WRAP, 0, 1, "test", "train");

  /**
   * The protocol of the code of SEDD (arXiv 2310.16834): 8 workers with batches of 1,000 rows, each
   * of which loses its remainder.
   */
  public static final Protocol SEDD = new Protocol("sedd", Layout.WRAP, 1000, 8, "test", "train");

  /**
   * The protocol of the code of MDLM (arXiv 2406.07524) on one worker: sequences begin and end with
   * the end of text.
   */
  public static final Protocol MDLM =
      new Protocol("mdlm", Layout.WRAP_BETWEEN_ENDS, 1000, 1, "valid", "valid");

  /**
   * A protocol in which rows share no sequences: each is cut to the length or padded. No published
   * numbers use it.
   */
  public static final Protocol DOCUMENTS =
      new Protocol("documents", Layout.PER_DOCUMENT, 0, 1, "test", "train");

  /** All protocols that options name. */
  public static final List<Protocol> ALL = List.of(MD4, SEDD, MDLM, DOCUMENTS);

  /** The way in which rows share sequences. */
  public enum Layout {
    /** Rows are joined and cut into sequences. */
    WRAP("joined and cut", 0) {
      @Override
      int[] sequence(int[] inner, int end) {
        return inner;
      }
    },
    /** Rows are joined and cut, and each sequence stands between two ends of text. */
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
    /** Each row is a sequence. */
    PER_DOCUMENT("one sequence each, cut to its length or padded", 0) {
      @Override
      int[] sequence(int[] inner, int end) {
        return inner;
      }
    };

    private final String text;

    /** The number of tokens of a sequence that belong to no row. */
    final int added;

    Layout(String text, int added) {
      this.text = text;
      this.added = added;
    }

    /** Returns a sequence with the tokens of its rows. */
    abstract int[] sequence(int[] inner, int end);
  }

  /**
   * {@return the protocol of that name, one of {@link #ALL}}
   *
   * @param text the protocol's name as options write it
   * @throws IllegalArgumentException for any other text
   */
  public static Protocol parse(String text) {
    return Choices.parse(ALL.toArray(new Protocol[0]), "protocol", text);
  }

  @Override
  public String toString() {
    return name;
  }

  /** {@return the protocol in full, in one line} */
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

  /**
   * Returns the token that closes rows.
   *
   * @throws IllegalArgumentException if the vocabulary has none
   */
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
