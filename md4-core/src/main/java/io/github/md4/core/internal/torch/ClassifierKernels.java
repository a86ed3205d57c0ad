// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.torch;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.util.Map;

/**
 * Small classifiers of images whose last hidden layer gives features, written in {@code
 * classifier.torchscript}. Images are float32 [B, C, H, W], 0 to 255. Every result is float32 and
 * belongs to {@code scope}.
 */
public final class ClassifierKernels implements AutoCloseable {
  private static final String SOURCE =
      TorchScript.resource(ClassifierKernels.class, "classifier.torchscript");

  private final KernelCalls calls;

  public ClassifierKernels(NDManager parent) {
    Nnpack.switchOffWhereItCannotStart(parent.getDevice());
    this.calls = KernelCalls.run(TorchScript.load(parent, Map.of(), SOURCE));
  }

  /**
   * Returns the features of a ResNet for small images, [B, F].
   *
   * @param mean of each colour, [C, 1, 1] of values 0 to 1; likewise {@code deviation}
   * @param weights first filters and batch norm, then two of both for each block, then classes
   */
  public NDArray resNet(
      NDManager scope, NDArray images, NDArray mean, NDArray deviation, NDList weights) {
    return calls.array(scope, "resNet", images, mean, deviation, weights);
  }

  /**
   * Returns the features of a network with one hidden layer, [B, F].
   *
   * @param weights hidden [F, H W C], bias, classes [K, F], bias
   */
  public NDArray dense(NDManager scope, NDArray images, NDList weights) {
    return calls.array(scope, "dense", images, weights);
  }

  /** Returns the logits of the classes, [B, K]; the last two weights are theirs. */
  public NDArray logits(NDManager scope, NDArray features, NDList weights) {
    return calls.array(scope, "logits", features, weights);
  }

  @Override
  public void close() {
    calls.close();
  }
}
