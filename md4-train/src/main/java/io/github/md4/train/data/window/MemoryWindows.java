// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.window;

import static io.github.md4.core.Checks.require;

import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.internal.text.Counted;
import io.github.md4.train.internal.hash.Permutation;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;

/**
 * The endless sequences of a list in memory, shuffled again in each epoch, as {@link TrainingRows}
 * are those of a file. The order of an epoch is a shuffle. Safe for several threads.
 */
public final class MemoryWindows implements Windows {
  private final Content content;
  private final long seed;

  /**
   * The sequences of a seed.
   *
   * @param content the sequences, and the class of each where there are classes
   * @param seed any number; the order of the sequences in each epoch follows from it
   */
  public MemoryWindows(Content content, long seed) {
    this.content = Objects.requireNonNull(content, "content");
    this.seed = seed;
  }

  /**
   * Sequences of one length and their classes.
   *
   * @param rows the sequences, tokens in [0, V), [count][N]
   * @param labels the class of each [count], or none at all [0]
   */
  public record Content(int[][] rows, int[] labels) {
    /**
     * Checks the lengths. The arrays are not copied; {@link MemoryWindows#content} copies them.
     *
     * @param rows the sequences, tokens in [0, V), [count][N]
     * @param labels the class of each [count], or none at all [0]
     * @throws IllegalArgumentException if there are no sequences, their lengths differ or are 0,
     *     there is a label for some only, or one is negative
     */
    public Content {
      require(rows.length >= 1, "there must be at least one sequence to train on", rows.length);
      int length = rows[0].length;
      for (int[] row : rows) {
        require(
            row.length == length && length >= 1,
            "sequences must have one length, %s, and at least one"
                .formatted(Counted.of(length, "token")),
            row.length);
      }
      require(
          labels.length == 0 || labels.length == rows.length,
          "there must be a label for each of the " + Counted.of(rows.length, "sequence"),
          labels.length);
      for (int label : labels) {
        require(label >= 0, "labels must be at least 0", label);
      }
    }

    /**
     * Checks the tokens.
     *
     * @param vocabularySize V, the number of tokens without the mask, at least 1
     * @throws IllegalArgumentException if one is not in the vocabulary; names it and its sequence
     */
    public void checkTokens(int vocabularySize) {
      for (int row = 0; row < rows.length; row++) {
        for (int token : rows[row]) {
          require(
              token >= 0 && token < vocabularySize,
              "tokens must be in [0, %d), but sequence %d has".formatted(vocabularySize, row),
              token);
        }
      }
    }

    /** {@return the SHA-256 of tokens and labels, in hexadecimal} */
    public String sha256() {
      MessageDigest digest = digest();
      digest.update(bytes(new int[] {rows.length, rows[0].length, labels.length}));
      for (int[] row : rows) {
        digest.update(bytes(row));
      }
      digest.update(bytes(labels));
      return HexFormat.of().formatHex(digest.digest());
    }

    private static byte[] bytes(int[] ints) {
      ByteBuffer bytes = ByteBuffer.allocate(Integer.BYTES * ints.length);
      bytes.asIntBuffer().put(ints);
      return bytes.array();
    }

    private static MessageDigest digest() {
      try {
        return MessageDigest.getInstance("SHA-256");
      } catch (NoSuchAlgorithmException e) {
        throw new IllegalStateException("every Java has SHA-256", e);
      }
    }
  }

  /**
   * {@return a copy of sequences}
   *
   * @param windows the tokens of each, all of one length N, at least one; copied
   * @param labels the class of each, at least 0, or none at all; copied
   * @throws IllegalArgumentException if there are no sequences, their lengths differ or are 0,
   *     there is a label for some only, or one is negative
   */
  public static Content content(List<int[]> windows, int[] labels) {

    return new Content(windows.stream().map(int[]::clone).toArray(int[][]::new), labels.clone());
  }

  private int row(long position) {
    require(position >= 0, "position must be at least 0", position);
    int count = content.rows.length;
    return (int) Permutation.of(count, seed, position / count).apply(position % count);
  }

  @Override
  public int length() {
    return content.rows[0].length;
  }

  @Override
  public void read(long position, int[] into) {
    EvaluationChunks.checkArray(into, length());
    System.arraycopy(content.rows[row(position)], 0, into, 0, into.length);
  }

  @Override
  public int label(long position) {
    return content.labels.length == 0 ? Condition.NO_LABEL : content.labels[row(position)];
  }
}
