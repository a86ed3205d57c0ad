// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.diffusion.ReverseProcess;
import io.github.md4.core.kernel.Activation;
import io.github.md4.core.kernel.DrawKernels;
import io.github.md4.core.kernel.Precision;
import io.github.md4.core.model.ModelConfig;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.model.Weights;
import io.github.md4.core.network.Network;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.network.TransformerConfig;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.schedule.Curve;
import io.github.md4.core.schedule.SamplingGrid;
import io.github.md4.core.token.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** README's library example, line by line, on a model that a test can afford. */
@Tag("exact")
final class ReadmeExampleTest {

  @Test
  void example_printsTexts(@TempDir Path folder) throws IOException {
    write(folder);
    List<String> printed = new ArrayList<>();
    try (NDManager manager = NDManager.newBaseManager();
        SavedModel model = SavedModel.load(folder, Weights.EMA, manager, Precision.FLOAT32);
        DrawKernels kernels = new DrawKernels(manager)) {
      ModelConfig config = model.description().config();
      ReverseProcess process =
          new ReverseProcess(model.description().tokenSpace(), config.maskingSchedule(), kernels);
      SamplingSteps steps = new SamplingSteps(new SamplingGrid.Cosine(), 1000);
      List<int[]> samples =
          new AncestralSampler(manager, model.denoiser(), process, steps)
              .sample(new SampleRequest(4, config.length(), 7, 4, 0));
      samples.forEach(tokens -> printed.add(model.description().tokenizer().decode(tokens)));
    }
    assertThat(printed).hasSize(4).allMatch(text -> text.matches("[abc]{9}"));
  }

  private static void write(Path folder) throws IOException {
    TransformerConfig network =
        new TransformerConfig(
            4,
            2,
            2,
            1,
            TransformerConfig.Embedding.OUTSIDE,
            TransformerConfig.TimeFeatures.T,
            0,
            Activation.GLU,
            TransformerConfig.Conditioning.ADALN,
            true,
            0,
            0,
            false);
    SavedModel.Description description =
        new SavedModel.Description(
            new ModelConfig(9, new Curve.Linear(), 1e-4, network), new Tokenizer.Characters("abc"));
    description.write(folder);
    try (NDManager manager = NDManager.newBaseManager();
        Network built = description.network(manager, Precision.FLOAT32);
        Parameters parameters = Parameters.initial(manager, built.specs(), new Noise(1))) {
      SavedModel.writeWeights(folder, parameters);
    }
  }
}
