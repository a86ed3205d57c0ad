// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network;

import static io.github.md4.core.Checks.require;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.DeviceException;
import io.github.md4.core.InvalidConfigException;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.internal.cuda.OwnedArrays;
import io.github.md4.core.internal.torch.Autograd;
import io.github.md4.core.network.TrainingOptions.Kernels;
import io.github.md4.core.network.TrainingOptions.Recompute;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * A network of a user's own: its parameters, and its forward pass in DJL's operations, which is
 * differentiated automatically. In float32, on any device.
 *
 * <p>A {@link NetworkConfig} makes it, and a {@link NetworkKind} names that config, so that a
 * training saves the network and a model folder loads it again. Its denoiser is safe for as many
 * threads as its forward pass.
 */
public final class ForwardNetwork implements Network {
  private final List<ParameterSpec> specs;
  private final Forward forward;
  private final Autograd autograd;

  /** A forward pass. It keeps nothing between calls, and may run on several threads at once. */
  @FunctionalInterface
  public interface Forward {

    /**
     * Returns the logits of a batch, without dropout.
     *
     * @param parameters the parameters by name, float32, in their specs' shapes; results of
     *     operations on them belong to the batch's scope
     * @param batch tokens, times, classes and asked rows
     * @return the unnormalised log-probabilities of the clean tokens, float32 [R, V]
     */
    NDArray logits(Map<String, NDArray> parameters, Batch batch);

    /**
     * Returns the logits of a batch in training; those of {@link #logits} unless overridden.
     *
     * @param parameters the parameters by name, float32; the result is differentiated by them
     * @param batch tokens, times, classes and asked rows
     * @param noise the noise of dropout, a function of (seed, step, example)
     * @return the unnormalised log-probabilities of the clean tokens, float32 [R, V]
     */
    default NDArray training(Map<String, NDArray> parameters, Batch batch, DropoutNoise noise) {
      return logits(parameters, batch);
    }
  }

  /**
   * A batch of a forward pass.
   *
   * @param scope the manager of all that the forward pass makes, closed after it
   * @param zt partly masked tokens, int64 [B, N], in [0, V]
   * @param rows flat positions in [0, B N) that are asked, ascending, int64 [R]
   * @param condition time and class of each example
   */
  public record Batch(NDManager scope, NDArray zt, NDArray rows, Condition condition) {

    /** {@return the time of each example, in [0, 1], float32 [B], in {@link #scope}} */
    public NDArray times() {
      double[] times = condition.times();
      float[] narrow = new float[times.length];
      for (int b = 0; b < narrow.length; b++) {
        narrow[b] = (float) times[b];
      }
      return OwnedArrays.floats(scope, narrow, new Shape(narrow.length));
    }

    /**
     * {@return a number as an array, float32 [], in {@link #scope}, for products, quotients,
     * powers, maxima and minima that are differentiated} DJL's own {@code x.mul(2)} lends the
     * engine memory of Java's for the number and takes it back at once, though the backward pass
     * reads it: on a CPU, gradients are wrong where Java collects garbage between (DJL 0.29). So
     * write {@code x.mul(batch.number(2))}; sums and differences need none.
     *
     * @param value the number, rounded to float32
     */
    public NDArray number(double value) {
      return OwnedArrays.floats(scope, new float[] {(float) value}, new Shape());
    }

    /**
     * Returns the asked rows of an array that has all positions.
     *
     * @param all the results of all positions, [B, N, D]
     * @return the asked positions, [R, D], attached to the manager of {@code all}
     */
    public NDArray asked(NDArray all) {
      return all.reshape(-1, all.getShape().get(2)).get(rows);
    }
  }

  /**
   * A network of these parameters.
   *
   * @param parent the manager, and so the device, of what the network itself needs
   * @param specs the parameters, in the order of initialisation and of files
   * @param forward computes logits float32 [R, V] by DJL's operations, which are differentiated
   *     automatically
   * @throws IllegalArgumentException if there is no parameter, or two have one name
   */
  public ForwardNetwork(NDManager parent, List<ParameterSpec> specs, Forward forward) {
    this.specs = List.copyOf(specs);
    checkNames(this.specs);
    this.forward = Objects.requireNonNull(forward, "forward");
    this.autograd = new Autograd(parent);
  }

  private static void checkNames(List<ParameterSpec> specs) {
    require(!specs.isEmpty(), "a network must have parameters", specs);
    Set<String> names = new HashSet<>();
    for (ParameterSpec spec : specs) {
      require(names.add(spec.name()), "two parameters must not have one name", spec.name());
    }
  }

  @Override
  public List<ParameterSpec> specs() {
    return specs;
  }

  @Override
  public Denoiser denoiser(Parameters parameters) {
    return (zt, condition, rows) -> {
      try (NDManager scope = zt.getManager().newSubManager()) {
        scope.tempAttachAll(zt, rows);
        Batch batch = new Batch(scope, zt, rows, condition);
        NDArray logits = autograd.pause(() -> forward.logits(views(scope, parameters), batch));
        return scope.ret(checked(logits, rows));
      }
    };
  }

  /**
   * Returns this network with parameters to be trained.
   *
   * @throws DeviceException if the options ask for kernels of our own, which it has none of
   * @throws InvalidConfigException if they ask for recomputation
   */
  @Override
  public TrainableNetwork trainable(
      NDManager parent, Parameters parameters, TrainingOptions options) {
    if (options.kernels() == Kernels.FUSED) {
      throw new DeviceException(
          "training.kernels: fused is for this library's networks; take auto");
    }
    if (options.recompute() != Recompute.NONE) {
      throw new InvalidConfigException(
          "training.recompute", "layer is for this library's transformers over text; take none");
    }
    return new RecordedNetwork(
        parent,
        parameters,
        new RecordedNetwork.Implementation(
            RecordedNetwork.TapeFactory.of(Recompute.NONE),
            (scope, batch, recording) -> recorded(scope, parameters, batch),
            "DJL's operations, differentiated automatically",
            () -> {}));
  }

  private NDArray recorded(
      NDManager scope, Parameters parameters, RecordedNetwork.DeviceBatch batch) {
    Batch asked = new Batch(scope, batch.zt(), batch.rows(), batch.condition());
    NDArray logits = forward.training(views(scope, parameters), asked, batch.noise());
    logits.attach(scope);
    return checked(logits, batch.rows());
  }

  /** Returns the parameters as arrays of a scope, so that what is made of them is freed with it. */
  private static Map<String, NDArray> views(NDManager scope, Parameters parameters) {
    Map<String, NDArray> views = new LinkedHashMap<>();
    parameters
        .byName()
        .forEach(
            (name, array) -> {
              NDArray view = array.reshape(array.getShape());
              view.attach(scope);
              views.put(name, view);
            });
    return views;
  }

  private static NDArray checked(NDArray logits, NDArray rows) {
    Shape shape = logits.getShape();
    require(
        shape.dimension() == 2 && shape.get(0) == rows.size(),
        "the forward pass must return logits [R, V] of %d rows".formatted(rows.size()),
        shape);
    return logits;
  }

  @Override
  public Set<Recompute> recomputes() {
    return EnumSet.of(Recompute.NONE);
  }

  @Override
  public void close() {
    autograd.close();
  }
}
