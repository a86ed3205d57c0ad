// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.internal.corpus;

import io.github.md4.core.internal.text.ByteOrderMark;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.PushbackInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The bytes of a corpus, in order. */
public final class CorpusReader implements Closeable {
  private static final byte[] BYTE_ORDER_MARK =
      String.valueOf(ByteOrderMark.CHARACTER).getBytes(StandardCharsets.UTF_8);

  private final List<Path> files;
  private final boolean isText;
  private final List<Long> starts = new ArrayList<>(); // of the files opened so far
  private InputStream in = InputStream.nullInputStream();
  private long offset;
  private int marks;

  private CorpusReader(List<Path> files, boolean isText) {
    this.files = files;
    this.isText = isText;
  }

  /** Returns the bytes as they are. */
  static CorpusReader ofBytes(List<Path> files) {
    return new CorpusReader(files, false);
  }

  /** Returns the bytes of texts, without the byte order mark that a file may begin with. */
  public static CorpusReader ofTexts(List<Path> files) {
    return new CorpusReader(files, true);
  }

  /** Returns a sentence about byte order marks that were left out; none if there were none. */
  List<String> notes() {
    return marks == 0
        ? List.of()
        : List.of("byte order marks left out at the start of files: " + marks);
  }

  /** The position of a byte of the corpus: a file and an offset in it. */
  public record Place(Path file, long offset) {}

  /** Reads at least one byte, or returns -1 at the end of the last file. */
  int read(byte[] into, int start, int count) throws IOException {
    int read = readFromOne(into, start, count);
    while (read < 0 && starts.size() < files.size()) {
      openNext();
      read = readFromOne(into, start, count);
    }
    offset += Math.max(read, 0);
    return read;
  }

  /** Fills the array as far as there are bytes and returns their number; 0 at the end. */
  public int fill(byte[] into) throws IOException {
    int filled = 0;
    while (filled < into.length) {
      int read = read(into, filled, into.length - filled);
      if (read < 0) {
        break;
      }
      filled += read;
    }
    return filled;
  }

  private int readFromOne(byte[] into, int start, int count) throws IOException {
    try {
      return in.read(into, start, count);
    } catch (IOException e) {
      throw Compression.blame(files.get(starts.size() - 1), e);
    }
  }

  private void openNext() throws IOException {
    Path file = files.get(starts.size());
    in.close();
    int skipped = 0;
    try {
      in = Compression.open(file);
      skipped = isText ? skipMark() : 0;
    } catch (IOException e) {
      throw Compression.blame(file, e);
    }
    starts.add(offset - skipped);
  }

  private int skipMark() throws IOException {
    PushbackInputStream text = new PushbackInputStream(in, BYTE_ORDER_MARK.length);
    in = text;
    byte[] start = text.readNBytes(BYTE_ORDER_MARK.length);
    if (Arrays.equals(start, BYTE_ORDER_MARK)) {
      marks++;
      return start.length;
    }
    text.unread(start);
    return 0;
  }

  /** Returns the position of a byte that was read. */
  public Place place(long byteOffset) {
    int file = starts.size() - 1;
    while (starts.get(file) > byteOffset) {
      file--;
    }
    return new Place(files.get(file), byteOffset - starts.get(file));
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
