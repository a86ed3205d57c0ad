// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.image;

import io.github.md4.core.InvalidDataException;
import io.github.md4.core.UntrustedFile;
import io.github.md4.core.internal.text.Counted;
import io.github.md4.core.token.ImageShape;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * Images in a NumPy array, uint8 [images, rows, columns] or [images, rows, columns, colours]. An
 * {@code .npz} may hold their labels too, in the only array of as many integers.
 *
 * @param labels the source of the labels
 */
record NumpyImages(Path path, LabelSource labels) implements ImageSource {
  private static final int GREY = 3;
  private static final int COLOURED = 4;
  private static final Set<Integer> COLOURS = Set.of(1, 3);
  private static final int MOST_COLOURS = 4;

  @Override
  public SortedSet<String> classes() throws IOException {
    SortedSet<String> classes = ClassOrder.none();
    Map<String, NumpyArray> arrays = arrays();
    classes.addAll(labels(arrays, images(arrays).shape()[0]));
    return classes;
  }

  @Override
  public void read(Receiver receiver) throws IOException {
    Map<String, NumpyArray> arrays = arrays();
    NumpyArray images = images(arrays);
    int[] sizes = images.shape();
    ImageShape shape = new ImageShape(sizes[1], sizes[2], sizes.length == COLOURED ? sizes[3] : 1);
    List<String> ofImages = labels(arrays, sizes[0]);
    for (int index = 0; index < sizes[0]; index++) {
      int from = index * shape.size();
      byte[] values = Arrays.copyOfRange(images.data(), from, from + shape.size());
      String label = ofImages.isEmpty() ? "" : ofImages.get(index);
      receiver.image("image " + index, new Image(shape, values), label);
    }
  }

  private Map<String, NumpyArray> arrays() throws IOException {
    if (!path.toString().endsWith(".npz")) {
      return Collections.singletonMap(path.toString(), NumpyArray.read(path));
    }
    SortedMap<String, NumpyArray> arrays = new TreeMap<>();
    try (ZipFile zip = new ZipFile(path.toFile())) {
      for (var entry : Collections.list(zip.entries())) {
        arrays.put(entry.getName(), NumpyArray.read(path, bytes(zip, entry)));
      }
    } catch (IOException | IllegalArgumentException e) {
      throw new UntrustedFile(path).refused("is not an .npz file, or damaged", e);
    }
    return arrays;
  }

  /** Java checks the checksums of an archive only where it is read as a stream. */
  private byte[] bytes(ZipFile zip, ZipEntry entry) throws IOException {
    CRC32 sum = new CRC32();
    try (InputStream in = new CheckedInputStream(zip.getInputStream(entry), sum)) {
      byte[] bytes = in.readAllBytes();
      if (sum.getValue() != entry.getCrc()) {
        throw new InvalidDataException(
            path, "the checksum of %s is wrong; copy it again".formatted(entry.getName()));
      }
      return bytes;
    }
  }

  private NumpyArray images(Map<String, NumpyArray> arrays) {
    NumpyArray images =
        only(
            arrays,
            "one array of images, uint8 [images, rows, columns] or [images, rows, columns, colours]",
            array -> array.isBytes() && isImages(array.shape()));
    checkColoursAreLast(images.shape());
    if (Arrays.stream(images.shape()).anyMatch(size -> size < 1)) {
      throw new InvalidDataException(path, "holds no images: " + Arrays.toString(images.shape()));
    }
    arrays.forEach((name, array) -> checkIsKnown(name, array, images));
    return images;
  }

  private void checkColoursAreLast(int[] shape) {
    boolean isFirst =
        shape.length == COLOURED
            && COLOURS.contains(shape[1])
            && shape[COLOURED - 1] > MOST_COLOURS;
    if (isFirst) {
      throw new InvalidDataException(
          path,
          "has its colours first, %s; transpose to [images, rows, columns, colours]"
              .formatted(Arrays.toString(shape)));
    }
  }

  @SuppressWarnings("ReferenceEquality") // which of the file's arrays it is, not what it holds
  private void checkIsKnown(String name, NumpyArray array, NumpyArray images) {
    if (array != images && !isLabels(array, images.shape()[0])) {
      throw new InvalidDataException(
          path,
          "%s is neither images nor a label for each of %d: %s; write it into another file"
              .formatted(name, images.shape()[0], Arrays.toString(array.shape())));
    }
  }

  private static boolean isImages(int[] shape) {
    return shape.length == GREY || shape.length == COLOURED;
  }

  private List<String> labels(Map<String, NumpyArray> arrays, int count) throws IOException {
    return labels.inOrder(count, () -> ownLabels(arrays, count));
  }

  private List<String> ownLabels(Map<String, NumpyArray> arrays, int count) {
    boolean hasLabels = arrays.values().stream().anyMatch(array -> isLabels(array, count));
    if (!hasLabels) {
      return List.of();
    }
    NumpyArray found =
        only(arrays, "one array of " + Counted.of(count, "label"), array -> isLabels(array, count));
    return LabelFile.ofNumbers(path, found.integers());
  }

  private static boolean isLabels(NumpyArray array, int count) {
    boolean isList = array.shape().length == 1;
    boolean isColumn = array.shape().length == 2 && array.shape()[1] == 1;
    return (isList || isColumn) && array.shape()[0] == count;
  }

  private interface Test {
    boolean holds(NumpyArray array);
  }

  private NumpyArray only(Map<String, NumpyArray> arrays, String what, Test test) {
    List<NumpyArray> found = arrays.values().stream().filter(test::holds).toList();
    if (found.size() != 1) {
      throw new InvalidDataException(
          path,
          "must hold %s: %d of %s"
              .formatted(what, found.size(), String.join(", ", arrays.keySet())));
    }
    return found.get(0);
  }
}
