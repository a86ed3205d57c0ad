// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.md4.cli.config.ConfigLoader;
import io.github.md4.cli.experiment.Experiment;
import io.github.md4.core.InvalidConfigException;
import io.github.md4.core.diffusion.ObjectiveKind;
import io.github.md4.core.model.ModelConfig;
import io.github.md4.core.network.NetworkKind;
import io.github.md4.core.schedule.Schedule;
import io.github.md4.sample.method.SamplingMethod;
import io.github.md4.sample.method.SamplingProcedure;
import io.github.md4.sample.method.SamplingSteps;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every objective with every network, schedule and sampler: a config either fits or is refused in
 * one line, and so is a sampler. ObjectiveTableTest runs the commands.
 */
final class ObjectiveMatrixTest {
  private static final String TRANSFORMER = "headWidth: 4, heads: 2, keyValueHeads: 2, layers: 1";
  private static final String IMAGE = "image: 4x4x1, width: 32";
  private static final String STREAM = "{width: 32, heads: 2, layers: 1, patch: 2}";

  /** A network of each kind, and the two that have a causal form. */
  private static final Map<String, String> NETWORKS = networks();

  private static final List<String> CURVES =
      List.of("linear", "cosine", "polynomial(2)", "geometric(1e-4, 20)");
  private static final List<String> SCHEDULES = List.of("learned(1)", "learned-noise");

  private static final Set<String> OF_UNIFORM_NOISE = Set.of("d3pm-uniform", "ctmc-uniform");

  /** The samplers in the form of a text, by what they need. */
  private static final List<String> EXACT_OF_MASKS =
      List.of("mean(4, cosine, argmax)", "first-hitting(drawn)");

  private static final List<String> OF_MASKS =
      List.of(
          "reference-ancestral(4, cosine, argmax)",
          "reference-mean(4, uniform, drawn)",
          "confidence(1, 0)",
          "margin(2, 0.5)",
          "entropy(1, 0)",
          "remask-cap(4, cosine, argmax, 0.1)",
          "remask-rescale(4, cosine, argmax, 0.1)",
          "remask-confidence(4, cosine, argmax, 1)",
          "random-order(1)",
          "euler(4, cosine, argmax)",
          "analytic(4, cosine, argmax)",
          "llada(4, 4, low-confidence, 0)",
          "dllm(4, 4, random, 0)",
          "dream-origin(4, 0)",
          "dream-maskgit-plus(4, 0)",
          "dream-topk-margin(4, 0)",
          "dream-entropy(4, 0)",
          "radd(4, 0)",
          "mdlm(4)",
          "sedd-euler(4)",
          "sedd-analytic(4)",
          "bd3lm(4, 4)");

  private static final String ANCESTRAL = "ancestral(4, cosine, argmax)";
  private static final String LEAPING = "tau-leaping(4, cosine, argmax, 1)";
  private static final String CAUSAL = "autoregressive";

  @TempDir private Path folder;
  private TinyTraining training;

  @BeforeEach
  void prepare() throws IOException {
    training = new TinyTraining(folder);
  }

  private static Map<String, String> networks() {
    Map<String, String> networks = new LinkedHashMap<>();
    networks.put("transformer", TRANSFORMER);
    networks.put("causal transformer", TRANSFORMER + ", causal: true");
    networks.put("gaussian-transformer", TRANSFORMER);
    networks.put("unet", IMAGE + ", layers: 1, dropout: 0");
    networks.put("uvit", IMAGE + ", multipliers: [1], layers: 1, middle: " + STREAM);
    networks.put("dit", IMAGE + ", blocks: " + STREAM);
    networks.put("gpt2", "layers: 1, heads: 2, width: 8, positions: 16, start: 0");
    networks.put(
        "ddit", "width: 16, heads: 2, layers: 1, conditionWidth: 8, timeFeatures: t, blockSize: 0");
    networks.put(
        "llama",
        "width: 16, heads: 2, keyValueHeads: 2, headWidth: 8, layers: 1, hiddenWidth: 16,"
            + " rotaryBase: 1e4, epsilon: 1e-5, isBiased: false, hasHeadNorms: false, isTied: false,"
            + " isShifted: false, maskColumn: 0");
    return networks;
  }

  private static List<String> schedules() {
    List<String> all = new ArrayList<>(CURVES);
    all.addAll(SCHEDULES);
    return all;
  }

  /** Returns the model, or nothing where the config is refused in one line. */
  private Optional<ModelConfig> model(String objective, String network, String schedule)
      throws IOException {
    String kind = network.substring(network.indexOf(' ') + 1);
    String model =
        "model:\n  objective: %s\n  schedule: %s\n  length: 16\n  network: {kind: %s, %s}\n"
            .formatted(objective, schedule, kind, NETWORKS.get(network));
    String rest = training.text().replaceFirst("(?s)model:.*training:", "training:\n  samples: 2");
    Files.writeString(training.config(), rest + model);
    try {
      return Optional.of(ConfigLoader.load(training.config(), List.of(), Experiment.class).model());
    } catch (InvalidConfigException e) {
      assertThat(e.getMessage().lines()).as(e.getMessage()).hasSize(1);
      assertThat(e.getMessage()).contains("objective " + objective);
      return Optional.empty();
    }
  }

