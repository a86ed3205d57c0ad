// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.loss;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The losses of the official SEDD code and of MDLM's D3PM, on the scores and logits of each. */
@Tag("golden")
final class PeerLossesTest {
  private final NDManager manager = NDManager.newBaseManager();

  @AfterEach
  void close() {
    manager.close();
  }

  /** Relative to 1 + the number; the reference's float32 is off by 2.3e-6. */
  private static void check(double ours, double theirs, String where) {
    assertThat(ours).as(where).isCloseTo(theirs, within(1e-5 * (1 + Math.abs(theirs))));
  }

  /**
   * SEDD's log score is {@code f - log(e^sigma - 1) - log V}: what the network says, with the scale
   * by sigma. In units of r that is f less log V.
   */
  @Test
  void scoreEntropy_isThatOfTheOfficialCode() {
    PeerCase.having("log_score", "score_entropy", "sigma", "dsigma", "loss")
        .forEach(this::scoreEntropy_isThatOfTheOfficialCode);
  }

  private void scoreEntropy_isThatOfTheOfficialCode(PeerCase sedd) {
    int[] x = sedd.tokens("x0");
    int[] shown = sedd.tokens("xt");
    double[] sigma = sedd.numbers("sigma");
    double[] rate = sedd.numbers("dsigma");
    int length = x.length / sigma.length;
    int size = sedd.numbers("log_score").length / x.length - 1;
    NDArray scores = sedd.rows(manager, "log_score", size + 1).get(new NDIndex(":, :" + size));
    float[] shifts = new float[x.length];
    for (int row = 0; row < x.length; row++) {
      shifts[row] = (float) Math.log(Math.expm1(sigma[row / length])); // -log r
    }
    AskedRows rows = new AskedRows(x, shown, new float[][] {shifts});
    double[] losses =
        new ScoreEntropyLoss()
            .values(scores, rows.on(scores.getManager()))
            .losses()
            .toDoubleArray();
    double[] expected = sedd.numbers("score_entropy");
    double[] sums = new double[sigma.length];
    for (int row = 0; row < x.length; row++) {
      double r = 1 / Math.expm1(sigma[row / length]);
      double ours = shown[row] == size ? r * losses[row] : 0;
      check(ours, expected[row], "row " + row);
      sums[row / length] += rate[row / length] * ours;
    }
    double[] totals = sedd.numbers("loss");
    for (int b = 0; b < sums.length; b++) {
      check(sums[b], totals[b], "example " + b);
    }
  }

  /** Both parameterisations: the mask guessed, and the mask forbidden. */
  @Test
  void maskClass_isThatOfMdlmsD3pm() {
    PeerCase.having("T", "log_probs", "vb", "log_probs_subs_masking", "vb_subs_masking")
        .forEach(this::maskClass_isThatOfMdlmsD3pm);
  }

  private void maskClass_isThatOfMdlmsD3pm(PeerCase d3pm) {
    check(d3pm, "log_probs", "vb");
    check(d3pm, "log_probs_subs_masking", "vb_subs_masking");
  }

  private void check(PeerCase d3pm, String logits, String bound) {
    int[] x = d3pm.tokens("x0");
    double steps = d3pm.number("T");
    double[] t = d3pm.numbers("t");
    int classes = d3pm.numbers(logits).length / x.length;
    float[][] facts = new float[2][x.length];
    for (int row = 0; row < x.length; row++) {
      double time = t[row * t.length / x.length];
      facts[0][row] = (float) time;
      facts[1][row] = (float) (1 / steps);
    }
    AskedRows rows = new AskedRows(x, d3pm.tokens("xt"), facts);
    NDArray array = d3pm.rows(manager, logits, classes);
    double[] losses =
        new MaskClassStepLoss().values(array, rows.on(array.getManager())).losses().toDoubleArray();
    double[] expected = d3pm.numbers(bound);
    for (int row = 0; row < x.length; row++) {
      check(steps * losses[row], expected[row], bound + " " + row);
    }
  }

  /** The published code divides by zero in the first step; the limit of its weight is 0. */
  @Test
  void maskClass_isFiniteInTheFirstStep() {
    PeerCase.having("T", "log_probs", "edge_t", "edge_vb_is_nan")
        .forEach(this::maskClass_isFiniteInTheFirstStep);
  }

  private void maskClass_isFiniteInTheFirstStep(PeerCase d3pm) {
    assertThat(d3pm.outputs().get("edge_vb_is_nan").getAsBoolean()).isTrue();
    int[] x = d3pm.tokens("x0");
    int classes = d3pm.numbers("log_probs").length / x.length;
    float[][] facts = new float[2][x.length];
    Arrays.fill(facts[0], (float) d3pm.number("edge_t"));
    Arrays.fill(facts[1], (float) d3pm.number("edge_t"));
    NDArray array = d3pm.rows(manager, "log_probs", classes);
    AskedRows rows = new AskedRows(x, d3pm.tokens("xt"), facts);
    FormulaLoss.Values values = new MaskClassStepLoss().values(array, rows.on(array.getManager()));
    for (double loss : values.losses().toDoubleArray()) {
      assertThat(loss).isBetween(0.0, 20.0);
    }
    assertThat(values.gradient().isNaN().any().getBoolean()).isFalse();
  }
}
