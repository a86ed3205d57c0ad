// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.md4.cli.failure.ExitCodes;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code md4 plan} as a user meets it. */
final class PlanCommandTest {
  @TempDir private Path folder;
  private TinyTraining tiny;

  @BeforeEach
  void prepare() throws IOException {
    tiny = TinyTraining.prepare(folder);
  }

  private Ran plan(String... more) {
    String[] words = tiny.words(more);
    words[0] = "plan";
    return Ran.md4((Object[]) words);
  }

  @Test
  void plan_tellsWhatATrainingTakes() {
    JsonNode json = plan("--json", "--seconds", "1").json();
    assertThat(json.path("formatVersion").asInt()).isEqualTo(1);
    assertThat(json.path("parameters").asLong()).isEqualTo(2908);
    assertThat(json.path("flopsPerToken").asDouble()).isPositive();
    JsonNode memory = json.path("memory");
    long sum = 0;
    for (JsonNode part : memory.path("parts")) {
      sum += part.asLong();
    }
    assertThat(memory.path("bytes").asLong()).isEqualTo(sum).isPositive();
    assertThat(memory.path("parts").path("weights").asLong()).isEqualTo(4 * 2908);
    assertThat(memory.path("fits").asBoolean()).isTrue();
    JsonNode time = json.path("time");
    assertThat(time.path("steps").asInt()).isEqualTo(12);
    double step = time.path("secondsPerStep").asDouble();
    assertThat(time.path("tokensPerSecond").asDouble()).isCloseTo(64 / step, within(1e-6 / step));
    assertThat(time.path("parts").path("steps").asDouble()).isCloseTo(12 * step, within(1e-9));
    double seconds = 0;
    for (JsonNode part : time.path("parts")) {
      seconds += part.asDouble();
    }
    assertThat(time.path("seconds").asDouble()).isCloseTo(seconds, within(1e-9));
    assertThat(tiny.run()).doesNotExist();
  }

  /** Images have labels, which the network asks for. */
  @Test
  void plan_takesANetworkWithClasses() {
    Object[] words =
        Ran.words(
            "plan --device cpu --vocabulary 256 --json --seconds 1 --set evaluation.chunks=4"
                + " --set sampling.count=1 --set model.network.layers=1"
                + " --set model.network.width=32 --set training.batchSize=2"
                + " --set training.microBatch=2 --config",
            Path.of("../configs/mnist-tiny.yaml"));
    JsonNode json = Ran.md4(words).succeeded().json();
    assertThat(json.path("time").path("parts").path("evaluation").asDouble()).isPositive();
  }

  @Test
  void plan_saysFirstWhatTakesItsTime() {
    Ran ran = plan("--seconds", "2");
    assertThat(ran.account()).isEqualTo("trying the training for 2 s ...\n");
    assertThat(ran.out()).startsWith("parameters");
  }

  @Test
  void plan_isATableToo() {
    assertThat(plan("--seconds", "1").succeeded().out())
        .contains("parameters ", "2,908", "  activations ", "fits ", "yes, ", "tokens/s, ")
        .containsPattern("time +\\S+ \\S+ for 12 steps");
  }

  @Test
  void plan_saysWhereItsTrialWasOfSmallerBatches() {
    String[] large = {"--seconds", "1", "--set", "training.batchSize=1000000"};
    assertThat(plan(large).err())
        .contains("the training has 1,000,000: speed and memory are rough");
    assertThat(plan("--seconds", "5").err()).doesNotContain("are rough");
  }

  /** The paper's network, on a CPU. */
  @Test
  void plan_ofANetworkThatIsNotForACpuSaysSo() {
    Object[] words =
        Ran.words(
            "plan --device cpu --vocabulary 50257 --config", Path.of("../configs/owt-small.yaml"));
    Ran ran = Ran.md4(words).succeeded();
    assertThat(ran.account()).isEmpty();
    assertThat(ran.out())
        .contains("165,857,344", "not tried: a single example takes this CPU minutes")
        .contains("by arithmetic, not measured: no GPU is here");
  }

  @Test
  void plan_namesAWrongKey() {
    plan("--set", "training.step=3").failed(ExitCodes.USAGE, "did you mean 'training.steps'?");
  }
}
