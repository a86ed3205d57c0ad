// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import io.github.md4.core.model.AtomicWrite;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The small trained model that is an artifact of its own, to try the library without a training.
 */
final class TinyModel {
  private static final String RESOURCES = "io/github/md4/tiny/";
  private static final List<String> FILES =
      List.of("config.json", "tokenizer.json", "model.safetensors");

  private TinyModel() {}

  /**
   * Loads the model by way of a temporary folder, which is deleted again.
   *
   * @param classes finds the model's files
   * @throws IllegalStateException if the artifact is not on the class path
   */
  static MaskedDiffusion load(ClassLoader classes) throws IOException {
    Path folder = Files.createTempDirectory("md4-tiny");
    try {
      for (String file : FILES) {
        copy(classes, file, folder);
      }
      return MaskedDiffusion.load(folder);
    } finally {
      AtomicWrite.delete(folder);
    }
  }

  private static void copy(ClassLoader classes, String file, Path folder) throws IOException {
    try (InputStream in = classes.getResourceAsStream(RESOURCES + file)) {
      if (in == null) {
        throw new IllegalStateException(
            "the tiny model is not on the class path; add io.github.md4:md4-sample with the"
                + " classifier tiny");
      }
      Files.copy(in, folder.resolve(file));
    }
  }
}
