// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.image;

import io.github.md4.core.InvalidDataException;
import io.github.md4.core.token.ImageShape;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
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
        byte[] bytes = zip.getInputStream(entry).readAllBytes();
        arrays.put(entry.getName(), NumpyArray.read(path, bytes));
      }
    } catch (IOException e) {
      throw new InvalidDataException(
          path, "is not an .npz file: " + e.getMessage() + "; copy it again", e);
    }
    return arrays;
  }

  private NumpyArray images(Map<String, NumpyArray> arrays) {
    return only(
        arrays,
        "one array of images, uint8 [images, rows, columns] or [images, rows, columns, colours]",
        array -> array.isBytes() && isImages(array.shape()));
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
        only(arrays, "one array of %d labels".formatted(count), array -> isLabels(array, count));
    return LabelFile.ofNumbers(path, found.integers());
  }

  private static boolean isLabels(NumpyArray array, int count) {
    return array.shape().length == 1 && array.count() == count;
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
