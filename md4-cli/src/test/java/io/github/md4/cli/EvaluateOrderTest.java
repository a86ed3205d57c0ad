// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static io.github.md4.cli.Ran.md4;
import static io.github.md4.cli.Ran.words;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import com.fasterxml.jackson.databind.JsonNode;
import io.github.md4.core.Precision;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.model.Weights;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Exact likelihoods in one order. */
final class EvaluateOrderTest {
  private static final int LENGTH = TinyModel.LENGTH;
  private static final int CHUNKS = 70;
  private static final int MASK = 7;

  @TempDir private Path folder;
  private Path model;
  private Path data;

  @BeforeEach
  void write() throws IOException {
    model = TinyModel.OF_SEVEN.write(folder.resolve("model"), 1);
    data = RandomText.write(folder.resolve("data"), " abcdef", CHUNKS * LENGTH);
  }

  private JsonNode order(String options, Object... more) {
    return md4(words(
            "evaluate order --device cpu --json --model " + model + " --data " + data + options,
            more))
        .succeeded()
        .json();
  }

  /** The tokens of the data, a byte each. */
  private int[][] chunks() throws IOException {
    byte[] bytes = Files.readAllBytes(data);
    int[][] chunks = new int[CHUNKS][LENGTH];
    for (int i = 0; i < CHUNKS * LENGTH; i++) {
      chunks[i / LENGTH][i % LENGTH] = bytes[i];
    }
    return chunks;
  }

  /** The mean loss by a plain loop over chunks, steps and tokens. */
  private double naive(int[] order, int atOnce) throws IOException {
    double sum = 0;
    try (NDManager manager = NDManager.newBaseManager(Device.cpu());
        SavedModel loaded = SavedModel.load(model, Weights.EMA, manager, Precision.FLOAT32)) {
      for (int[] x : chunks()) {
        long[] zt = new long[LENGTH];
        Arrays.fill(zt, MASK);
        for (int first = 0; first < LENGTH; first += atOnce) {
          // The linear schedule, squeezed by 1e-4, masks the share that is still masked.
          double masked = (double) (LENGTH - first) / LENGTH;
          double t = Math.min(1, (masked - 1e-4) / (1 - 2e-4));
          try (NDArray shown = manager.create(zt, new Shape(1, LENGTH));
              NDArray rows = manager.arange(0, LENGTH, 1, ai.djl.ndarray.types.DataType.INT64);
              NDArray logits = loaded.denoiser().logits(shown, Condition.at(t), rows);
              NDArray log = logits.logSoftmax(1)) {
            for (int i = first; i < Math.min(LENGTH, first + atOnce); i++) {
              sum -= log.getFloat(order[i], x[order[i]]);
            }
          }
          for (int i = first; i < Math.min(LENGTH, first + atOnce); i++) {
            zt[order[i]] = x[order[i]];
          }
        }
      }
    }
    return sum / CHUNKS / LENGTH;
  }

  @Test
  @Tag("naive")
  void order_isAPlainLoopOverItsSteps() throws IOException {
    int[] leftToRight = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
    int[] own = {3, 0, 10, 1, 9, 2, 8, 4, 7, 5, 6};
    Path file = Files.writeString(folder.resolve("order.txt"), "3 0 10 1 9 2 8\n4 7 5 6\n");
    JsonNode one = order("");
    assertThat(one.path("natsPerToken").asDouble()).isCloseTo(naive(leftToRight, 1), within(1e-5));
    assertThat(one.path("order").asText()).isEqualTo("left to right");
    assertThat(one.path("steps").asInt()).isEqualTo(LENGTH);
    JsonNode three = order(" --tokens-per-step 3 --batch-size 9 --order " + file);
    assertThat(three.path("natsPerToken").asDouble()).isCloseTo(naive(own, 3), within(1e-5));
    assertThat(three.path("steps").asInt()).isEqualTo(4);
    assertThat(three.path("bitsPerToken").asDouble())
        .isCloseTo(three.path("natsPerToken").asDouble() / Math.log(2), within(1e-9));
  }

  /** In random orders the mean is the any-order bound: five standard errors of both. */
  @Test
  @Tag("statistical")
  void randomOrders_haveTheAnyOrderBoundAsTheirMean() {
    JsonNode random = order(" --order random --seed 3");
    JsonNode bound =
        md4(words(
                "evaluate --device cpu --json --any-order --passes 40 --model " + model,
                "--data",
                data))
            .succeeded()
            .json();
    JsonNode anyOrder = null;
    for (JsonNode each : bound.path("estimates")) {
      anyOrder = each.path("estimator").asText().contains("order") ? each : anyOrder;
    }
    assertThat(anyOrder).isNotNull();
    double error =
        Math.hypot(
            random.path("natsPerTokenStandardError").asDouble(),
            anyOrder.path("natsPerTokenStandardError").asDouble());
    assertThat(random.path("natsPerToken").asDouble())
        .isCloseTo(anyOrder.path("natsPerToken").asDouble(), within(5 * error));
    assertThat(error).isLessThan(0.1);
    assertThat(order(" --order random --seed 4").path("natsPerToken"))
        .isNotEqualTo(random.path("natsPerToken"));
  }

  @Test
  void losses_areComparedInPairsWithABound() {
    Path exact = folder.resolve("exact.csv");
    Path bound = folder.resolve("bound.csv");
    assertThat(order(" --losses " + exact).path("chunks").asInt()).isEqualTo(CHUNKS);
    md4(words("evaluate --device cpu --losses " + bound, "--model", model, "--data", data)).check();
    JsonNode both =
        md4("compare", "--json", "--first", exact, "--second", bound).succeeded().json();
    assertThat(both.at("/pairs/0/bitsPerToken").isNumber()).isTrue();
    assertThat(
            md4(words("evaluate order --device cpu --model " + model + " --data " + data))
                .succeeded()
                .out())
        .contains("exact in the order left to right, 1 at once: 11 calls for a chunk");
  }

  @Test
  void wrongUses_areRefusedInOneLine() throws IOException {
    String call = "evaluate order --device cpu --data " + data + " --model ";
    Path damaged = Files.writeString(folder.resolve("twice.txt"), "0 1 2 3 4 5 6 7 8 9 9");
    md4(words(call + model + " --order " + damaged))
        .failed(3, "must have each position of a sequence of the model once, 0 to 10");
    Path words = Files.writeString(folder.resolve("words.txt"), "first second");
    md4(words(call + model + " --order " + words))
        .failed(3, "must have the positions in their order, whole numbers from 0");
    md4(words(call + model + " --order backwards")).failed(2, "--order: must be left-to-right");
  }
}
