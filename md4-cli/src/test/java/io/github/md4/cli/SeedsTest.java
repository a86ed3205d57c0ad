// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static io.github.md4.cli.Ran.md4;
import static io.github.md4.cli.Ran.words;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The outputs of fixed seeds, held against recorded ones: training losses, scores and samples of
 * small runs of every objective.
 *
 * <p>{@code seeds.json} was written by this test with {@code -Dmd4.record=FOLDER}, one file a
 * variant: losses, bounds, samples and texts at commit 9b35cc5, standard errors, intervals and the
 * headline later, when they came to be estimated otherwise. Fields of the moment (speeds, paths)
 * were taken out; fields added since are not compared. Ids and texts are equal; numbers agree to
 * the last bits of float32 sums, which differ between processors.
 */
@Tag("golden")
final class SeedsTest {
  private static final JsonMapper JSON = new JsonMapper();
  @TempDir Path folder;

  static Stream<Map.Entry<String, String>> variants() {
    Map<String, String> variants = new TreeMap<>();
    variants.put("md4", "");
    variants.put(
        "discrete",
        "--set training.timeAxis=discrete(10) --set training.timeSampling=independent --set"
            + " training.samples=2 --set model.schedule=cosine --set"
            + " model.network.dropout=0.1");
    variants.put("genmd4", "--set model.schedule=learned --set training.samples=2");
    variants.put(
        "autoregressive",
        "--set model.objective=autoregressive --set model.network.causal=true --set"
            + " sampling.count=0");
    return variants.entrySet().stream();
  }

  @ParameterizedTest
  @MethodSource("variants")
  void outputs_areThoseOfBefore(Map.Entry<String, String> variant) throws IOException {
    String name = variant.getKey();
    ObjectNode ours = outputs(name, variant.getValue());
    String record = System.getProperty("md4.record", "");
    if (!record.isEmpty()) {
      Files.writeString(Path.of(record).resolve(name + ".json"), ours.toPrettyString());
      return;
    }
    try (InputStream in = SeedsTest.class.getResourceAsStream("seeds.json")) {
      compare(name, JSON.readTree(in).get(name), ours);
    }
  }

  private ObjectNode outputs(String name, String settings) throws IOException {
    TinyTraining training = TinyTraining.prepare(folder);
    Object[] train =
        words("train --device cpu --set training.emaWarmUp=false --config", training.config());
    Ran ran = md4(Stream.concat(Stream.of(train), Stream.of(words(settings))).toArray());
    assertThat(ran.code()).isZero();
    ObjectNode outputs = JSON.createObjectNode();
    ArrayNode metrics = outputs.putArray("metrics");
    for (String line : Files.readAllLines(training.run().resolve("metrics.jsonl"))) {
      metrics.add(JSON.readTree(line));
    }
    Path data = folder.resolve("data").resolve("valid.bin");
    String estimates =
        switch (name) {
          case "genmd4", "autoregressive" -> "";
          default -> "--steps 5,inf --any-order";
        };
    Object[] evaluate =
        words(
            "evaluate --device cpu --json --passes 2 " + estimates,
            "--model",
            training.run(),
            "--data",
            data);
    outputs.set("scores", md4(evaluate).json());
    if (!name.equals("autoregressive")) {
      Object[] sample =
          words(
              "sample --device cpu --json --count 3 --steps 7 --seed 5", "--model", training.run());
      String samples = md4(sample).succeeded().out();
      outputs.put(
          "samples",
          samples.replaceAll("\"formatVersion\":1,|,\"vocabulary\":\"(?:[^\"\\\\]|\\\\.)*\"", ""));
      Object[] infill =
          words(
              "infill --device cpu --seed 6 --model",
              training.run(),
              "--template",
              "abc[MASK*5] fgh");
      outputs.put("infilled", md4(infill).succeeded().out());
    }
    return outputs;
  }

  private static void compare(String place, JsonNode expected, JsonNode ours) {
    assertThat(ours).as(place).isNotNull();
    if (expected.isNumber()) {
      double value = expected.asDouble();
      assertThat(ours.asDouble())
          .as(place)
          .isCloseTo(value, within(1e-5 * Math.max(1e-3, Math.abs(value))));
    } else if (expected.isContainerNode()) {
      assertThat(expected.isArray() ? ours.size() : 0)
          .as(place)
          .isEqualTo(expected.isArray() ? expected.size() : 0);
      Iterator<String> names = expected.fieldNames();
      while (names.hasNext()) {
        String name = names.next();
        compare(place + "." + name, expected.get(name), ours.get(name));
      }
      for (int i = 0; expected.isArray() && i < expected.size(); i++) {
        compare(place + "[" + i + "]", expected.get(i), ours.get(i));
      }
    } else {
      assertThat(ours.asText()).as(place).isEqualTo(expected.asText());
    }
  }
}
