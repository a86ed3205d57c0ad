// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network;

import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.diffusion.Guided;
import io.github.md4.core.internal.torch.Inversion;
import io.github.md4.core.internal.transformer.StepRows;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;

/**
 * A network that draws tokens itself: the host waits once for a call and its draws together.
 *
 * @hidden its types are internal
 */
public interface StepDraws {

  /**
   * Returns draws by inversion, as {@link io.github.md4.core.internal.torch.DrawKernels} make them
   * of its logits.
   *
   * @param zt partly masked tokens [B N], in [0, V]
   * @param condition the time of each of B examples
   * @param rows flat positions in ascending order [R], R at least 1
   * @param u uniforms in [0, 1), or negative for the likeliest token, [R]
   * @param inversion the law of the tokens, and what is told of them
   * @return tokens, probabilities, confidences, [3, R]; empty where a call of the network followed
   *     by a draw is the faster way
   */
  default Optional<double[]> draw(
      int[] zt, Condition condition, int[] rows, double[] u, Inversion inversion) {
    Iterator<Step> one = List.of(new Step(condition, rows, u)).iterator();
    Iterator<double[]> drawn = drawAhead(zt, one, inversion);
    return drawn.hasNext() ? Optional.of(drawn.next()) : Optional.empty();
  }

  /**
   * A step of several.
   *
   * @param condition the time of each of B examples
   * @param rows where tokens are drawn, and which of them stay; at least one
   * @hidden its types are internal
   */
  record Step(Condition condition, StepRows rows) {
    /**
     * Makes a step whose rows are known and whose tokens all stay.
     *
     * @param condition the time of each of B examples
     * @param rows flat positions in ascending order [R], R at least 1
     * @param u uniforms in [0, 1), or negative for the likeliest token, [R]
     */
    public Step(Condition condition, int[] rows, double[] u) {
      this(condition, new StepRows.Given(rows, u));
    }
  }

  /**
   * Returns the draws of steps, each of which begins with the draws of the one before that stay, in
   * place of the tokens at its rows.
   *
   * @param zt partly masked tokens of the first step [B N], in [0, V]
   * @param steps at least one; the first of them are made, in one go. They are taken when their
   *     turn comes, some of them before the draws of earlier ones are read
   * @param inversion the law of the tokens, and what is told of them
   * @return {@link #draw} of each of the first steps, waited for when it is asked for; none where
   *     none was made, and no further ones after another call of the network
   */
  Iterator<double[]> drawAhead(int[] zt, Iterator<Step> steps, Inversion inversion);

  /**
   * {@return this network with guidance; empty where it does not draw so}
   *
   * @param guided what guides it; its network is this one
   */
  default Optional<StepDraws> with(Guided guided) {
    return Optional.empty();
  }

  /**
   * {@return the network as one that draws itself, if it is one}
   *
   * @param denoiser the network: from partly masked tokens, times and asked rows to logits [R, V]
   */
  static Optional<StepDraws> of(Denoiser denoiser) {
    if (denoiser instanceof Guided guided) {
      return of(guided.network()).flatMap(network -> network.with(guided));
    }
    return denoiser instanceof StepDraws own ? Optional.of(own) : Optional.empty();
  }
}
