// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.noise.Noise.Purpose;

/**
 * A law of all sequences of a few tokens, and the denoiser that knows it: at a masked position it
 * answers with the law of the token given all that is not masked, whatever the time.
 *
 * @param probabilities of the sequences, which are numbers in base V, the first position leading;
 *     all positive
 */
public record TinyLaw(TokenSpace space, int length, double[] probabilities) implements Denoiser {

  /** A law in which every sequence has its own probability, and tokens depend on each other. */
  public static TinyLaw random(int vocabularySize, int length) {
    double[] u =
        new Noise(53).uniforms(Purpose.SOURCE, 0, 0, (int) Math.pow(vocabularySize, length));
    double sum = 0;
    for (int i = 0; i < u.length; i++) {
      u[i] = 0.02 + u[i] * u[i] * u[i];
      sum += u[i];
    }
    for (int i = 0; i < u.length; i++) {
      u[i] /= sum;
    }
    return new TinyLaw(new TokenSpace(vocabularySize), length, u);
  }

  /** All sequences without a mask, in the order of the probabilities. */
  public int[][] sequences() {
    int[][] sequences = new int[probabilities.length][length];
    for (int i = 0; i < sequences.length; i++) {
      int rest = i;
      for (int n = length - 1; n >= 0; n--) {
        sequences[i][n] = rest % space.vocabularySize();
        rest /= space.vocabularySize();
      }
    }
    return sequences;
  }

  /** In nats. */
  public double entropy() {
    double entropy = 0;
    for (double p : probabilities) {
      entropy -= p * Math.log(p);
    }
    return entropy;
  }

  /** The law of the token at a position given all of {@code zt} that is not masked. */
  public double[] mu(int[] zt, int position) {
    double[] mu = new double[space.vocabularySize()];
    double sum = 0;
    int[][] sequences = sequences();
    for (int i = 0; i < sequences.length; i++) {
      if (agrees(sequences[i], zt)) {
        mu[sequences[i][position]] += probabilities[i];
        sum += probabilities[i];
      }
    }
    for (int v = 0; v < mu.length; v++) {
      mu[v] /= sum;
    }
    return mu;
  }

  private boolean agrees(int[] sequence, int[] zt) {
    for (int n = 0; n < length; n++) {
      if (!space.isMask(zt[n]) && zt[n] != sequence[n]) {
        return false;
      }
    }
    return true;
  }

  @Override
  public NDArray logits(NDArray zt, Condition condition, NDArray rows) {
    long[] flat = zt.toLongArray();
    long[] positions = rows.toLongArray();
    float[] logits = new float[positions.length * space.vocabularySize()];
    for (int r = 0; r < positions.length; r++) {
      int[] example = new int[length];
      int first = (int) positions[r] / length * length;
      for (int n = 0; n < length; n++) {
        example[n] = (int) flat[first + n];
      }
      double[] mu = mu(example, (int) positions[r] % length);
      for (int v = 0; v < mu.length; v++) {
        logits[r * mu.length + v] = (float) Math.log(mu[v]);
      }
    }
    return zt.getManager().create(logits, new Shape(positions.length, space.vocabularySize()));
  }
}
