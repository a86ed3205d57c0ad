// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.NDManager;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.Precision;
import io.github.md4.core.model.ModelConfig;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.network.Network;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.schedule.Curve;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.schedule.SamplingGrid;
import io.github.md4.sample.method.ExactMethod;
import io.github.md4.sample.method.Leftovers;
import io.github.md4.sample.method.SamplingSteps;
import io.github.md4.sample.own.OwnCurve;
import io.github.md4.sample.own.OwnGrid;
import io.github.md4.sample.own.OwnMethod;
import io.github.md4.sample.own.OwnTokenizer;
import io.github.md4.sample.own.OwnTruncation;
import io.github.md4.sample.trajectory.Sample;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Curve, tokenizer, grid, method and truncation of a user's own, in a folder and in options. */
@Tag("exact")
final class OpenSeamsTest {
  private static final int LENGTH = 9;

  @TempDir private Path folder;

  @BeforeEach
  void write() throws IOException {
    ModelConfig config =
        new ModelConfig(
            LENGTH, new OwnCurve(1.5), MaskingSchedule.DEFAULT_EPSILON, TinyTransformer.config(0));
    SavedModel.Description description = new SavedModel.Description(config, new OwnTokenizer(6));
    description.write(folder);
    try (NDManager manager = NDManager.newBaseManager();
        Network network = description.network(manager, Precision.FLOAT32);
        Parameters parameters = Parameters.of(manager, network.specs(), TinyTransformer::values)) {
      SavedModel.writeWeights(folder, parameters);
    }
  }

  @Test
  void folder_isLoadedWithCurveAndTokenizer() throws IOException {
    try (MaskedDiffusion model = MaskedDiffusion.load(folder)) {
      assertThat(model.description().config().schedule()).isEqualTo(new OwnCurve(1.5));
      assertThat(model.tokenizer()).isEqualTo(new OwnTokenizer(6));
      assertThat(model.generate(SamplingOptions.defaults().steps(9)).get(0).text())
          .matches("[0-5]{9}");
    }
  }

  @Test
  void methodAndTruncation_samplesAndGoThroughJson() throws IOException {
    SamplingOptions options =
        SamplingOptions.defaults()
            .withMethod(new OwnMethod(2))
            .truncation(new OwnTruncation(4))
            .seed(3)
            .samples(2);
    ObjectMapper json = new ObjectMapper();
    SamplingOptions again = json.readValue(json.writeValueAsString(options), SamplingOptions.class);
    assertThat(again).isEqualTo(options);
    assertThat(again.method()).isEqualTo(new OwnMethod(2));
    assertThat(again.law().truncations()).containsExactly(new OwnTruncation(4));
    try (MaskedDiffusion model = MaskedDiffusion.load(folder)) {
      List<Sample> samples = model.generate(options);
      assertThat(samples).hasSize(2).isEqualTo(model.generate(again));
      for (Sample sample : samples) {
        assertThat(sample.text()).matches("[45]{9}");
        assertThat(sample.calls()).isEqualTo(5);
        assertThat(sample.filled()).isEqualTo(IntStream.range(0, LENGTH).toArray());
        assertThat(sample.seed()).isEqualTo(3);
      }
    }
  }

  /** Folder and options name all five, and another Java draws what this one draws. */
  @Test
  void folderAndOptions_giveTheSameSamplesInAnotherJava() throws Exception {
    for (SamplingOptions options :
        List.of(
            SamplingOptions.defaults().withMethod(new OwnMethod(2)),
            SamplingOptions.defaults().sampler("mean(8, squared, drawn)"))) {
      SamplingOptions all = options.truncation(new OwnTruncation(4)).seed(3).samples(2);
      Path file = folder.resolve("options.json");
      Files.writeString(file, new ObjectMapper().writeValueAsString(all));
      try (MaskedDiffusion model = MaskedDiffusion.load(folder)) {
        assertThat(OpenSeamsProgram.run(folder, file))
            .isEqualTo(model.generate(all).stream().map(Sample::text).toList());
      }
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          left-to-right(2)|absent(2)|sampler must be |: absent
          from(4)|absent(4)|truncation must be top-p, top-k or from|: absent(4)
          squared|absent|grid must be uniform, cosine or squared|: absent
          """)
  void options_sayWhichKindIsAbsent(String own, String absent, String begin, String end)
      throws IOException {
    SamplingOptions options =
        SamplingOptions.defaults().truncation(new OwnTruncation(4)).withMethod(new OwnMethod(2));
    ObjectMapper json = new ObjectMapper();
    String ofMethod = json.writeValueAsString(options);
    String ofGrid = json.writeValueAsString(options.sampler("mean(8, squared, drawn)"));
    String named = ofMethod.contains(own) ? ofMethod : ofGrid;
    assertThat(named).contains(own);
    assertThatThrownBy(() -> json.readValue(named.replace(own, absent), SamplingOptions.class))
        .rootCause()
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(begin)
        .hasMessageEndingWith(end);
  }

  @Test
  void grid_isFoundByItsName() {
    SamplingOptions options = SamplingOptions.defaults().sampler("mean(8, squared, drawn)");
    assertThat(options.method())
        .isEqualTo(new ExactMethod.Mean(new SamplingSteps(new OwnGrid(), 8), Leftovers.DRAWN));
    assertThatThrownBy(() -> SamplingGrid.parse("absent"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("grid must be uniform, cosine or squared: absent");
  }

  /** A curve without a kind. */
  record Nameless() implements Curve {
    @Override
    public double alpha(double t) {
      return 1 - t;
    }

    @Override
    public double oneMinusAlpha(double t) {
      return t;
    }

    @Override
    public double alphaPrime(double t) {
      return -1;
    }

    @Override
    public String toString() {
      return "nameless";
    }
  }

  @Test
  void folder_isNotWrittenWithoutAKind(@TempDir Path other) {
    ModelConfig config = new ModelConfig(LENGTH, new Nameless(), 1e-4, TinyTransformer.config(0));
    SavedModel.Description description = new SavedModel.Description(config, new OwnTokenizer(6));
    assertThatThrownBy(() -> description.write(other))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("or steep")
        .hasMessageEndingWith("nameless");
  }

  @Test
  void folder_saysWhichCurveIsAbsent() throws IOException {
    Path config = folder.resolve("config.json");
    Files.writeString(config, Files.readString(config).replace("steep(1.5)", "absent(2)"));
    assertThatThrownBy(() -> MaskedDiffusion.load(folder))
        .isInstanceOf(InvalidDataException.class)
        .hasMessageContaining("config.json")
        .hasMessageEndingWith("absent(2)");
  }

  @Test
  void folder_saysWhichTokenizerIsAbsent() throws IOException {
    Path tokenizer = folder.resolve("tokenizer.json");
    Files.writeString(tokenizer, Files.readString(tokenizer).replace("digits", "absent"));
    assertThatThrownBy(() -> MaskedDiffusion.load(folder))
        .isInstanceOf(InvalidDataException.class)
        .hasMessageContaining("tokenizer.json")
        .hasMessageEndingWith("\"absent\"");
  }
}
