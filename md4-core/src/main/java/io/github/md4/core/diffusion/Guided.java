// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

/**
 * A network with guidance: its logits are those of a network that is called twice, with what guides
 * it and without, {@code without + factor (with - without)}.
 */
public interface Guided extends Denoiser {

  /** {@return the network that is called twice; not closed with this} */
  Denoiser network();

  /** {@return the factor of the difference; 1 is the network with what guides it} */
  double factor();

  /**
   * {@return the tokens that the network is shown without guidance, [B N] in [0, V]; a new array or
   * the one that is given}
   *
   * @param zt tokens and masks with guidance, [B N]; not changed
   */
  default int[] tokensWithout(int[] zt) {
    return zt;
  }

  /**
   * {@return what the network is told without guidance}
   *
   * @param condition the times and classes of B examples
   */
  default Condition conditionWithout(Condition condition) {
    return condition;
  }
}
