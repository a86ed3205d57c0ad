// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.diffusion;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDManager;

/**
 * Classifier-free guidance away from the same sequence without its prompt (LLaDA): {@code un + (w +
 * 1) (cond - un)}, where un has a mask in place of every given token.
 *
 * @param network the network
 * @param mask its mask's id
 * @param scale w, at least 0; the network alone with 0
 * @param isGiven of which positions the tokens are given, [N]; not to be changed
 */
public record PromptGuidedDenoiser(Denoiser network, int mask, double scale, boolean[] isGiven)
    implements Guided {

  @Override
  public double factor() {
    return scale + 1;
  }

  @Override
  public int[] tokensWithout(int[] zt) {
    int[] without = zt.clone();
    for (int n = 0; n < zt.length; n++) {
      without[n] = isGiven[n % isGiven.length] ? mask : zt[n];
    }
    return without;
  }

  @Override
  public NDArray logits(NDArray zt, Condition condition, NDArray rows) {
    try (NDManager scope = zt.getManager().newSubManager()) {
      scope.tempAttachAll(zt);
      NDArray given = scope.create(isGiven).expandDims(0).broadcast(zt.getShape()); // [B, N]
      NDArray without = NDArrays.where(given, zt.zerosLike().add(mask), zt); // [B, N]
      without.attach(zt.getManager());
      NDArray un = network.logits(without, condition, rows); // [R, V]
      NDArray with = network.logits(zt, condition, rows); // [R, V]
      un.attach(scope);
      with.attach(scope);
      without.attach(scope);
      return scope.ret(un.add(with.sub(un).mul(factor())));
    }
  }
}
