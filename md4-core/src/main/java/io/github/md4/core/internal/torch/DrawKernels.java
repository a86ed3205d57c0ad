// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.torch;

import static io.github.md4.core.Checks.require;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.util.Map;

/**
 * Draws and truncations of categorical distributions in float64, where small probabilities do not
 * vanish. Only {@link #reference} draws in float32, as the reference does.
 *
 * <p>A draw is one float64 [3, R], so that a single copy takes it to the host: the tokens, their
 * probabilities under the network, and a {@link Confidence}.
 */
public final class DrawKernels implements AutoCloseable {
  /** The value of a uniform or a probability that takes the likeliest token. */
  public static final double LIKELIEST = -1;

  private final TorchScript script;

  /** The parts of one upload: zt int64 [B, N], rows int64 [R], noise float64 [c, R]. */
  public record Unpacked(NDArray zt, NDArray rows, NDArray noise) {}

  public DrawKernels(NDManager parent) {
    script =
        TorchScript.load(
            parent, Map.of(), TorchScript.resource(DrawKernels.class, "draw.torchscript"));
  }

  /**
   * Splits the packed inputs of a step. On a GPU each upload of an array waits, so a step uploads
   * one.
   *
   * @param packed float64: the tokens [B N], the rows [R], then the noise [c R]
   */
  public Unpacked unpack(NDManager scope, NDArray packed, int batchSize, int length, int rows) {
    NDList parts = script.run(scope, "unpack", packed, batchSize, length, rows);
    return new Unpacked(parts.get(0), parts.get(1), parts.get(2));
  }

  /**
   * Returns one draw from {@code softmax(logits)} a row, by inversion of the distribution function.
   *
   * @param logits float [R, V]; minus infinity is never drawn
   * @param u uniforms in [0, 1) or {@link #LIKELIEST}, float64 [R]
   * @return tokens, probabilities and confidences, float64 [3, R], attached to {@code scope}; the
   *     token is -1 where the distribution is NaN
   */
  public NDArray draw(NDManager scope, NDArray logits, NDArray u, Confidence confidence) {
    return script.run(scope, "draw", logits, u, confidence.code()).singletonOrThrow();
  }

  /** Returns a draw like {@link #draw}, with tokens drawn from {@code softmax(law)}, [R, V]. */
  public NDArray drawFrom(
      NDManager scope, NDArray logits, NDArray law, NDArray u, Confidence confidence) {
    return script.run(scope, "drawFrom", logits, law, u, confidence.code()).singletonOrThrow();
  }

  /**
   * Returns one draw for each row as the reference makes it (spec, T1): from {@code [p
   * softmax(law), 1 - p]}, the largest sum of log-probability and Gumbel noise, in float32. With
   * its noise of 23 bits, an outcome below about 1e-8 is never drawn. The noise of a row is the
   * SplitMix64 stream of its key.
   *
   * @param noise the high and the low 32 bits of each key, signed, and p in [0, 1] or {@link
   *     #LIKELIEST}, float64 [3, R]
   * @return outcomes, V where the mask stays, and twice their probabilities under {@code logits},
   *     meaningless where it stays; float64 [3, R]; the outcome is -1 where the distribution is NaN
   */
  public NDArray reference(NDManager scope, NDArray logits, NDArray law, NDArray noise) {
    return script.run(scope, "reference", logits, law, noise).singletonOrThrow();
  }

  /**
   * Returns a draw of each masked row that may stay masked: it is revealed with a probability that
   * its scores add up to.
   *
   * @param law the logits of the tokens drawn, [R, V]
   * @param noise uniforms or {@link #LIKELIEST}, and the logarithms of the scores' factors, float64
   *     [2, R]
   * @param isNormalised whether scores are the factor times {@code softmax(logits)}, or times
   *     {@code exp(logits)}
   * @param leaps whether the sum S of the scores reveals with {@code 1 - exp(-S)}, or with S itself
   * @return as {@link #reference}
   */
  public NDArray scored(
      NDManager scope,
      NDArray logits,
      NDArray law,
      NDArray noise,
      boolean isNormalised,
      boolean leaps) {
    return script.run(scope, "scored", logits, law, noise, isNormalised, leaps).singletonOrThrow();
  }

  /**
   * Returns a draw of the step back of discrete time with uniform noise.
   *
   * @param noise uniforms, tokens shown, alpha at the end and at the beginning of the step, float64
   *     [4, R]
   */
  public NDArray uniformStep(NDManager scope, NDArray logits, NDArray law, NDArray noise) {
    return script.run(scope, "uniformStep", logits, law, noise).singletonOrThrow();
  }

  /**
   * Returns a draw of a leap of continuous time with uniform noise, one jump of a row at most.
   *
   * @param noise uniforms, tokens shown, alpha, the rate of the noise times the leap's length over
   *     V, and 1 where the noise's own rates are added or 0; float64 [5, R]
   */
  public NDArray uniformLeap(NDManager scope, NDArray logits, NDArray law, NDArray noise) {
    return script.run(scope, "uniformLeap", logits, law, noise).singletonOrThrow();
  }

  /** Returns {@code logits / temperature}, shifted so that the largest is 0. */
  public NDArray temper(NDManager scope, NDArray logits, double temperature) {
    require(temperature > 0, "temperature must be positive", temperature);
    return script.run(scope, "temper", logits, temperature).singletonOrThrow();
  }

  /**
   * Returns the logits of the smallest set of tokens whose mass is at least {@code p}, together
   * with all that tie with its least likely one; minus infinity elsewhere.
   *
   * @param p positive; at 1 or more all tokens stay
   */
  public NDArray topP(NDManager scope, NDArray logits, double p) {
    require(p > 0, "p must be positive", p);
    // The running sum can round to 1 before the last tokens.
    double bound = p >= 1 ? Double.POSITIVE_INFINITY : p;
    return script.run(scope, "topP", logits, bound).singletonOrThrow();
  }

  /**
   * Returns the k largest logits, with ties; minus infinity elsewhere.
   *
   * @param k at least 1; at V or more all tokens stay
   */
  public NDArray topK(NDManager scope, NDArray logits, int k) {
    require(k >= 1, "k must be at least 1", k);
    return script.run(scope, "topK", logits, k).singletonOrThrow();
  }

  @Override
  public void close() {
    script.close();
  }
}
