// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.image;

import io.github.md4.core.token.ImageShape;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.SortedSet;

/**
 * Grey images in MNIST's format.
 *
 * @param labels the source of the labels
 */
record IdxImages(Path path, LabelSource labels) implements ImageSource {
  private static final int DIMENSIONS = 3;

  @Override
  public SortedSet<String> classes() throws IOException {
    SortedSet<String> classes = ClassOrder.none();
    try (IdxFile idx = IdxFile.open(path, DIMENSIONS)) {
      classes.addAll(labels(idx.sizes()[0]));
    }
    return classes;
  }

  @Override
  public void read(Receiver receiver) throws IOException {
    try (IdxFile idx = IdxFile.open(path, DIMENSIONS)) {
      int count = idx.sizes()[0];
      ImageShape shape = new ImageShape(idx.sizes()[1], idx.sizes()[2], 1);
      List<String> ofImages = labels(count);
      for (int index = 0; index < count; index++) {
        String name = "image " + index;
        Image image = new Image(shape, idx.read(shape.size(), name));
        receiver.image(name, image, ofImages.isEmpty() ? "" : ofImages.get(index));
      }
      idx.checkEnd();
    }
  }

  private List<String> labels(int count) throws IOException {
    return labels.inOrder(count, List::of);
  }
}
