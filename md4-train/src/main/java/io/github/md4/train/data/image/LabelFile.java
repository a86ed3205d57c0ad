// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.image;

import io.github.md4.core.InvalidDataException;
import io.github.md4.core.internal.text.Counted;
import io.github.md4.train.internal.corpus.Compression;
import io.github.md4.train.internal.corpus.CorpusReader;
import io.github.md4.train.internal.corpus.Lines;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/** A file of labels beside a file of images. */
final class LabelFile {
  private LabelFile() {}

  /**
   * Returns the labels of images in order, from IDX, .npy, or a file with one byte per label.
   *
   * @throws InvalidDataException if there are not {@code count} of them
   */
  static List<String> inOrder(Path file, int count) throws IOException {
    List<String> labels = new ArrayList<>();
    if (NumpyArray.isIn(file)) {
      labels.addAll(ofNumbers(file, NumpyArray.read(file).integers()));
    } else {
      labels.addAll(IdxFile.isIn(file, 1) ? idx(file, count) : ofBytes(bytes(file)));
    }
    checkCount(file, labels.size(), count);
    return labels;
  }

  /**
   * Returns numbers as the names of classes.
   *
   * @param file the file that they come from
   * @throws InvalidDataException if one is negative
   */
  static List<String> ofNumbers(Path file, long[] numbers) {
    for (int i = 0; i < numbers.length; i++) {
      if (numbers[i] < 0) {
        throw new InvalidDataException(
            file, "a label must be at least 0: %d of image %d".formatted(numbers[i], i));
      }
    }
    return Arrays.stream(numbers).mapToObj(Long::toString).toList();
  }

  private static List<String> idx(Path file, int count) throws IOException {
    try (IdxFile idx = IdxFile.open(file, 1)) {
      checkCount(file, idx.sizes()[0], count);
      byte[] labels = idx.read(Math.multiplyExact(count, idx.bytes()), "its labels");
      idx.checkEnd();
      return idx.bytes() == 1
          ? ofBytes(labels)
          : ofNumbers(file, new NumpyArray(">i" + idx.bytes(), idx.sizes(), labels).integers());
    }
  }

  private static List<String> ofBytes(byte[] labels) {
    return IntStream.range(0, labels.length)
        .mapToObj(i -> Integer.toString(labels[i] & 0xFF))
        .toList();
  }

  private static void checkCount(Path file, int labels, int count) {
    if (labels != count) {
      throw new InvalidDataException(
          file,
          "must have a label for each of %s: %,d".formatted(Counted.of(count, "image"), labels));
    }
  }

  private static byte[] bytes(Path file) throws IOException {
    try (var in = Compression.open(file)) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw Compression.blame(file, e);
    }
  }

  /** Returns the class of each file name, from lines of a name, a tab and a class. */
  static Map<String, String> byName(Path file) throws IOException {
    Map<String, String> classes = new LinkedHashMap<>();
    try (Lines lines = new Lines(CorpusReader.ofTexts(List.of(file)))) {
      for (Optional<String> line = lines.next(); line.isPresent(); line = lines.next()) {
        String[] parts = line.get().strip().split("\t", -1);
        if (parts.length != 2) {
          throw new InvalidDataException(
              file, "line %d must be a file name, a tab and a class".formatted(lines.count()));
        }
        classes.put(parts[0], parts[1]);
      }
    }
    return classes;
  }
}
