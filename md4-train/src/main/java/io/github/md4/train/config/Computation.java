// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.config;

import io.github.md4.core.ConfigGroup;
import io.github.md4.core.Precision;
import io.github.md4.core.network.TrainingOptions;
import java.util.Objects;

/**
 * The arithmetic of a training; it changes the result by its rounding alone.
 *
 * @param precision the element type of matrix products, float32 or bfloat16; norms, softmax and
 *     losses are float32 in both
 * @param residual the element type of the residual stream where the products are bfloat16
 * @param kernels the code that computes it: TorchScript, kernels of this library, or the faster
 *     that the device has
 * @param recompute the part of the forward pass that the backward pass computes again to save
 *     memory
 * @param tf32 whether a GPU may round the factors of float32 products to TensorFloat-32
 */
public record Computation(
    Precision precision,
    Precision residual,
    TrainingOptions.Kernels kernels,
    TrainingOptions.Recompute recompute,
    boolean tf32)
    implements ConfigGroup {
  /**
   * Checks that all are there.
   *
   * @param precision the element type of matrix products, float32 or bfloat16; norms, softmax and
   *     losses are float32 in both
   * @param residual the element type of the residual stream where the products are bfloat16
   * @param kernels the code that computes it: TorchScript, kernels of this library, or the faster
   *     that the device has
   * @param recompute the part of the forward pass that the backward pass computes again to save
   *     memory
   * @param tf32 whether a GPU may round the factors of float32 products to TensorFloat-32
   * @throws NullPointerException if one is null
   */
  public Computation {
    Objects.requireNonNull(precision, "precision");
    Objects.requireNonNull(residual, "residual");
    Objects.requireNonNull(kernels, "kernels");
    Objects.requireNonNull(recompute, "recompute");
  }

  /**
   * {@return products in bfloat16 under a residual stream in float32, by the faster code, nothing
   * computed twice, no TF32}
   */
  public static Computation defaults() {
    return of(Precision.BFLOAT16);
  }

  /**
   * {@return products of a precision under a residual stream in float32}
   *
   * @param precision the element type of matrix products, float32 or bfloat16; norms, softmax and
   *     losses are float32 in both
   */
  public static Computation of(Precision precision) {
    return new Computation(
        precision,
        Precision.FLOAT32,
        TrainingOptions.Kernels.AUTO,
        TrainingOptions.Recompute.NONE,
        false);
  }

  /**
   * {@return the same arithmetic with another residual stream}
   *
   * @param stream the element type of the residual stream, float32 or bfloat16
   */
  public Computation withResidual(Precision stream) {
    return new Computation(precision, stream, kernels, recompute, tf32);
  }

  /**
   * {@return the same arithmetic by other code}
   *
   * @param code TorchScript, kernels of this library, or the faster that the device has
   */
  public Computation withKernels(TrainingOptions.Kernels code) {
    return new Computation(precision, residual, code, recompute, tf32);
  }

  /**
   * {@return the same arithmetic with another part computed twice}
   *
   * @param part what the backward pass computes again in order to keep less memory
   */
  public Computation withRecompute(TrainingOptions.Recompute part) {
    return new Computation(precision, residual, kernels, part, tf32);
  }

  /** {@return the choices that a network in training takes} */
  public TrainingOptions options() {
    return new TrainingOptions(kernels, residual, recompute);
  }
}