  private static boolean fits(String objective, String network, String schedule) {
    boolean isCausal = objective.equals("autoregressive");
    boolean isGaussian = objective.equals("gaussian");
    boolean fitsNetwork =
        isGaussian
            ? network.equals("gaussian-transformer")
            : !network.equals("gaussian-transformer")
                && isCausal == Set.of("causal transformer", "gpt2").contains(network);
    boolean fitsSchedule =
        switch (schedule) {
          case "learned(1)" -> objective.equals("diffusion");
          case "learned-noise" -> isGaussian;
          default -> true;
        };
    return fitsNetwork && fitsSchedule;
  }

  @Test
  void networks_areOfEveryKind() {
    Set<String> kinds = new LinkedHashSet<>(NETWORKS.keySet());
    kinds.remove("causal transformer");
    assertThat(kinds).containsExactlyInAnyOrderElementsOf(NetworkKind.all().keySet());
  }

  @Test
  void configs_fitOrAreALine() throws IOException {
    Set<String> wrong = new TreeSet<>();
    for (ObjectiveKind objective : ObjectiveKind.all()) {
      for (String network : NETWORKS.keySet()) {
        for (String schedule : schedules()) {
          boolean isModel = model(objective.name(), network, schedule).isPresent();
          if (isModel != fits(objective.name(), network, schedule)) {
            wrong.add(objective.name() + ", " + network + ", " + schedule + ": " + isModel);
          }
        }
      }
    }
    assertThat(wrong).isEmpty();
  }

  private static Set<String> samplers(ModelConfig model) {
    Set<String> has = new TreeSet<>();
    String objective = model.objective().name();
    if (objective.equals("autoregressive")) {
      has.add(CAUSAL);
      return has;
    }
    has.add(ANCESTRAL);
    if (objective.equals("gaussian")) {
      return has;
    }
    boolean isLearned = model.schedule().toString().startsWith("learned");
    if (isLearned || !OF_UNIFORM_NOISE.contains(objective)) {
      has.addAll(EXACT_OF_MASKS);
    }
    if (!isLearned) {
      has.add(LEAPING);
      if (!OF_UNIFORM_NOISE.contains(objective)) {
        has.addAll(OF_MASKS);
      }
    }
    return has;
  }

  @Test
  void samplers_haveAFormOrAreALine() throws IOException {
    List<String> all = new ArrayList<>(List.of(ANCESTRAL, LEAPING, CAUSAL));
    all.addAll(EXACT_OF_MASKS);
    all.addAll(OF_MASKS);
    Set<String> wrong = new TreeSet<>();
    for (ObjectiveKind objective : ObjectiveKind.all()) {
      for (String network : List.of("transformer", "causal transformer", "gaussian-transformer")) {
        for (String schedule : schedules()) {
          Optional<ModelConfig> model =
              fits(objective.name(), network, schedule)
                  ? model(objective.name(), network, schedule)
                  : Optional.empty();
          model.ifPresent(
              each ->
                  all.stream()
                      .filter(sampler -> hasForm(sampler, each) != samplers(each).contains(sampler))
                      .forEach(sampler -> wrong.add(objective + " " + schedule + " " + sampler)));
        }
      }
    }
    assertThat(wrong).isEmpty();
  }

  private static boolean hasForm(String sampler, ModelConfig model) {
    Schedule schedule = model.schedule().starting(7, model.epsilon());
    SamplingMethod method = SamplingMethod.parse(sampler);
    try {
      SamplingProcedure unused = method.under(schedule, model.objective().generation());
      return true;
    } catch (IllegalArgumentException e) {
      assertThat(e.getMessage().lines()).as(e.getMessage()).hasSize(1);
      assertThat(e.getMessage()).contains("sampler");
      return false;
    }
  }

  /** What is taken where no sampler is chosen has a form for every model. */
  @Test
  void standardSampler_fitsEveryModel() throws IOException {
    for (ObjectiveKind objective : ObjectiveKind.all()) {
      for (String network : NETWORKS.keySet()) {
        for (String schedule : schedules()) {
          if (fits(objective.name(), network, schedule)) {
            ModelConfig model = model(objective.name(), network, schedule).orElseThrow();
            String standard =
                SamplingMethod.standard(
                        model.objective().generation(),
                        new SamplingSteps(SamplingSteps.STANDARD.grid(), 4))
                    .text();
            assertThat(hasForm(standard, model)).as(objective + " " + standard).isTrue();
          }
        }
      }
    }
  }
}
