// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.DeviceException;
import io.github.md4.core.Precision;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.internal.cuda.Upload;
import io.github.md4.core.internal.torch.Autograd;
import io.github.md4.core.internal.torch.CheckpointedRecording;
import io.github.md4.core.internal.torch.FlatArrays;
import io.github.md4.core.internal.torch.LossKernels;
import io.github.md4.core.internal.torch.OptimizerKernels;
import io.github.md4.core.internal.torch.RecordedLogits;
import io.github.md4.core.internal.torch.Recording;
import io.github.md4.core.internal.torch.Recording.Tape;
import io.github.md4.core.loss.Logits;
import io.github.md4.core.network.TrainingOptions.Recompute;
import java.util.Arrays;

/**
 * A network in training whose forward pass is recorded on a tape, on any device.
 *
 * @hidden its types are internal
 */
public final class RecordedNetwork implements TrainableNetwork {
  private final Implementation implementation;
  private final Parameters parameters;
  private final Autograd autograd;
  private final LossKernels loss;
  private final OptimizerKernels optimizer;
  private final Upload upload;
  private final FlatArrays gradients;

  /**
   * A batch on the host, and the noise of its dropout.
   *
   * @param input tokens, times, classes and asked rows
   * @param noise the noise of dropout
   * @param flat tokens [B N]
   * @param rows flat positions
   */
  public record HostBatch(NetworkInput input, DropoutNoise noise, long[] flat, long[] rows) {
    /**
     * {@return a batch that is ready for upload}
     *
     * @param input tokens, times, classes and asked rows
     * @param noise the noise of dropout
     */
    public static HostBatch of(NetworkInput input, DropoutNoise noise) {
      return new HostBatch(input, noise, longs(input.flat()), longs(input.rows()));
    }

    private static long[] longs(int[] ints) {
      return Arrays.stream(ints).asLongStream().toArray();
    }
  }

  /**
   * A batch on the device.
   *
   * @param zt int64 [B, N]
   * @param condition time and class of each example
   * @param rows int64 [R]
   * @param noise the noise of dropout
   */
  public record DeviceBatch(NDArray zt, Condition condition, NDArray rows, DropoutNoise noise) {}

  /** A network's forward pass: logits float32 [R, V] that belong to {@code scope}. */
  @FunctionalInterface
  public interface Forward {
    /**
     * {@return the logits of a batch, float32 [R, V]}
     *
     * @param scope the owner of the arrays
     * @param batch the batch on the device
     * @param recording records what is to be differentiated
     */
    NDArray logits(NDManager scope, DeviceBatch batch, Recording recording);
  }

  /** A factory of the tapes that record forward passes. */
  @FunctionalInterface
  public interface TapeFactory {
    /**
     * Begins a tape.
     *
     * @param autograd records the forward pass
     * @param scope takes the arrays that the backward pass needs
     * @param host the batch
     * @return the tape, on which the logits are
     */
    Tape begin(Autograd autograd, NDManager scope, HostBatch host);

    /**
     * {@return tapes of the complete forward pass, or of segments that are computed again}
     *
     * @param recompute what is computed again on the way back
     */
    public static TapeFactory of(Recompute recompute) {
      return recompute == Recompute.LAYER
          ? (autograd, scope, host) -> new CheckpointedRecording(autograd, scope)
          : (autograd, scope, host) -> new Recording.Full(autograd);
    }
  }

  /**
   * The implementation of a network's forward and backward.
   *
   * @param tapes begin the tape of a pass
   * @param forward the forward pass
   * @param description a line that names it
   * @param release frees the forward's own resources besides managed arrays
   */
  public record Implementation(
      TapeFactory tapes, Forward forward, String description, Runnable release) {
    /**
     * {@return the implementation of a network that is differentiated automatically}
     *
     * @param recompute what is computed again on the way back
     * @param forward the forward pass
     * @param release frees what the implementation keeps
     */
    public static Implementation recorded(Recompute recompute, Forward forward, Runnable release) {
      return new Implementation(
          TapeFactory.of(recompute), forward, "TorchScript, differentiated automatically", release);
    }
  }

