// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.batch;

import io.github.md4.core.InvalidDataException;
import io.github.md4.core.model.ModelConfig;
import io.github.md4.core.token.ClassNames;
import io.github.md4.core.token.TokenFile;
import io.github.md4.core.token.Tokenizer;
import io.github.md4.train.data.window.Windows;
import io.github.md4.train.internal.data.DataCheck;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * The sequences that a model is trained on: of a prepared file, of memory, or of a source of a
 * user's own. A run goes on with the same data only, which their SHA-256 tells. Data hold no device
 * memory and are not closed; several runs may share them.
 */
public sealed interface TrainingData permits FileData, WindowData {

  /**
   * {@return the data of a prepared file}
   *
   * @param tokens an open file, which the caller closes after the run; the labels of images lie
   *     beside it
   */
  static TrainingData of(TokenFile tokens) {
    return new FileData(tokens);
  }

  /**
   * Returns sequences in memory as data. Each epoch shows each of them once, in an order of its
   * own.
   *
   * @param tokenizer their vocabulary, which becomes the model's
   * @param windows the tokens of each, in [0, V), all of the model's length N, at least one; copied
   * @return the data, in memory
   * @throws IllegalArgumentException if there are none, their lengths differ, or a token is not in
   *     the vocabulary
   */
  static TrainingData of(Tokenizer tokenizer, List<int[]> windows) {
    return WindowData.of(tokenizer, windows, new int[0]);
  }

  /**
   * As {@link #of(Tokenizer, List)}, with classes.
   *
   * @param tokenizer their vocabulary, which becomes the model's
   * @param windows the tokens of each, in [0, V), all of the model's length N, at least one; copied
   * @param labels the class of each sequence, at least 0, in their order
   * @return the data, in memory
   * @throws IllegalArgumentException also if there are not as many classes as sequences
   */
  static TrainingData of(Tokenizer tokenizer, List<int[]> windows, int[] labels) {
    return WindowData.labelled(tokenizer, windows, labels);
  }

  /**
   * {@return sequences of a source of a user's own, such as a database}
   *
   * @param tokenizer their vocabulary, which becomes the model's
   * @param source the sequences of a seed, safe for several threads: a pure function of (seed,
   *     position), so that a resumed run sees what it would have seen
   * @param identity a text that is another where the data are others; a resumed run must give the
   *     same
   * @throws NullPointerException if one is null
   */
  static TrainingData of(Tokenizer tokenizer, Source source, String identity) {
    return new WindowData(tokenizer, source, identity);
  }

  /** A source of sequences, safe for several threads. */
  @FunctionalInterface
  interface Source {

    /**
     * {@return the endless sequences of a seed}
     *
     * @param seed any number; the order of the sequences in each epoch follows from it
     */
    Windows windows(long seed);
  }

  /**
   * {@return the vocabulary}
   *
   * @throws InvalidDataException if a file does not say what its tokens are
   */
  Tokenizer tokenizer();

  /**
   * {@return what tells these data from others: of a file and of sequences in memory the SHA-256,
   * in hexadecimal}
   *
   * @throws InvalidDataException if a file does not state it
   */
  String sha256();

  /**
   * {@return the endless sequences of a model and a seed, safe for several threads}
   *
   * @param model length, objective, schedule and network of the model
   * @param seed any number; the order of the sequences in each epoch follows from it
   * @throws InvalidDataException if a file does not fit the model
   * @throws IllegalArgumentException if sequences that are no file have another length than the
   *     model
   * @throws IOException if a file cannot be read
   */
  Windows windows(ModelConfig model, long seed) throws IOException;

  /**
   * {@return the SHA-256 of the labels that the model takes, in hexadecimal; empty without labels,
   * or where {@link #sha256} is of the labels too}
   *
   * @param model the model, which tells whether classes are taken
   * @throws IOException if a file cannot be read
   */
  Optional<String> labelsSha256(ModelConfig model) throws IOException;

  /**
   * {@return the names of the classes that the model takes; empty where they are not known}
   *
   * @param model the model, which tells whether classes are taken
   * @throws IOException if a file cannot be read
   */
  Optional<ClassNames> classNames(ModelConfig model) throws IOException;

  /**
   * Begins to compare the files of a model's data with what they state of themselves.
   *
   * @param model length, objective, schedule and network of the model
   * @return the comparison, which goes on by itself; closed by the caller
   * @hidden its types are internal
   */
  DataCheck check(ModelConfig model);
}
