// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.image;

import io.github.md4.core.InvalidDataException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** The source of images' labels. */
sealed interface LabelSource {

  /**
   * Returns the labels of {@code count} images in their order.
   *
   * @param own the labels that lie with the images; empty where there are none
   */
  List<String> inOrder(int count, Supplier<List<String>> own) throws IOException;

  /**
   * Returns the class of each of the files named.
   *
   * @param own the classes that the names themselves tell; empty where there are none
   */
  Map<String, String> byName(List<String> names, Supplier<Map<String, String>> own)
      throws IOException;

  /**
   * Checks that the labels lie with the images.
   *
   * @throws InvalidDataException if they do not
   */
  void checkWithImages(Path images);

  /** The labels lie with the images, or there are none. */
  record WithImages() implements LabelSource {
    @Override
    public List<String> inOrder(int count, Supplier<List<String>> own) {
      return own.get();
    }

    @Override
    public Map<String, String> byName(List<String> names, Supplier<Map<String, String>> own) {
      return own.get();
    }

    @Override
    public void checkWithImages(Path images) {}
  }

  /** A file of labels. */
  record InFile(Path file) implements LabelSource {
    @Override
    public List<String> inOrder(int count, Supplier<List<String>> own) throws IOException {
      return LabelFile.inOrder(file, count);
    }

    @Override
    public Map<String, String> byName(List<String> names, Supplier<Map<String, String>> own)
        throws IOException {
      Map<String, String> listed = LabelFile.byName(file);
      Map<String, String> classes = new LinkedHashMap<>();
      for (String name : names) {
        String base = name.substring(name.lastIndexOf('/') + 1);
        String label = listed.getOrDefault(name, listed.get(base));
        if (label == null) {
          throw new InvalidDataException(file, "has no class for " + name);
        }
        classes.put(name, label);
      }
      return classes;
    }

    @Override
    public void checkWithImages(Path images) {
      throw new InvalidDataException(images, "has its labels with its images: leave out --labels");
    }
  }
}
