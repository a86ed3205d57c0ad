// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static io.github.md4.cli.Ran.md4;
import static io.github.md4.cli.Ran.words;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.md4.cli.failure.ExitCodes;
import io.github.md4.core.Activation;
import io.github.md4.core.diffusion.ObjectiveKind;
import io.github.md4.core.model.ModelConfig;
import io.github.md4.core.network.NetworkConfig;
import io.github.md4.core.network.transformer.GaussianTransformerConfig;
import io.github.md4.core.network.transformer.TransformerConfig;
import io.github.md4.core.network.transformer.TransformerConfig.Conditioning;
import io.github.md4.core.schedule.Curve;
import io.github.md4.core.schedule.MaskingSchedule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Each objective with every sampler, schedule, network and score: what it has works, and what it
 * has not is one line.
 */
final class ObjectiveTableTest {
  /** One sampler of each family that models of masks have. */
  private static final Set<String> OF_MASKS =
      Set.of("ancestral", "first-hitting", "confidence", "random-order", "euler", "tau-leaping");

  private static final Set<String> ALL_SAMPLERS = with(OF_MASKS, "autoregressive");
  private static final Set<String> WITH_STEPS = Set.of("ancestral", "euler", "tau-leaping");
  private static final Set<String> OF_UNIFORM_NOISE = Set.of("ancestral", "tau-leaping");

  /** The samplers of each objective. */
  private static final Map<String, Set<String>> SAMPLERS =
      Map.of(
          "diffusion", OF_MASKS,
          "autoregressive", Set.of("autoregressive"),
          "maskgit", OF_MASKS,
          "any-order", OF_MASKS,
          "score-entropy", OF_MASKS,
          "d3pm-absorbing", OF_MASKS,
          "d3pm-uniform", OF_UNIFORM_NOISE,
          "ctmc-absorbing", OF_MASKS,
          "ctmc-uniform", OF_UNIFORM_NOISE,
          "gaussian", Set.of("ancestral"));

  private static final Map<String, Set<String>> SCHEDULES =
      Map.of(
          "diffusion",
          Set.of("linear", "learned(1)"),
          "gaussian",
          Set.of("linear", "learned-noise"));

  private static final Set<String> IN_CONTINUOUS_TIME =
      Set.of("any-order", "score-entropy", "ctmc-absorbing", "ctmc-uniform", "gaussian");

  @TempDir private Path folder;

