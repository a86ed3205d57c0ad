// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import ai.djl.Device;
import ai.djl.engine.Engine;
import io.github.md4.core.Precision;
import io.github.md4.core.internal.torch.EngineEnvironment;
import io.github.md4.core.model.Weights;
import java.util.Objects;

/**
 * The options of {@link MaskedDiffusion#load}: the weights, and the precision and the device of
 * their computations. Immutable: each method that takes a value returns other options.
 *
 * @param weights the weights after the last update, or their moving average
 * @param precision the element type of matrix products, float32 or bfloat16; norms, softmax and
 *     losses are float32 in both
 * @param device the device of weights and calls
 */
public record LoadingOptions(Weights weights, Precision precision, Device device) {
  /**
   * Checks that all are there.
   *
   * @param weights the weights after the last update, or their moving average
   * @param precision the element type of matrix products, float32 or bfloat16; norms, softmax and
   *     losses are float32 in both
   * @param device the device of weights and calls
   * @throws NullPointerException if one is null
   */
  public LoadingOptions {
    Objects.requireNonNull(weights, "weights");
    Objects.requireNonNull(precision, "precision");
    Objects.requireNonNull(device, "device");
  }

  /** {@return averaged weights in float32 on the first GPU, or the CPU without one} */
  public static LoadingOptions defaults() {
    EngineEnvironment.prepare();
    return new LoadingOptions(Weights.EMA, Precision.FLOAT32, Engine.getInstance().defaultDevice());
  }

  /**
   * {@return the same with other weights}
   *
   * @param other the weights after the last update, or their moving average
   */
  public LoadingOptions weights(Weights other) {
    return new LoadingOptions(other, precision, device);
  }

  /**
   * {@return the same in another precision}
   *
   * @param other the element type of matrix products, float32 or bfloat16
   */
  public LoadingOptions precision(Precision other) {
    return new LoadingOptions(weights, other, device);
  }

  /**
   * {@return the same on another device}
   *
   * @param other the device of weights and calls
   */
  public LoadingOptions device(Device other) {
    return new LoadingOptions(weights, precision, other);
  }
}
