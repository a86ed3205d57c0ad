// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network;

import io.github.md4.core.Choices;
import io.github.md4.core.DeviceException;
import io.github.md4.core.Precision;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The implementation of a network in training. It affects results only by rounding.
 *
 * @param kernels TorchScript, kernels of this library, or the faster that the device has
 * @param stream the type of the residual stream where products are bfloat16
 * @param recompute the activations that the backward pass computes again
 */
public record TrainingOptions(Kernels kernels, Precision stream, Recompute recompute) {

  /** {@return the fastest code, a float32 stream, and nothing computed twice} */
  public static TrainingOptions defaults() {
    return new TrainingOptions(Kernels.AUTO, Precision.FLOAT32, Recompute.NONE);
  }

  /** The code that computes. */
  public enum Kernels {
    /** A hand-written backward where it runs, else TorchScript. */
    AUTO,
    /** TorchScript and its automatic differentiation, on any device. */
    TORCHSCRIPT,
    /**
     * A hand-written backward, or an error: our own CUDA kernels, or libtorch's operations on a CPU
     * in float32.
     */
    FUSED;

    /**
     * {@return the choice written as {@code auto}, {@code torchscript} or {@code fused}}
     *
     * @param text the text, as configs hold it
     * @throws IllegalArgumentException for any other text
     */
    public static Kernels parse(String text) {
      return Choices.parse(values(), "kernels", text);
    }

    /**
     * {@return the kernels with a hand-written backward that are to compute; empty where
     * TorchScript does}
     *
     * @param <K> their type
     * @param find looks for them on the device
     * @param where they run, for the message
     * @throws DeviceException if they are demanded and the device has none
     */
    public <K> Optional<K> fused(Supplier<Optional<K>> find, String where) {
      Optional<K> found = this == TORCHSCRIPT ? Optional.empty() : find.get();
      if (this == FUSED && found.isEmpty()) {
        throw new DeviceException("training.kernels: fused runs on %s; take auto".formatted(where));
      }
      return found;
    }

    @Override
    public String toString() {
      return Choices.name(this);
    }
  }

  /** The activations that the backward pass computes again rather than keeps. */
  public enum Recompute {
    /** Nothing: the fastest. */
    NONE,
    /** All of a layer except its input: a third more arithmetic, a fraction of the memory. */
    LAYER;

    /** {@return whether it saves memory} */
    public boolean savesMemory() {
      return this != NONE;
    }

    /**
     * {@return the choice written as {@code none} or {@code layer}}
     *
     * @param text the text, as configs hold it
     * @throws IllegalArgumentException for any other text
     */
    public static Recompute parse(String text) {
      return Choices.parse(values(), "recompute", text);
    }

    @Override
    public String toString() {
      return Choices.name(this);
    }
  }
}
