// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.image;

import java.io.IOException;
import java.nio.file.Path;
import java.util.SortedSet;

/** Images in a file or a folder, in an order that is always the same. */
sealed interface ImageSource permits CifarBatch, IdxImages, NumpyImages, Pictures {

  /** Returns the file or folder. */
  Path path();

  /** Returns the names of all classes that it tells of; nothing where it has no labels. */
  SortedSet<String> classes() throws IOException;

  /**
   * Hands over every image.
   *
   * @throws io.github.md4.core.InvalidDataException if what all images stand in is damaged
   */
  void read(Receiver receiver) throws IOException;

  /** Takes images. */
  interface Receiver {

    /**
     * Takes an image.
     *
     * @param name of it, for people
     * @param label the name of its class; empty where the source has no labels
     */
    void image(String name, Image image, String label) throws IOException;

    /** Hears of an image that is damaged, or of a kind that cannot be read. */
    void damaged(String name, String reason);
  }
}