  /**
   * {@return a network of TorchScript that is differentiated automatically}
   *
   * @param parent the manager of gradients and kernels, whose device is theirs
   * @param parameters the weights, changed in place by updates
   * @param recompute what is computed again on the way back
   * @param forward the forward pass, which keeps nothing to be freed
   */
  public static RecordedNetwork of(
      NDManager parent, Parameters parameters, Recompute recompute, Forward forward) {
    return new RecordedNetwork(
        parent, parameters, Implementation.recorded(recompute, forward, () -> {}));
  }

  /**
   * {@return a network as of {@link #of}, of a kind that has no kernels of its own for training}
   *
   * @param kind the network's kind, for the message
   * @param parent the manager of gradients and kernels, whose device is theirs
   * @param parameters the weights, changed in place by updates
   * @param options the kernels asked for, and what is computed again
   * @param forward the forward pass, which keeps nothing to be freed
   * @throws DeviceException if the options ask for fused kernels
   */
  public static RecordedNetwork unfused(
      String kind,
      NDManager parent,
      Parameters parameters,
      TrainingOptions options,
      Forward forward) {
    if (options.kernels() == TrainingOptions.Kernels.FUSED) {
      throw new DeviceException(
          "training.kernels: no fused kernels exist for networks of the kind %s; take auto"
              .formatted(kind));
    }
    return of(parent, parameters, options.recompute(), forward);
  }

  /**
   * Makes the network.
   *
   * @param parent the manager of gradients and kernels, whose device is theirs
   * @param parameters the weights, changed in place by updates
   * @param implementation the network's forward pass, and how it is recorded
   */
  public RecordedNetwork(NDManager parent, Parameters parameters, Implementation implementation) {
    this.implementation = implementation;
    this.parameters = parameters;
    this.autograd = new Autograd(parent);
    this.loss = new LossKernels(parent);
    this.optimizer = new OptimizerKernels(parent);
    this.upload = Upload.of(parent);
    this.gradients = parameters.flat().zeros(Precision.FLOAT32);
    parameters.requireGradients();
  }

  @Override
  public Prepared prepare(NetworkInput input, DropoutNoise noise) {
    HostBatch host = HostBatch.of(input, noise);
    return scope -> forward(scope, host);
  }

  private TrainingPass forward(NDManager parent, HostBatch host) {
    NDManager scope = parent.newSubManager();
    Tape tape = implementation.tapes.begin(autograd, scope, host);
    DeviceBatch batch = uploaded(scope, host);
    NDArray logits = autograd.record(() -> implementation.forward.logits(scope, batch, tape));
    return new RecordedPass(scope, tape, new RecordedLogits(loss, upload, logits));
  }

  private DeviceBatch uploaded(NDManager scope, HostBatch host) {
    NetworkInput input = host.input;
    upload.begin((long) Long.BYTES * (host.flat.length + host.rows.length));
    NDArray zt = upload.longs(scope, host.flat, new Shape(input.batchSize(), input.length()));
    NDArray rows = upload.longs(scope, host.rows, new Shape(host.rows.length));
    upload.end();
    return new DeviceBatch(zt, input.condition(), rows, host.noise);
  }

  @Override
  public FlatArrays gradients() {
    return gradients;
  }

  @Override
  public FlatArrays working() {
    return parameters.flat();
  }

  @Override
  public FlatArrays exact() {
    return parameters.flat();
  }

  @Override
  public OptimizerKernels optimizer() {
    return optimizer;
  }

  @Override
  public String description() {
    return implementation.description;
  }

  @Override
  public void close() {
    autograd.close();
    loss.close();
    optimizer.close();
    upload.close();
    gradients.close();
    implementation.release.run();
  }

  private final class RecordedPass implements TrainingPass {
    private final NDManager scope;
    private final Tape tape;
    private final RecordedLogits logits;

    RecordedPass(NDManager scope, Tape tape, RecordedLogits logits) {
      this.scope = scope;
      this.tape = tape;
      this.logits = logits;
    }

    @Override
    public Logits logits() {
      return logits;
    }

    @Override
    public void backward() {
      tape.gradients(logits.values(), logits.gradient(), parameters.list(), gradients);
    }

    @Override
    public void close() {
      scope.close();
    }
  }
}
