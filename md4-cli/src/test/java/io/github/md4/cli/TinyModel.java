// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.Precision;
import io.github.md4.core.model.ModelConfig;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.network.Network;
import io.github.md4.core.network.ParameterSpec;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.network.transformer.TransformerConfig;
import io.github.md4.core.network.transformer.TransformerConfig.Conditioning;
import io.github.md4.core.schedule.Curve;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.token.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;

/** A real model that is small and knows nothing. */
public record TinyModel(Tokenizer tokenizer) {
  static final int LENGTH = 11;
  private static final double DEVIATION = 0.5;

  /** Of seven characters. */
  public static final TinyModel OF_SEVEN = new TinyModel(new Tokenizer.Characters(" abcdef"));

  /** Writes a finished model whose every guess is the uniform law. */
  Path writeUniform(Path folder) throws IOException {
    write(
        folder,
        (spec, index) -> new float[Math.toIntExact(spec.shape().size())],
        SavedModel::writeWeights);
    return folder;
  }

  /** Writes a finished model of random weights. */
  public Path write(Path folder, long seed) throws IOException {
    write(folder, random(seed), SavedModel::writeWeights);
    return folder;
  }

  /** Writes a finished model of another config with random weights. */
  Path write(Path folder, ModelConfig config, long seed) throws IOException {
    Files.createDirectories(folder);
    SavedModel.Description description = new SavedModel.Description(config, tokenizer);
    description.write(folder);
    try (NDManager manager = NDManager.newBaseManager();
        Network network = description.network(manager, Precision.FLOAT32);
        Parameters parameters = Parameters.of(manager, network.specs(), random(seed))) {
      SavedModel.writeWeights(folder, parameters);
    }
    return folder;
  }

  /** Writes a checkpoint whose averaged and raw weights differ by their seeds. */
  public void writeCheckpoint(Path folder, long average, long raw) throws IOException {
    write(
        folder,
        random(average),
        (target, model) -> {
          try (NDManager manager = NDManager.newBaseManager();
              Parameters other = parameters(manager, random(raw))) {
            SavedModel.writeWeights(target, other, model);
          }
        });
  }

  private interface Writing {
    void write(Path folder, Parameters parameters) throws IOException;
  }

  private void write(Path folder, Parameters.Values values, Writing writing) throws IOException {
    Files.createDirectories(folder);
    description().write(folder);
    try (NDManager manager = NDManager.newBaseManager();
        Parameters parameters = parameters(manager, values)) {
      writing.write(folder, parameters);
    }
  }

  private SavedModel.Description description() {
    TransformerConfig network =
        TransformerConfig.defaults()
            .withHeads(3, 4)
            .withLayers(2)
            .withConditioning(Conditioning.ADALN);
    return new SavedModel.Description(
        new ModelConfig(LENGTH, new Curve.Linear(), MaskingSchedule.DEFAULT_EPSILON, network),
        tokenizer);
  }

  private Parameters parameters(NDManager manager, Parameters.Values values) {
    try (Network network = description().network(manager, Precision.FLOAT32)) {
      return Parameters.of(manager, network.specs(), values);
    }
  }

  private static Parameters.Values random(long seed) {
    return (spec, index) -> draw(spec, new Random(31 * seed + index));
  }

  private static float[] draw(ParameterSpec spec, Random random) {
    float[] values = new float[Math.toIntExact(spec.shape().size())];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (DEVIATION * random.nextGaussian());
    }
    return values;
  }
}
