// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.packing;

import static io.github.md4.core.Checks.require;

import io.github.md4.core.token.Tokenizer;
import io.github.md4.train.data.SplitFractions;
import io.github.md4.train.internal.encoding.DocumentEncoder;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/** The packing of documents into splits: streams, or rows of one length (docs/data.md). */
public sealed interface TokenPacking {

  /**
   * {@return the packer, which takes the documents one after another}
   *
   * @param out the writers of the splits, closed by the caller
   * @param tokenizer the vocabulary, which may have an end of text
   */
  Packer packer(TokenSplits out, Tokenizer tokenizer);

  /** {@return the names of the splits that can occur} */
  Set<String> splits();

  /** {@return the names of the splits that many documents fill, train first} */
  List<String> expectedSplits();

  /**
   * {@return the shares by which the only document of a data set is cut; nothing if it stays whole}
   */
  default Optional<SplitFractions> sharesOfOne() {
    return Optional.empty();
  }

  /** {@return the number of tokens in a row; 0 for a stream} */
  int rowLength();

  /**
   * The receiver of documents, on one thread.
   *
   * @hidden its types are internal
   */
  interface Packer extends DocumentEncoder.Sink {
    /**
     * Ends the last row; call once.
     *
     * @throws IOException if a file cannot be read or written
     */
    void finish() throws IOException;

    /** {@return the number of tokens that no split has} */
    long dropped();

    /** {@return the number of tokens that fill rows and stand for no text} */
    long padding();
  }

  /**
   * A stream of documents, each closed by the end of text where the vocabulary has one.
   *
   * @param split the split of a document, by its number
   */
  record Stream(DocumentSplit split) implements TokenPacking {
    /**
     * Checks that there is a rule.
     *
     * @param split the split of a document, by its number
     * @throws NullPointerException if it is null
     */
    public Stream {
      Objects.requireNonNull(split, "split");
    }

    @Override
    public Packer packer(TokenSplits out, Tokenizer tokenizer) {
      return new StreamPacker(out, split, new EndOfText(tokenizer));
    }

    @Override
    public Set<String> splits() {
      return split.splits();
    }

    @Override
    public List<String> expectedSplits() {
      return split.expected();
    }

    @Override
    public Optional<SplitFractions> sharesOfOne() {
      return split.sharesOfOne();
    }

    @Override
    public int rowLength() {
      return 0;
    }

    @Override
    public String toString() {
      return "stream, split " + split;
    }
  }

  /**
   * The packing of the paper's OpenWebText (spec, Section 7.2). Documents are closed by the end of
   * text. Those of each group are joined and cut into rows; the remainder is carried to the next
   * group. The rows of a group are shuffled, and 2% of them are for evaluation. The reference
   * shuffles without a seed.
   *
   * @param length N, the number of tokens of a row, at least 1
   * @param group the number of documents of a group, at least 1
   * @param seed any number, from which the shuffles follow
   */
  record OpenWebText(int length, int group, long seed) implements TokenPacking {
    /** The number of documents in a group of the reference. */
    public static final int GROUP = 10_000;

    /**
     * Checks the length.
     *
     * @param length N, the number of tokens of a row, at least 1
     * @param group the number of documents of a group, at least 1
     * @param seed any number, from which the shuffles follow
     * @throws IllegalArgumentException if {@code length} or {@code group} is below 1
     */
    public OpenWebText {
      require(length >= 1, "length must be at least 1", length);
      require(group >= 1, "group must be at least 1", group);
    }

    @Override
    public Packer packer(TokenSplits out, Tokenizer tokenizer) {
      return new OpenWebTextPacker(out, this, new EndOfText(tokenizer));
    }

    @Override
    public Set<String> splits() {
      return Set.of("train", "valid");
    }

    @Override
    public List<String> expectedSplits() {
      return List.of("train", "valid");
    }

    @Override
    public int rowLength() {
      return length;
    }

    @Override
    public String toString() {
      return "openwebtext, rows of %d, groups of %,d documents, 2%% to valid, seed %d"
          .formatted(length, group, seed);
    }
  }

  /**
   * The packing of the reference's FineWeb-Edu (spec, Section 7.3). Each document is cut to one
   * token less than a row and has no end of text. It goes into the first of {@code bins} open rows
   * with room; where none has room, all are written. The rest of a row is token 0.
   *
   * @param length N, the number of tokens of a row, at least 2
   * @param bins the number of open rows, at least 1
   * @param split the split of a document, by its number
   */
  record FineWeb(int length, int bins, DocumentSplit split) implements TokenPacking {
    /** The number of open rows in the reference, those of a batch. */
    public static final int BINS = 512;

    /**
     * Checks the length.
     *
     * @param length N, the number of tokens of a row, at least 2
     * @param bins the number of open rows, at least 1
     * @param split the split of a document, by its number
     * @throws IllegalArgumentException if {@code length} is below 2 or {@code bins} below 1
     * @throws NullPointerException if {@code split} is null
     */
    public FineWeb {
      require(length >= 2, "length must be at least 2", length);
      require(bins >= 1, "bins must be at least 1", bins);
      Objects.requireNonNull(split, "split");
    }

    @Override
    public Packer packer(TokenSplits out, Tokenizer tokenizer) {
      return new FineWebPacker(out, this);
    }

    @Override
    public Set<String> splits() {
      return split.splits();
    }

    @Override
    public List<String> expectedSplits() {
      return split.expected();
    }

    @Override
    public int rowLength() {
      return length;
    }

    @Override
    public String toString() {
      return "fineweb, rows of %d, %d open, cut to %d tokens, split %s"
          .formatted(length, bins, length - 1, split);
    }
  }
}
