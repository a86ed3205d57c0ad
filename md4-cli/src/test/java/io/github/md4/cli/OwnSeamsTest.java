// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.NDManager;
import io.github.md4.cli.failure.ExitCodes;
import io.github.md4.core.diffusion.ObjectiveKind;
import io.github.md4.core.model.ModelConfig;
import io.github.md4.core.network.NetworkKind;
import io.github.md4.core.token.Tokenizer;
import io.github.md4.train.TrainingPlan;
import io.github.md4.train.TrainingRun;
import io.github.md4.train.batch.TrainingData;
import io.github.md4.train.config.TrainingConfig;
import io.github.md4.train.folder.RunFolder;
import io.github.md4.train.optimizer.DecayKind;
import io.github.md4.train.optimizer.LearningRateConfig;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A network, a decay and an objective of a user's own in a training. ServiceLoader would show their
 * names to all other tests, so they are on the class path of another Java.
 */
@Tag("slow")
final class OwnSeamsTest {
  @TempDir private Path folder;

  private Path services() throws IOException {
    Path services = Files.createDirectories(folder.resolve("jar/META-INF/services"));
    Files.writeString(
        services.resolve(NetworkKind.class.getName()), OwnNetwork.Kind.class.getName());
    Files.writeString(services.resolve(DecayKind.class.getName()), OwnDecay.Kind.class.getName());
    Files.writeString(
        services.resolve(ObjectiveKind.class.getName()), OwnObjective.Kind.class.getName());
    return folder.resolve("jar");
  }

  private static List<String> run(String classPath, String... args)
      throws IOException, InterruptedException {
    List<String> lines = new ArrayList<>();
    Map<String, String> environment = Map.of("OPT_OUT_TRACKING", "true");
    try (ChildJvm child = ChildJvm.start(classPath, OwnSeamsProgram.class, environment, args)) {
      for (String line = child.line(); line != null; line = child.line()) {
        lines.add(line);
      }
      assertThat(child.exitCode()).as(() -> err(child)).isZero();
    }
    return lines;
  }

  private static String err(ChildJvm child) {
    try {
      return child.err();
    } catch (IOException e) {
      return e.toString();
    }
  }

  @Test
  void ownNetworkAndDecay_trainAndGoOnAndAreLoaded() throws IOException, InterruptedException {
    String all = services() + File.pathSeparator + System.getProperty("java.class.path");
    String run = folder.resolve("run").toString();
    List<String> lines = run(all, "train", run);
    assertThat(lines)
        .containsExactly(
            "begins at 0, DJL's operations, differentiated automatically",
            "100 0.01",
            "INTERRUPTED",
            "begins at 150, DJL's operations, differentiated automatically",
            "200 0.01",
            "300 0.005",
            "400 0.005",
            "FINISHED",
            lines.get(8),
            "abcde",
            "true");
    int rotations = Integer.parseInt(lines.get(8).replace(" of 40", ""));
    assertThat(rotations).isGreaterThan(30); // of 5 in 3,125 texts
    assertThat(run(System.getProperty("java.class.path"), "load", run))
        .singleElement()
        .asString()
        .contains("config.json", "network.kind must be one of transformer", "perceptron");
  }

  @Test
  void ownObjective_trainsAndGoesOnAndIsLoaded() throws IOException, InterruptedException {
    Path services = services();
    String all = services + File.pathSeparator + System.getProperty("java.class.path");
    String run = folder.resolve("run").toString();
    List<String> lines = run(all, "objective", run);
    assertThat(lines)
        .contains("INTERRUPTED", "FINISHED", "abcde")
        .contains("begins at 150, DJL's operations, differentiated automatically")
        .endsWith("true");
    Files.delete(services.resolve("META-INF/services/" + ObjectiveKind.class.getName()));
    assertThat(run(all, "load", run))
        .singleElement()
        .asString()
        .contains("config.json", "objective must be ", "one-share");
  }

  /** A network that could not be saved is refused before it is trained. */
  @Test
  void start_refusesANetworkWithoutAKind() {
    TrainingData data = TrainingData.of(new Tokenizer.Characters("ab"), List.of(new int[3]));
    ModelConfig model = ModelConfig.defaults().withLength(3).withNetwork(new OwnNetwork(3, 2));
    TrainingPlan plan =
        TrainingPlan.of(model, TrainingConfig.defaults().steps(2).batchSize(1), data);
    try (NDManager manager = NDManager.newBaseManager()) {
      RunFolder run = new RunFolder(folder.resolve("run"));
      assertThatThrownBy(() -> TrainingRun.start(run, plan, data, manager))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("no NetworkKind on the class path names " + OwnNetwork.class.getName());
    }
  }

  /** A run's config is read as any other: without the kind it is refused, and says which it is. */
  @Test
  void config_saysWhichDecayIsAbsent() throws IOException {
    String config = Files.readString(Path.of("../configs/quickstart.yaml"));
    assertThat(config).contains("decay: cosine");
    Path file = folder.resolve("config.yaml");
    Files.writeString(file, config.replace("decay: cosine", "decay: halved(3)"));
    Ran ran = Ran.md4("train", "--config", file, "--dry-run"); // its data may be missing, too
    assertThat(ran.code()).isEqualTo(ExitCodes.USAGE);
    assertThat(ran.err())
        .contains(file + ":")
        .contains("training.learningRate.decay: decay must be cosine or constant: halved(3)\n");
  }

  @Test
  void decay_saysWhichThereAre() {
    assertThatThrownBy(() -> LearningRateConfig.Decay.parse("halved(3)"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("decay must be cosine or constant: halved(3)");
    assertThatThrownBy(() -> LearningRateConfig.Decay.parse("cosine(x)"))
        .hasMessage("decay must be cosine or constant: cosine(x)");
    assertThat(LearningRateConfig.Decay.parse("constant").toString()).isEqualTo("constant");
  }
}
