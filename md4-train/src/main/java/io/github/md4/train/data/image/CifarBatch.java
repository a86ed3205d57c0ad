// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.image;

import io.github.md4.core.InvalidDataException;
import io.github.md4.core.internal.text.Counted;
import io.github.md4.core.token.ImageShape;
import io.github.md4.train.internal.corpus.Compression;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.SortedSet;

/**
 * A batch of CIFAR-10's binary version: for each image one byte with its label, then 32 x 32 bytes
 * each of red, green and blue.
 */
record CifarBatch(Path path) implements ImageSource {
  private static final ImageShape SHAPE = new ImageShape(32, 32, 3);
  private static final List<String> CLASSES =
      List.of(
          "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck");

  @Override
  public SortedSet<String> classes() {
    SortedSet<String> classes = ClassOrder.none();
    classes.addAll(CLASSES);
    return classes;
  }

  @Override
  public void read(Receiver receiver) throws IOException {
    int recordBytes = 1 + SHAPE.size();
    try (InputStream in = Compression.open(path)) {
      for (int index = 0; ; index++) {
        byte[] bytes = in.readNBytes(recordBytes);
        if (bytes.length == 0) {
          return;
        }
        if (bytes.length < recordBytes) {
          throw new InvalidDataException(
              path,
              "is cut short: %s of image %d where each takes %,d; copy it again"
                  .formatted(Counted.of(bytes.length, "byte"), index, recordBytes));
        }
        receiver.image("image " + index, Image.ofPlanes(SHAPE, bytes, 1), label(bytes[0], index));
      }
    } catch (IOException e) {
      throw Compression.blame(path, e);
    }
  }

  private String label(byte stored, int index) {
    int label = stored & 0xFF;
    if (label >= CLASSES.size()) {
      throw new InvalidDataException(
          path,
          "the label of image %d must be in [0, %d): %d; is it a batch of CIFAR-10?"
              .formatted(index, CLASSES.size(), label));
    }
    return CLASSES.get(label);
  }
}
