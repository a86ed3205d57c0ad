// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.image;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.SortedSet;

/** The images of a file or a folder, in a fixed order. */
sealed interface ImageSource permits CifarBatch, IdxImages, NumpyImages, Pictures {

  /** Returns the file or folder. */
  Path path();

  /** Returns the names of all classes; empty where there are no labels. */
  SortedSet<String> classes() throws IOException;

  /** Returns a sentence about classes that have no images; nothing where there is none. */
  default Optional<String> note() throws IOException {
    return Optional.empty();
  }

  /**
   * Passes every image to a receiver.
   *
   * @throws io.github.md4.core.InvalidDataException if the file around the images is damaged
   */
  void read(Receiver receiver) throws IOException;

  /** The receiver of images. */
  interface Receiver {

    /**
     * Receives an image.
     *
     * @param name the name of the image in messages
     * @param label the name of its class; empty where the source has no labels
     */
    void image(String name, Image image, String label) throws IOException;

    /** Receives the name of an image that is damaged or cannot be read, with the reason. */
    void damaged(String name, String reason);
  }
}
