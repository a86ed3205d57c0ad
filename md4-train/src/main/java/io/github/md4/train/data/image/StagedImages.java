// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.image;

import io.github.md4.core.InvalidDataException;
import io.github.md4.core.token.ImageShape;
import io.github.md4.train.data.image.ImageData.SkipListener;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Images of one size in a temporary file, which can be read in any order. Closing it deletes the
 * file.
 */
final class StagedImages implements ImageSource.Receiver, AutoCloseable {
  private final Path file;
  private final FileChannel channel;
  private final Resize resize;
  private final SkipListener skips;
  private final int skipLimit;
  private final List<String> labels = new ArrayList<>();
  private Path source;
  private String firstName = "";
  private ImageShape shape;
  private int skipped;
  private boolean isGreyInColours = true;

  /**
   * Creates the file.
   *
   * @param file the temporary file
   * @param skipLimit the number of images that may be damaged
   */
  StagedImages(Path file, Resize resize, int skipLimit, SkipListener skips) throws IOException {
    this.file = file;
    this.resize = resize;
    this.skipLimit = skipLimit;
    this.skips = skips;
    this.channel =
        FileChannel.open(
            file,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE);
  }

  /** Adds all images of a source and returns the number of images. */
  int add(ImageSource from) throws IOException {
    source = from.path();
    from.read(this);
    return count();
  }

  @Override
  public void image(String name, Image given, String label) throws IOException {
    Image image = resize.of(given);
    if (shape == null) {
      shape = image.shape();
      firstName = name;
    }
    if (!image.shape().equals(shape)) {
      throw new InvalidDataException(
          source,
          "images must be of one size: %s is %s, %s is %s; give them one with --size"
              .formatted(firstName, shape, name, image.shape()));
    }
    isGreyInColours &= image.isGreyInColours();
    ByteBuffer bytes = ByteBuffer.wrap(image.values());
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
    labels.add(label);
  }

  @Override
  public void damaged(String name, String reason) {
    skipped++;
    skips.skipped(source + ": " + name, reason);
    if (skipped > skipLimit) {
      throw new InvalidDataException(
          source,
          "damaged images are %d, more than may be skipped (%d); the last is %s: %s"
              .formatted(skipped, skipLimit, name, reason));
    }
  }

  /**
   * Returns the size of all images.
   *
   * @throws InvalidDataException if there is no image
   */
  ImageShape shape() {
    if (shape == null) {
      throw new InvalidDataException(source, "holds no image that can be read");
    }
    return shape;
  }

  int count() {
    return labels.size();
  }

  /** Returns whether all images so far have several colours, which are equal in each pixel. */
  boolean isGreyInColours() {
    return isGreyInColours;
  }

  int skipped() {
    return skipped;
  }

  /** Returns the name of the class of an image. */
  String label(int index) {
    return labels.get(index);
  }

  /** Returns the name of the class of each image; empty ones without classes. */
  List<String> labels() {
    return Collections.unmodifiableList(labels);
  }

  /** Returns an image. */
  Image image(int index) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(shape.size());
    long start = (long) index * shape.size();
    while (bytes.hasRemaining() && channel.read(bytes, start + bytes.position()) >= 0) {}
    return new Image(shape, bytes.array());
  }

  @Override
  public void close() throws IOException {
    channel.close();
    Files.deleteIfExists(file);
  }
}
