// SPDX-License-Identifier: Apache-2.0

import ai.djl.ndarray.NDManager;
import io.github.md4.cli.config.ConfigLoader;
import io.github.md4.cli.experiment.Experiment;
import io.github.md4.core.Precision;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.network.Network;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.token.Gpt2Tokenizer;
import io.github.md4.core.token.Tokenizer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/** A writer of untrained models, to measure speeds: RandomModel CONFIG FOLDER [KEY=VALUE...]. */
final class RandomModel {
  private static final int SHORT = 256;

  private RandomModel() {}

  /** Writes a model of 27 characters where it is short, else one of GPT-2's tokens. */
  public static void main(String[] args) throws Exception {
    List<String> overrides = Arrays.asList(args).subList(2, args.length);
    Experiment experiment = ConfigLoader.load(Path.of(args[0]), overrides, Experiment.class);
    Tokenizer tokenizer =
        experiment.model().length() <= SHORT
            ? new Tokenizer.Characters(" abcdefghijklmnopqrstuvwxyz")
            : new Gpt2Tokenizer();
    Path folder = Files.createDirectories(Path.of(args[1]));
    SavedModel.Description description =
        new SavedModel.Description(experiment.model(), tokenizer);
    description.write(folder);
    try (NDManager manager = NDManager.newBaseManager();
        Network network = description.network(manager, Precision.FLOAT32);
        Parameters parameters = Parameters.initial(manager, network.specs(), new Noise(0))) {
      SavedModel.writeWeights(folder, parameters);
    }
  }
}
