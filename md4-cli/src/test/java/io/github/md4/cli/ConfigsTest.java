// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDManager;
import io.github.md4.cli.config.ConfigLoader;
import io.github.md4.cli.config.ConfigWriter;
import io.github.md4.cli.experiment.Experiment;
import io.github.md4.core.Precision;
import io.github.md4.core.diffusion.AutoregressiveObjective;
import io.github.md4.core.diffusion.Md4Objective;
import io.github.md4.core.network.Network;
import io.github.md4.core.network.ParameterSpec;
import io.github.md4.core.schedule.LearnedPowers;
import io.github.md4.train.config.TrainingConfig;
import io.github.md4.train.optimizer.MovingAverage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The files of configs/: each can be read, and the paper's have the paper's sizes. */
@Tag("exact")
final class ConfigsTest {
  private static final Path CONFIGS = Path.of("..", "configs");

  static List<String> names() throws IOException {
    try (Stream<Path> files = Files.list(CONFIGS)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.endsWith(".yaml"))
          .sorted()
          .toList();
    }
  }

  private static Experiment load(String name) throws IOException {
    return ConfigLoader.load(CONFIGS.resolve(name), List.of(), Experiment.class);
  }

  @ParameterizedTest
  @MethodSource("names")
  void config_canBeReadAndNamesItsOwnRun(String name) throws IOException {
    assertThat(load(name).run()).isEqualTo(Path.of("runs", name.replace(".yaml", "")));
  }

  @ParameterizedTest
  @MethodSource("names")
  void config_isWrittenOutAsItIs(String name, @TempDir Path folder) throws IOException {
    Path written =
        Files.writeString(folder.resolve("written.yaml"), ConfigWriter.write(load(name)));
    assertThat(ConfigLoader.load(written, List.of(), Experiment.class)).isEqualTo(load(name));
  }

  /** Spec, Section 5.7: counted from the reference's own parameter trees. */
  @ParameterizedTest
  @CsvSource({
    "text8.yaml, 27, 88734272",
    "text8-genmd4.yaml, 27, 88734299",
    "owt-genmd4-small.yaml, 50259, 165910675",
    "cifar10.yaml, 256, 28427520",
    "imagenet64.yaml, 256, 198279680",
    "imagenet64-sample.yaml, 256, 204595712",
    "imagenet64-class.yaml, 256, 205113856",
    "owt-small.yaml, 50257, 165857344",
    "owt-medium.yaml, 50257, 416240960",
    "fineweb-edu-small.yaml, 50257, 165857344",
    "fineweb-edu-medium.yaml, 50257, 416240960",
    "fineweb-edu-large.yaml, 50257, 856093248",
    "fineweb-edu-autoregressive-small.yaml, 50257, 165857344",
    "fineweb-edu-autoregressive-medium.yaml, 50257, 416240960",
    "wiki-bpe.yaml, 50257, 165857344",
    "wiki-bpe-autoregressive.yaml, 50257, 165857344",
  })
  void network_hasThePapersSize(String name, int vocabularySize, long expected) throws IOException {
    try (NDManager manager = NDManager.newBaseManager();
        Network network =
            load(name).model().network().network(manager, vocabularySize, Precision.FLOAT32)) {
      long count =
          network.specs().stream().mapToLong(ConfigsTest::size).sum()
              + load(name).model().schedule().parameterCount(vocabularySize);
      assertThat(count).isEqualTo(expected);
    }
  }

  private static long size(ParameterSpec spec) {
    return spec.shape().size();
  }

  /** docs/spec.md, Section 8: an average has one memory, 0.9999, from the first update on. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "text8.yaml",
        "text8-genmd4.yaml",
        "cifar10.yaml",
        "imagenet64.yaml",
        "imagenet64-sample.yaml",
        "imagenet64-class.yaml",
        "owt-small.yaml",
        "owt-medium.yaml",
        "owt-genmd4-small.yaml",
        "fineweb-edu-small.yaml",
        "fineweb-edu-medium.yaml",
        "fineweb-edu-large.yaml",
        "fineweb-edu-autoregressive-small.yaml",
        "fineweb-edu-autoregressive-medium.yaml",
      })
  void average_isThePapers(String name) throws IOException {
    assertThat(load(name).training().optimization().average())
        .isEqualTo(new MovingAverage(0.9999, false));
  }

  /** A twin differs in its objective alone, and in what hangs on that. */
  @ParameterizedTest
  @CsvSource({
    "fineweb-edu-small.yaml, fineweb-edu-autoregressive-small.yaml",
    "fineweb-edu-medium.yaml, fineweb-edu-autoregressive-medium.yaml",
    "wiki-bpe.yaml, wiki-bpe-autoregressive.yaml",
  })
  void twin_isTrainedAlike(String diffusion, String twin) throws IOException {
    assertThat(load(twin).training()).isEqualTo(load(diffusion).training());
    assertThat(load(twin).data()).isEqualTo(load(diffusion).data());
    assertThat(load(twin).evaluation()).isEqualTo(load(diffusion).evaluation());
    assertThat(load(twin).model().objective()).isEqualTo(new AutoregressiveObjective.Kind());
    assertThat(load(diffusion).model().objective()).isEqualTo(new Md4Objective.Kind());
  }

  /** GenMD4 differs from MD4 in its schedule and samples, and from the paper's in nothing else. */
  @ParameterizedTest
  @CsvSource({"text8-tiny.yaml, text8-tiny-genmd4.yaml", "owt-small.yaml, owt-genmd4-small.yaml"})
  void genMd4_isTrainedAsMd4IsButForItsSamples(String md4, String genMd4) throws IOException {
    TrainingConfig training = load(md4).training();
    List<String> overrides = List.of("training.samples=1", "model.schedule=linear");
    Experiment same = ConfigLoader.load(CONFIGS.resolve(genMd4), overrides, Experiment.class);
    assertThat(same.training()).isEqualTo(training);
    assertThat(same.model()).isEqualTo(load(md4).model());
    assertThat(same.evaluation()).isEqualTo(load(md4).evaluation());
    assertThat(load(genMd4).model().schedule()).isInstanceOf(LearnedPowers.class);
  }

  @Test
  void textExperimentsOfThePaper_areAllThere() throws IOException {
    assertThat(names())
        .contains(
            "text8.yaml",
            "text8-genmd4.yaml",
            "owt-genmd4-small.yaml",
            "owt-small.yaml",
            "owt-medium.yaml",
            "fineweb-edu-small.yaml",
            "fineweb-edu-medium.yaml");
  }
}
