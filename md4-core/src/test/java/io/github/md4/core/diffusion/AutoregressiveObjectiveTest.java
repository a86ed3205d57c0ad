// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.Precision;
import io.github.md4.core.likelihood.Examples;
import io.github.md4.core.likelihood.LikelihoodEstimate;
import io.github.md4.core.likelihood.LikelihoodEstimator;
import io.github.md4.core.model.ModelConfig;
import io.github.md4.core.network.Network;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.network.transformer.Transformer;
import io.github.md4.core.network.transformer.TransformerConfig;
import io.github.md4.core.network.transformer.TransformerConfig.Conditioning;
import io.github.md4.core.network.transformer.TransformerConfig.Embedding;
import io.github.md4.core.schedule.Curve;
import io.github.md4.core.schedule.MaskingSchedule;
import io.github.md4.core.schedule.TimeAxis;
import io.github.md4.core.schedule.TimeFloor;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("exact")
final class AutoregressiveObjectiveTest {
  private static final TokenSpace SPACE = new TokenSpace(3);
  private static final AutoregressiveObjective OBJECTIVE = new AutoregressiveObjective(SPACE);

  private static TransformerConfig network(boolean causal) {
    return TransformerConfig.defaults()
        .withHeads(2, 4)
        .withLayers(2)
        .withEmbedding(Embedding.INSIDE)
        .withConditioning(Conditioning.ADALN)
        .withDepthScaledInit(false)
        .withCausal(causal);
  }

  /** All 81 sequences of four tokens, or one of them. */
  private record Sequences(long count, int first) implements Examples {
    @Override
    public int length() {
      return 4;
    }

    @Override
    public void read(long index, int[] into) {
      int rest = first + (int) index;
      for (int n = 0; n < 4; n++) {
        into[n] = rest % 3;
        rest /= 3;
      }
    }
  }

  private static double nats(NDManager manager, Denoiser denoiser, int sequence) {
    LikelihoodEstimate estimate =
        new LikelihoodEstimator(OBJECTIVE, new LikelihoodEstimator.Settings(1, 1, 64))
            .estimate(manager, denoiser, new Sequences(1, sequence), done -> {});
    return 4 * estimate.natsPerToken();
  }

  /** A causal network is a law of sequences: their probabilities add up to one. */
  @Test
  void likelihoods_addUpToOneForACausalNetworkAlone() {
    for (boolean causal : new boolean[] {true, false}) {
      try (NDManager manager = NDManager.newBaseManager();
          Network network = new Transformer(manager, network(causal), 3, Precision.FLOAT32);
          Parameters parameters = random(manager, network)) {
        Denoiser denoiser = network.denoiser(parameters);
        double sum = 0;
        for (int sequence = 0; sequence < 81; sequence++) {
          sum += Math.exp(-nats(manager, denoiser, sequence));
        }
        if (causal) {
          assertThat(sum).isCloseTo(1, within(1e-5)); // float32 cross-entropies
        } else {
          assertThat(Math.abs(sum - 1)).isGreaterThan(1e-3);
        }
      }
    }
  }

  private static Parameters random(NDManager manager, Network network) {
    Random random = new Random(3);
    return Parameters.of(
        manager,
        network.specs(),
        (spec, index) -> {
          float[] values = new float[Math.toIntExact(spec.shape().size())];
          for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
          }
          return values;
        });
  }

  @Test
  void batch_guessesEveryTokenFromThoseBefore() {
    int[][] x = {{0, 1, 2}, {2, 2, 0}};
    QueryBatch batch =
        QueryBatch.of(
            x,
            new int[] {Condition.NO_LABEL, Condition.NO_LABEL},
            List.of(
                OBJECTIVE.query(x[0], 0.7, new double[3]),
                OBJECTIVE.query(x[1], 0.2, new double[3])));
    assertThat(batch.zt()).isDeepEqualTo(new int[][] {{3, 0, 1}, {3, 2, 2}});
    assertThat(batch.rows()).containsExactly(0, 1, 2, 3, 4, 5);
    assertThat(batch.targets()).containsExactly(0, 1, 2, 2, 2, 0);
    assertThat(batch.askedCount()).isEqualTo(6);
    assertThat(batch.condition().times()).containsOnly(0);
    float[] weights = batch.rowWeights(4);
    // Two of the step's four examples: half of the mean, in bits.
    float sum = 0;
    for (float weight : weights) {
      sum += weight;
    }
    assertThat((double) sum).isCloseTo(0.5 / Math.log(2), within(1e-6));
    assertThat(OBJECTIVE.terms(2).total()).isEqualTo(2);
  }

  @Test
  void config_wantsACausalNetworkForItAndNoOther() {
    ModelConfig config =
        new ModelConfig(
            new AutoregressiveObjective.Kind(), 4, new Curve.Linear(), 1e-4, network(true));
    MaskingSchedule schedule = new MaskingSchedule(new Curve.Linear());
    assertThat(config.objective(SPACE, schedule, new TimeAxis.Continuous(), TimeFloor.EXACT))
        .isEqualTo(OBJECTIVE);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new ModelConfig(4, new Curve.Linear(), 1e-4, network(true)))
        .withMessageContaining("network.causal must be false for the objective diffusion: true");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ObjectiveKind.parse("ar"))
        .withMessage(
            "objective must be diffusion, autoregressive, maskgit, any-order, score-entropy, d3pm-absorbing, d3pm-uniform, ctmc-absorbing, ctmc-uniform, gaussian or block-diffusion: ar");
  }
}
