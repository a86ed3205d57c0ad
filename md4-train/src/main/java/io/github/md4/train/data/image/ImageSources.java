// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.image;

import io.github.md4.core.InvalidDataException;
import io.github.md4.core.UntrustedFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The recognition of the formats of files and folders of images. */
final class ImageSources {
  private static final List<String> TARS = List.of(".tar", ".tar.gz", ".tgz", ".tar.xz");
  private static final int IDX_DIMENSIONS = 3;

  private ImageSources() {}

  /**
   * Returns the images at a path.
   *
   * @param labels the source of their labels
   * @param colours the number of colours of pictures
   * @throws InvalidDataException if the format is unknown
   */
  static ImageSource open(Path path, LabelSource labels, int colours) throws IOException {
    String name = String.valueOf(path.getFileName());
    if (Files.isDirectory(path)) {
      return new Pictures(path, new PictureFiles.Folder(path), labels, colours);
    }
    new UntrustedFile(path).checkExists("");
    if (TARS.stream().anyMatch(name::endsWith)) {
      return new Pictures(path, new PictureFiles.Archive(path), labels, colours);
    }
    if (name.endsWith(".npz") || NumpyArray.isIn(path)) {
      return new NumpyImages(path, labels);
    }
    if (IdxFile.isIn(path, IDX_DIMENSIONS)) {
      return new IdxImages(path, labels);
    }
    if (name.endsWith(".bin")) {
      labels.checkWithImages(path);
      return new CifarBatch(path);
    }
    if (IdxFile.isIn(path, 1)) {
      throw new InvalidDataException(
          path, "holds labels in IDX where images are expected; labels have a file of their own");
    }
    throw new InvalidDataException(
        path,
        "must be a batch of CIFAR-10 (.bin), IDX, .npy, .npz, or a folder or tar of PNG and JPEG");
  }
}