  private static Set<String> with(Set<String> all, String more) {
    return Stream.concat(all.stream(), Stream.of(more))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /** All but that of imported networks alone, whose commands are in PublishedCommandsTest. */
  static List<String> objectives() {
    return ObjectiveKind.all().stream()
        .map(ObjectiveKind::name)
        .filter(name -> !name.equals("block-diffusion"))
        .toList();
  }

  @Test
  void table_hasEveryObjective() {
    assertThat(SAMPLERS.keySet()).isEqualTo(new LinkedHashSet<>(objectives()));
  }

  private static NetworkConfig network(ObjectiveKind objective) {
    TransformerConfig plain =
        TransformerConfig.defaults()
            .withHeads(3, 4)
            .withLayers(1)
            .withConditioning(Conditioning.ADALN);
    if (objective.vectorWidth() > 0) {
      return new GaussianTransformerConfig(
          objective.vectorWidth(),
          0.25,
          4,
          3,
          3,
          1,
          Activation.GLU,
          Conditioning.ADALN,
          true,
          0,
          0);
    }
    return objective.isCausal() ? plain.withCausal(true) : plain;
  }

  private Path model(String name) throws IOException {
    return model(folder, name);
  }

  /** Writes a model of an objective with random weights. */
  static Path model(Path folder, String name) throws IOException {
    ObjectiveKind objective = ObjectiveKind.parse(name);
    ModelConfig config =
        new ModelConfig(
            objective,
            TinyModel.LENGTH,
            new Curve.Linear(),
            MaskingSchedule.DEFAULT_EPSILON,
            network(objective));
    return TinyModel.OF_SEVEN.write(folder.resolve(name), config, 1);
  }

  @ParameterizedTest
  @MethodSource("objectives")
  void samplers_thatItHasWork_andOthersAreALine(String objective) throws IOException {
    Path model = model(objective);
    Map<String, String> wrong = new TreeMap<>();
    for (String sampler : ALL_SAMPLERS) {
      boolean isWithSteps = WITH_STEPS.contains(sampler);
      Ran ran =
          md4(
              words(
                  "sample --device cpu --count 1 --sampler "
                      + sampler
                      + (isWithSteps ? " --steps 2" : ""),
                  "--model",
                  model));
      boolean isRefused =
          ran.code() == ExitCodes.USAGE && ran.err().lines().count() == 1 && ran.out().isEmpty();
      boolean has = SAMPLERS.get(objective).contains(sampler);
      if (has ? ran.code() != 0 : !isRefused || !ran.err().contains("sampler")) {
        wrong.put(sampler, ran.code() + " " + ran.err());
      }
    }
    assertThat(wrong).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("objectives")
  void schedulesAndNetworks_thatItHasNotAreALine(String objective) throws IOException {
    TinyTraining training = TinyTraining.prepare(folder);
    Map<String, String> wrong = new TreeMap<>();
    String of = "model.objective=" + objective;
    String network = "model.network.kind=gaussian-transformer";
    boolean isGaussian = objective.equals("gaussian");
    List<String> base = new ArrayList<>(List.of("--set", of, "--dry-run"));
    if (objective.equals("autoregressive")) {
      base.addAll(List.of("--set", "model.network.causal=true"));
    }
    for (String schedule : List.of("linear", "learned(1)", "learned-noise")) {
      List<String> words = new ArrayList<>(base);
      words.addAll(List.of("--set", "model.schedule=" + schedule));
      if (schedule.equals("learned(1)")) {
        words.addAll(List.of("--set", "training.samples=2"));
      }
      if (isGaussian) {
        words.addAll(List.of("--set", network));
      }
      check(
          wrong,
          training.train(words.toArray(String[]::new)),
          SCHEDULES.getOrDefault(objective, Set.of("linear")).contains(schedule),
          "schedule must be");
    }
    List<String> other = new ArrayList<>(base);
    if (!isGaussian) {
      other.addAll(List.of("--set", network));
    }
    check(wrong, training.train(other.toArray(String[]::new)), false, "network");
    String causal = "model.network.causal=" + !objective.equals("autoregressive");
    check(
        wrong,
        training.train("--set", of, "--set", causal, "--dry-run"),
        false,
        isGaussian ? "network" : "network.causal must be");
    assertThat(wrong).isEmpty();
  }

  private static void check(Map<String, String> wrong, Ran ran, boolean has, String named) {
    boolean isRefused = ran.code() == ExitCodes.USAGE && ran.err().lines().count() == 1;
    if (has ? ran.code() != 0 : !isRefused || !ran.err().contains(named)) {
      wrong.put(named + " " + wrong.size(), has + ": " + ran.code() + " " + ran.err());
    }
  }

  /** A model is scored by what it has, and what it has not is a line. */
  @ParameterizedTest
  @MethodSource("objectives")
  void scores_thatItHasNotAreALine(String objective) throws IOException {
    Path model = model(objective);
    Path data = RandomText.write(folder.resolve("data"), " abcdef", 30 * TinyModel.LENGTH);
    boolean isOfMasks = SAMPLERS.get(objective).equals(OF_MASKS);
    String score = "evaluate --device cpu --model " + model + " --data " + data;
    md4(words(score)).check();
    Ran anyOrder = md4(words(score + " --any-order"));
    if (isOfMasks || objective.equals("autoregressive")) {
      assertThat(anyOrder.code()).isZero();
    } else {
      anyOrder.failed(ExitCodes.USAGE, "--any-order: nothing of the model is masked");
    }
    Ran steps = md4(words(score + " --steps 5"));
    if (IN_CONTINUOUS_TIME.contains(objective)) {
      steps.failed(ExitCodes.USAGE, "--steps: the objective " + objective + " has continuous time");
    } else {
      assertThat(steps.code()).isZero();
    }
    Ran order = md4(words("evaluate order" + score.substring("evaluate".length())));
    if (isOfMasks) {
      assertThat(order.code()).isZero();
    } else {
      order.failed(ExitCodes.USAGE, "--model: has no likelihood in an order");
    }
    Path items =
        Files.writeString(folder.resolve("i.jsonl"), "{\"prompt\": \"a\", \"answer\": \"b\"}");
    Ran answers = md4(words("evaluate answers --device cpu --model " + model + " --from " + items));
    if (isOfMasks) {
      assertThat(answers.code()).as(answers.err()).isZero();
    } else {
      answers.failed(ExitCodes.USAGE, "--model: has no likelihood of an answer");
    }
  }

  /** A run of one objective is resumed as no other. */
  @Test
  void resume_asAnotherObjectiveIsALine() throws IOException {
    TinyTraining training = TinyTraining.prepare(folder);
    training
        .train(
            "--set", "training.steps=5", "--set", "sampling.count=0", "--set", "evaluation.every=0")
        .check();
    Map<String, String> wrong = new TreeMap<>();
    for (String objective : objectives()) {
      if (!objective.equals("diffusion")) {
        String causal = "model.network.causal=" + objective.equals("autoregressive");
        List<String> words =
            new ArrayList<>(List.of("--resume", "--set", "model.objective=" + objective, "--set"));
        words.add(
            objective.equals("gaussian") ? "model.network.kind=gaussian-transformer" : causal);
        check(wrong, training.train(words.toArray(String[]::new)), false, "objective: diffusion");
      }
    }
    assertThat(wrong).isEmpty();
  }
}
