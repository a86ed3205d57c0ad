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
 * @param residual the element type of the residual stream where the products are bfloat16 by CUDA
 *     kernels of our own
 * @param device the device of weights and calls
 */
public record LoadingOptions(
    Weights weights, Precision precision, Precision residual, Device device) {
  /**
   * Checks that all are there.
   *
   * @param weights the weights after the last update, or their moving average
   * @param precision the element type of matrix products, float32 or bfloat16; norms, softmax and
   *     losses are float32 in both
   * @param residual the element type of the residual stream where the products are bfloat16 by CUDA
   *     kernels of our own
   * @param device the device of weights and calls
   * @throws NullPointerException if one is null
   */
  public LoadingOptions {
    Objects.requireNonNull(weights, "weights");
    Objects.requireNonNull(precision, "precision");
    Objects.requireNonNull(residual, "residual");
    Objects.requireNonNull(device, "device");
  }

  /**
   * Makes options with a residual stream in float32.
   *
   * @param weights the weights after the last update, or their moving average
   * @param precision the element type of matrix products, float32 or bfloat16
   * @param device the device of weights and calls
   * @throws NullPointerException if one is null
   */
  public LoadingOptions(Weights weights, Precision precision, Device device) {
    this(weights, precision, Precision.FLOAT32, device);
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
    return new LoadingOptions(other, precision, residual, device);
  }

  /**
   * {@return the same in another precision}
   *
   * @param other the element type of matrix products, float32 or bfloat16
   */
  public LoadingOptions precision(Precision other) {
    return new LoadingOptions(weights, other, residual, device);
  }

  /**
   * {@return the same with a residual stream of another type} A bfloat16 stream is faster and
   * rounds more; it is what models that are bfloat16 throughout have.
   *
   * @param other the element type of the residual stream where the products are bfloat16
   */
  public LoadingOptions residual(Precision other) {
    return new LoadingOptions(weights, precision, other, device);
  }

  /**
   * {@return the same on another device}
   *
   * @param other the device of weights and calls
   */
  public LoadingOptions device(Device other) {
    return new LoadingOptions(weights, precision, residual, other);
  }
}
