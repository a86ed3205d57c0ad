// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.likelihood;

import io.github.md4.core.diffusion.Condition;
import java.util.List;

/**
 * Sequences of equal length, by number: held-out data. An implementation of a user's own has {@link
 * #count}, {@link #length} and {@link #read}; it is read from one thread at a time.
 */
public interface Examples {

  /**
   * {@return the sequences of a list}
   *
   * @param sequences the tokens of each, at least one, all of one length; copied
   * @throws IllegalArgumentException if there are none, or their lengths differ
   */
  static Examples of(List<int[]> sequences) {
    return ExampleList.of(sequences);
  }

  /** {@return how many there are, at least 1} */
  long count();

  /** {@return N, the tokens of each, at least 1} */
  int length();

  /**
   * Reads the tokens of an example, in [0, V), into an array of N.
   *
   * @param index the example's number, in [0, {@link #count})
   * @param into [N], overwritten with tokens in [0, V)
   */
  void read(long index, int[] into);

  /**
   * {@return how many tokens of an example, from its first on, are scored, in [0, N]: the rest is
   * padding; all, unless overridden}
   *
   * @param index the example's number, in [0, {@link #count})
   */
  default int scored(long index) {
    return length();
  }

  /**
   * {@return how many tokens of an example, from its first on, are given and not scored: those of
   * the windows before it; 0 unless overridden}
   *
   * @param index the example's number, in [0, {@link #count})
   */
  default int given(long index) {
    return 0;
  }

  /** {@return how many documents there are; 0 where that is not known} */
  default long documentCount() {
    return 0;
  }

  /**
   * Reads which document each token of an example belongs to, from 0, where that is known.
   *
   * @param index the example's number, in [0, {@link #count})
   * @param into [N], overwritten with the number of each token's document, from 0
   * @throws IllegalStateException unless overridden: these examples have no documents
   */
  default void readDocuments(long index, int[] into) {
    throw new IllegalStateException("documents are not known");
  }

  /**
   * {@return the class of an example, {@link Condition#NO_LABEL} where there are no classes}
   *
   * @param index the example's number, in [0, {@link #count})
   */
  default int label(long index) {
    return Condition.NO_LABEL;
  }

  /**
   * {@return the first {@code limit} of them, or all where there are fewer}
   *
   * @param limit the most examples, at least 1
   * @throws IllegalArgumentException if {@code limit} is below 1
   */
  default Examples first(long limit) {
    return new First(this, limit);
  }

  /**
   * The beginning of others.
   *
   * @param all the examples from which the first are taken
   * @param limit the most examples, at least 1
   */
  record First(Examples all, long limit) implements Examples {
    /**
     * Checks the limit.
     *
     * @param all the examples from which the first are taken
     * @param limit the most examples, at least 1
     * @throws IllegalArgumentException if {@code limit} is below 1
     */
    public First {
      if (limit < 1) {
        throw new IllegalArgumentException("limit must be at least 1: " + limit);
      }
    }

    @Override
    public long count() {
      return Math.min(limit, all.count());
    }

    @Override
    public int length() {
      return all.length();
    }

    @Override
    public void read(long index, int[] into) {
      all.read(index, into);
    }

    @Override
    public int scored(long index) {
      return all.scored(index);
    }

    @Override
    public int given(long index) {
      return all.given(index);
    }

    @Override
    public long documentCount() {
      return all.documentCount();
    }

    @Override
    public void readDocuments(long index, int[] into) {
      all.readDocuments(index, into);
    }

    @Override
    public int label(long index) {
      return all.label(index);
    }
  }
}
