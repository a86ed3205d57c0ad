// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static io.github.md4.cli.Ran.md4;
import static io.github.md4.cli.Ran.words;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every system that MD4 is compared with goes through train, evaluate and sample. */
final class BaselinesTest {
  @TempDir private Path folder;

  private static Ran train(TinyTraining training, String objective, String... more) {
    List<String> words = new ArrayList<>(List.of("--set", "model.objective=" + objective));
    words.addAll(List.of("--set", "sampling.count=1", "--set", "training.steps=12"));
    words.addAll(List.of("--set", "evaluation.every=0"));
    words.addAll(List.of(more));
    return training.train(words.toArray(String[]::new));
  }

  @ParameterizedTest
  @CsvSource({
    "score-entropy, euler",
    "score-entropy(unscaled), analytic",
    "any-order, random-order",
    "any-order(probability), first-hitting",
    "'d3pm-absorbing(20, 0.01)', ancestral",
    "'d3pm-uniform(20, 0.001)', ancestral",
    "ctmc-absorbing, tau-leaping",
    "ctmc-uniform, tau-leaping",
    "maskgit, confidence",
  })
  void objective_isTrainedScoredAndSampled(String objective, String sampler) throws IOException {
    TinyTraining training = TinyTraining.prepare(folder);
    train(training, objective).check();
    Path model = training.run();
    Object[] evaluate =
        words("evaluate --device cpu --weights raw --json --model " + model, "--data");
    JsonNode scored = md4(with(evaluate, training.data("valid.bin"))).succeeded().json();
    // Eight letters are 3 bits; the bounds of a network that has seen little are above, and far so
    // where it must learn the size of its scores, too.
    assertThat(scored.path("bitsPerToken").asDouble())
        .isBetween(0.5, objective.contains("unscaled") ? 60.0 : 6.0);
    Object[] sample = words("sample --count 2 --json --device cpu --weights raw --sampler");
    List<JsonNode> samples =
        md4(with(with(sample, sampler), "--model", model)).succeeded().jsonLines();
    assertThat(samples).hasSize(2);
    assertThat(samples.get(0).path("tokens")).hasSize(16);
    Object[] infill =
        words("infill --json --device cpu --weights raw --template abc[MASK*]de --model");
    JsonNode filled =
        md4(with(with(infill, model), "--sampler", sampler)).succeeded().jsonLines().get(0);
    assertThat(filled.path("text").asText()).startsWith("abc").endsWith("de");
  }

  private static Object[] with(Object[] words, Object... more) {
    List<Object> all = new ArrayList<>(List.of(words));
    all.addAll(List.of(more));
    return all.toArray();
  }

  @Test
  void wrongCombinations_areOneLine() throws IOException {
    TinyTraining training = TinyTraining.prepare(folder);
    train(training, "d3pm-uniform(20)").check();
    train(training, "ctmc-uniform", "--resume")
        .failed(
            2, "the run has 'objective: d3pm-uniform(20)', the config 'objective: ctmc-uniform'");
    train(training, "score-entropy", "--set", "run=" + folder.resolve("x")).check();
    Path other = folder.resolve("y");
    train(training, "score-entropy", "--set", "training.timeAxis=discrete(9)")
        .failed(2, "training.timeAxis: the objective score-entropy has continuous time only");
    train(training, "d3pm-absorbing(0)", "--set", "run=" + other)
        .failed(2, "steps must be at least 1: 0");
    train(training, "score-entropie", "--set", "run=" + other)
        .failed(2, "objective must be diffusion, autoregressive, maskgit, any-order");
    train(training, "ctmc-absorbing", "--set", "model.schedule=learned(1)", "--set", "run=" + other)
        .failed(2, "schedule must be a curve for the objective ctmc-absorbing");
    md4(words("sample --count 1 --device cpu --sampler confidence --model " + training.run()))
        .failed(2, "where the noise is uniform, sampler must be ancestral or tau-leaping");
    md4(words("sample --count 1 --device cpu --sampler autoregressive --model " + training.run()))
        .failed(2, "sampler autoregressive needs an autoregressive model");
    md4(words("sample --count 1 --sampler euler --correctors 1 --model " + training.run()))
        .failed(2, "'--correctors' has no effect with --sampler euler");
    md4(words(
            "evaluate --any-order --model " + training.run(), "--data", training.data("valid.bin")))
        .failed(2, "--any-order: nothing of the model is masked");
    Path text = Files.writeString(folder.resolve("given.txt"), "abc de fgh\n");
    md4(words("sample --at 0.5 --device cpu --reconstruct " + text, "--model", training.run()))
        .failed(2, "--at: only a masked diffusion model masks texts in part");
    Path scores = folder.resolve("x");
    md4(words("evaluate --steps 10 --model " + scores, "--data", training.data("valid.bin")))
        .failed(2, "--steps: the objective score-entropy has continuous time only: discrete(10)");
  }
}
