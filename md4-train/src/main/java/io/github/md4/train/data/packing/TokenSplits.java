// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.packing;

import io.github.md4.core.token.DataSplit;
import io.github.md4.core.token.TokenFileInfo;
import io.github.md4.core.token.TokenFileWriter;
import io.github.md4.train.internal.data.SplitWriter;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The token files of splits that are written side by side. No file gets its name before all are
 * complete. A process that is told to end removes its unfinished files.
 */
final class TokenSplits implements Closeable {
  private final Path folder;
  private final DataSplit content;
  private final Map<String, TokenFileWriter> writers = new LinkedHashMap<>();
  private final Thread atExit = new Thread(this::discard);

  /**
   * Creates the files.
   *
   * @param content the description that all splits share, but for the name of the split
   */
  TokenSplits(Path folder, DataSplit content) {
    this.folder = folder;
    this.content = content;
    Runtime.getRuntime().addShutdownHook(atExit);
  }

  /** Appends tokens to a split and creates its file with the first. */
  synchronized void write(String split, int[] ids) throws IOException {
    TokenFileWriter writer = writers.get(split);
    if (writer == null) {
      DataSplit own =
          new DataSplit(
              content.dataSet(),
              split,
              content.tokenizer(),
              content.provenance(),
              content.rowLength());
      writer = TokenFileWriter.create(SplitWriter.bin(folder, split), own);
      writers.put(split, writer);
    }
    writer.write(ids);
  }

  /** Names all files and returns their descriptions in the order of train, valid and test. */
  synchronized List<TokenFileInfo> finish() throws IOException {
    List<TokenFileInfo> infos = new ArrayList<>();
    for (String split : SplitWriter.SPLITS) {
      if (writers.containsKey(split)) {
        infos.add(writers.get(split).seal());
      }
    }
    for (TokenFileWriter writer : writers.values()) {
      writer.publish();
    }
    return infos;
  }

  private void discard() {
    try {
      closeAll();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private synchronized void closeAll() throws IOException {
    for (TokenFileWriter writer : writers.values()) {
      writer.close();
    }
  }

  @Override
  public void close() throws IOException {
    closeAll();
    try {
      Runtime.getRuntime().removeShutdownHook(atExit);
    } catch (IllegalStateException alreadyEnding) {
      // The hook is running and removes the same files.
      return;
    }
  }
}
