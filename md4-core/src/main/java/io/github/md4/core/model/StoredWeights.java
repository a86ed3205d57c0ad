// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.model;

import io.github.md4.core.InvalidDataException;
import io.github.md4.core.network.Parameters;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The weights of a model in its folder: {@code model.safetensors}, whose metadata say which weights
 * these are, and beside raw ones of a checkpoint {@code ema.safetensors}.
 */
final class StoredWeights {
  static final String MODEL = "model.safetensors";
  private static final String AVERAGE = "ema.safetensors";
  private static final String WHICH = "weights";

  private StoredWeights() {}

  /** Writes raw and averaged weights by prefix. */
  static void write(Path folder, Map<String, Parameters> raw, Map<String, Parameters> average)
      throws IOException {
    ParameterFile.write(folder.resolve(MODEL), metadata(Weights.RAW), raw);
    ParameterFile.write(folder.resolve(AVERAGE), metadata(Weights.EMA), average);
  }

  /** Writes averaged weights alone by prefix. */
  static void write(Path folder, Map<String, Parameters> average) throws IOException {
    ParameterFile.write(folder.resolve(MODEL), metadata(Weights.EMA), average);
  }

  private static Map<String, String> metadata(Weights weights) {
    Map<String, String> metadata = new LinkedHashMap<>();
    metadata.put("format", "pt");
    metadata.put(WHICH, weights.toString());
    return metadata;
  }

  /**
   * Returns the file in which a folder has those weights.
   *
   * @throws InvalidDataException if the folder has not those weights
   */
  static Path file(Path folder, Weights weights) throws IOException {
    Path average = folder.resolve(AVERAGE);
    if (weights == Weights.EMA && Files.exists(average)) {
      return average;
    }
    Path file = folder.resolve(MODEL);
    try (SafeTensors tensors = SafeTensors.open(file)) {
      String which = tensors.metadata().get(WHICH);
      if (which == null) {
        throw new InvalidDataException(
            file,
            "does not say which weights it holds; give it the metadata {\"%s\": \"ema\"}, or raw"
                .formatted(WHICH));
      }
      if (!weights.toString().equals(which)) {
        throw new InvalidDataException(
            file,
            "holds the weights '%s'; '%s' are in a run's checkpoints".formatted(which, weights));
      }
      return file;
    }
  }
}
