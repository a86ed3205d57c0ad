// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.internal.data;

import io.github.md4.core.InvalidDataException;
import io.github.md4.core.token.DataSplit;
import io.github.md4.core.token.Provenance;
import io.github.md4.core.token.TokenFileInfo;
import io.github.md4.core.token.TokenFileWriter;
import io.github.md4.core.token.Tokenizer;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The writer of a stream of tokens as train, valid and test. No file gets its name before all are
 * complete.
 */
public final class SplitWriter implements Closeable {
  /** The names of all splits, in the order in which a stream is cut. */
  public static final List<String> SPLITS = List.of("train", "valid", "test");

  private final Path folder;
  private final List<Long> counts;
  private final List<TokenFileWriter> writers = new ArrayList<>();
  private int current;
  private long writtenOfCurrent;

  /**
   * The part of the description that the splits share.
   *
   * @param name the data set's name, which the JSON files state
   * @param tokenizer the vocabulary of the tokens
   * @param provenance what the tokens were made of
   */
  public record DataSet(String name, Tokenizer tokenizer, Provenance provenance) {
    DataSplit split(String split) {
      return new DataSplit(name, split, tokenizer, provenance);
    }
  }

  /**
   * Creates the files, under other names until {@link #finish}.
   *
   * @param folder the folder of the data set, which exists
   * @param data what the descriptions of the splits share
   * @param counts the number of tokens of each of {@link #SPLITS}; 0 gets no file
   * @throws IOException if a file cannot be written
   */
  public SplitWriter(Path folder, DataSet data, List<Long> counts) throws IOException {
    this.folder = folder;
    this.counts = counts;
    try {
      for (String split : SPLITS) {
        writers.add(TokenFileWriter.create(bin(folder, split), data.split(split)));
      }
    } catch (IOException e) {
      close();
      throw e;
    }
  }

  /**
   * {@return the token file of a split}
   *
   * @param folder the folder of the data set
   * @param split one of {@link #SPLITS}
   */
  public static Path bin(Path folder, String split) {
    return folder.resolve(split + ".bin");
  }

  public static Path json(Path folder, String split) {
    return folder.resolve(split + ".json");
  }

  /**
   * Appends tokens to the splits that they fall into.
   *
   * @param ids tokens in [0, V), any number
   * @throws InvalidDataException if they are more than the splits take together
   * @throws IOException if a file cannot be written
   */
  public void write(int[] ids) throws IOException {
    int done = 0;
    while (done < ids.length) {
      while (current < counts.size() && writtenOfCurrent == counts.get(current)) {
        current++;
        writtenOfCurrent = 0;
      }
      if (current == counts.size()) {
        throw changed();
      }
      int count = (int) Math.min(ids.length - done, counts.get(current) - writtenOfCurrent);
      writers.get(current).write(Arrays.copyOfRange(ids, done, done + count));
      writtenOfCurrent += count;
      done += count;
    }
  }

  /**
   * Names the files and returns their descriptions. Removes an older file of a split that is empty
   * now.
   *
   * @return the descriptions of the splits that are not empty, in the order of {@link #SPLITS}
   * @throws InvalidDataException if fewer tokens were written than the splits take
   * @throws IOException if a file cannot be written
   */
  public List<TokenFileInfo> finish() throws IOException {
    checkIsWhole();
    List<TokenFileInfo> infos = new ArrayList<>();
    for (int i = 0; i < counts.size(); i++) {
      if (counts.get(i) > 0) {
        infos.add(writers.get(i).seal());
      }
    }
    for (int i = 0; i < counts.size(); i++) {
      if (counts.get(i) > 0) {
        writers.get(i).publish();
      } else {
        Files.deleteIfExists(bin(folder, SPLITS.get(i)));
        Files.deleteIfExists(json(folder, SPLITS.get(i)));
      }
    }
    return List.copyOf(infos);
  }

  private void checkIsWhole() {
    for (int i = current; i < counts.size(); i++) {
      long written = i == current ? writtenOfCurrent : 0;
      if (written != counts.get(i)) {
        throw changed();
      }
    }
  }

  private InvalidDataException changed() {
    return new InvalidDataException(folder, "the text changed while it was read; prepare it again");
  }

  @Override
  public void close() throws IOException {
    for (TokenFileWriter writer : writers) {
      writer.close();
    }
  }
}
