// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data;

import static io.github.md4.core.Checks.require;

import io.github.md4.core.diffusion.Condition;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/**
 * The endless sequences of a list in memory, shuffled again in each epoch, as {@link TrainingRows}
 * are those of a file.
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
    this.content = content;
    this.seed = seed;
  }

  /**
   * Sequences of one length and their classes.
   *
   * @param rows the sequences, tokens in [0, V), [count][N]
   * @param labels the class of each, or none at all
   */
  public record Content(int[][] rows, int[] labels) {

    /**
     * Checks the tokens.
     *
     * @param vocabularySize V, the number of tokens without the mask
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
   * @param windows the tokens of each, all of one length
   * @param labels the class of each, at least 0, or none at all
   * @throws IllegalArgumentException if there are no sequences, or their lengths differ
   */
  public static Content content(List<int[]> windows, int[] labels) {
    require(!windows.isEmpty(), "there must be at least one sequence to train on", 0);
    int length = windows.get(0).length;
    for (int[] window : windows) {
      require(
          window.length == length && length >= 1,
          "sequences must have one length, %d tokens, and at least one".formatted(length),
          window.length);
    }
    for (int label : labels) {
      require(label >= 0, "labels must be at least 0", label);
    }
    return new Content(windows.stream().map(int[]::clone).toArray(int[][]::new), labels.clone());
  }

  private int row(long position) {
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
