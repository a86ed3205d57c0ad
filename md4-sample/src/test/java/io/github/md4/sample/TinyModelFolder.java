// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.Precision;
import io.github.md4.core.model.ModelConfig;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.model.Weights;
import io.github.md4.core.network.Network;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.schedule.Curve;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.token.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;

/** The folder of a model that a test can afford. */
final class TinyModelFolder {
  static final int LENGTH = 9;
  static final Tokenizer TOKENIZER = new Tokenizer.Characters("abc []");

  private TinyModelFolder() {}

  static void write(Path folder) throws IOException {
    ModelConfig config =
        new ModelConfig(
            LENGTH, new Curve.Linear(), MaskingSchedule.DEFAULT_EPSILON, TinyTransformer.config(0));
    SavedModel.Description description = new SavedModel.Description(config, TOKENIZER);
    description.write(folder);
    try (NDManager manager = NDManager.newBaseManager();
        Network network = description.network(manager, Precision.FLOAT32);
        Parameters parameters = Parameters.of(manager, network.specs(), TinyTransformer::values)) {
      SavedModel.writeWeights(folder, parameters);
    }
  }

  /** Loads the model of a folder, which the manager then belongs to. */
  static MaskedDiffusion load(Path folder, NDManager manager) throws IOException {
    return new LoadedDiffusion(
        manager, SavedModel.load(folder, Weights.EMA, manager, Precision.FLOAT32));
  }
}
