// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.Precision;
import io.github.md4.core.internal.torch.EngineThreads;
import io.github.md4.core.likelihood.LikelihoodEstimate;
import io.github.md4.core.model.ModelConfig;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.network.Network;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.network.TimeFeatures;
import io.github.md4.core.network.transformer.TransformerConfig;
import io.github.md4.core.schedule.Curve;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.token.Tokenizer;
import io.github.md4.sample.service.Pending;
import io.github.md4.sample.service.PendingSamples;
import io.github.md4.sample.service.RequestLimits;
import io.github.md4.sample.trajectory.Sample;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Models of folders where the engine has two threads: what a request gets beside others is what it
 * gets alone, bit for bit. The bound of a text is a sum of logits, so the last bits are seen.
 */
@Tag("exact")
@Timeout(120)
final class SharedThreadsTest {
  private static final int LENGTH = 32;
  private static final int REQUESTS = 12;
  private static final String ALPHABET = "abcdefg";

  @TempDir private Path folder;
  private int before;

  @BeforeEach
  void share() {
    before = EngineThreads.count();
    EngineThreads.set(2);
  }

  @AfterEach
  void restore() {
    EngineThreads.set(before);
  }

  private void write(int heads, int headWidth) throws Exception {
    TransformerConfig network =
        TransformerConfig.defaults()
            .withHeads(heads, headWidth)
            .withLayers(2)
            .withCondition(TimeFeatures.T, 0);
    ModelConfig config =
        new ModelConfig(LENGTH, new Curve.Linear(), MaskingSchedule.DEFAULT_EPSILON, network);
    SavedModel.Description description =
        new SavedModel.Description(config, new Tokenizer.Characters(ALPHABET));
    description.write(folder);
    try (NDManager manager = NDManager.newBaseManager();
        Network made = description.network(manager, Precision.FLOAT32);
        Parameters parameters = Parameters.of(manager, made.specs(), TinyTransformer::values)) {
      SavedModel.writeWeights(folder, parameters);
    }
  }

  /** The text of a request: of a length and of letters of its own. */
  private static int[] text(int request) {
    int[] text = new int[LENGTH - request % 3 * 5];
    for (int n = 0; n < text.length; n++) {
      text[n] = (n * n + request) % ALPHABET.length();
    }
    return text;
  }

  private static List<LikelihoodEstimate> together(MaskedDiffusion model) throws Exception {
    List<Pending<LikelihoodEstimate>> all = new ArrayList<>();
    for (int i = 0; i < REQUESTS; i++) {
      all.add(model.submitScore(text(i), new ScoringOptions((long) i, 2), RequestLimits.none()));
    }
    List<LikelihoodEstimate> estimates = new ArrayList<>();
    for (Pending<LikelihoodEstimate> each : all) {
      estimates.add(each.result().get(60, TimeUnit.SECONDS));
    }
    return estimates;
  }

  private static List<Sample> samplesTogether(MaskedDiffusion model) throws Exception {
    List<PendingSamples> all = new ArrayList<>();
    for (int i = 0; i < REQUESTS; i++) {
      all.add(model.submit(model.masked(1), options(i), RequestLimits.none()));
    }
    List<Sample> samples = new ArrayList<>();
    for (PendingSamples each : all) {
      samples.addAll(each.result().get(60, TimeUnit.SECONDS));
    }
    return samples;
  }

  private static SamplingOptions options(int request) {
    return SamplingOptions.defaults().steps(8).seed(request);
  }

  /** Wide, small, too narrow for a batch of two kinds, and too imprecise for one. */
  @ParameterizedTest
  @CsvSource({
    "6, 64, FLOAT32",
    "2, 16, FLOAT32",
    "1, 8, FLOAT32",
    "4, 6, FLOAT32",
    "2, 16, BFLOAT16"
  })
  void request_isServedAsAlone(int heads, int headWidth, Precision precision) throws Exception {
    write(heads, headWidth);
    LoadingOptions loading = LoadingOptions.defaults().device(Device.cpu()).precision(precision);
    try (MaskedDiffusion model = MaskedDiffusion.load(folder, loading)) {
      List<LikelihoodEstimate> estimates = together(model);
      List<Sample> samples = samplesTogether(model);
      for (int i = 0; i < REQUESTS; i++) {
        assertThat(estimates.get(i))
            .isEqualTo(model.score(text(i), ScoringOptions.defaults().seed(i).groups(2)));
        assertThat(samples.get(i)).isEqualTo(model.generate(1, options(i)).get(0));
      }
    }
  }
}
