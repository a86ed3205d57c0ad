// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.Precision;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.internal.cuda.Upload;
import io.github.md4.core.internal.torch.Autograd;
import io.github.md4.core.internal.torch.FlatArrays;
import io.github.md4.core.internal.torch.LossKernels;
import io.github.md4.core.internal.torch.OptimizerKernels;
import io.github.md4.core.internal.torch.PieceRecording;
import io.github.md4.core.internal.torch.RecordedLogits;
import io.github.md4.core.internal.torch.Recording;
import io.github.md4.core.internal.torch.Recording.Tape;
import io.github.md4.core.loss.Logits;
import io.github.md4.core.network.TrainingOptions.Recompute;
import java.util.Arrays;

/** A network in training whose forward is noted on a tape: on any device, all of it, recorded. */
public final class RecordedNetwork implements TrainableNetwork {
  private final Code code;
  private final Parameters parameters;
  private final Autograd autograd;
  private final LossKernels loss;
  private final OptimizerKernels optimizer;
  private final Upload upload;
  private final FlatArrays gradients;

  /**
   * What a network is asked, and what it drops.
   *
   * @param flat tokens [B N]
   * @param rows flat positions
   */
  public record Asked(NetworkInput input, DropoutNoise noise, long[] flat, long[] rows) {
    static Asked of(NetworkInput input, DropoutNoise noise) {
      return new Asked(input, noise, longs(input.flat()), longs(input.rows()));
    }

    private static long[] longs(int[] ints) {
      return Arrays.stream(ints).asLongStream().toArray();
    }
  }

  /**
   * The same on the device.
   *
   * @param zt int64 [B, N]
   * @param rows int64 [R]
   */
  public record Question(NDArray zt, Condition condition, NDArray rows, DropoutNoise noise) {}

  /** A network's forward, which gives logits float32 [R, V] and belongs to {@code scope}. */
  @FunctionalInterface
  public interface Forward {
    NDArray logits(NDManager scope, Question question, Recording recording);
  }

  /** Gives what is noted of a forward. */
  @FunctionalInterface
  public interface Tapes {
    /**
     * Begins a tape.
     *
     * @param autograd which records the forward
     * @param scope takes what is kept for the way back
     */
    Tape begin(Autograd autograd, NDManager scope, Asked asked);

    /** Returns tapes of all that is computed, or of less, the rest being computed again. */
    static Tapes of(Recompute recompute) {
      return recompute == Recompute.LAYER
          ? (autograd, scope, asked) -> new PieceRecording(autograd, scope)
          : (autograd, scope, asked) -> new Recording.Whole(autograd);
    }
  }

  /**
   * How a network is computed.
   *
   * @param description a line that says so
   * @param release gives up what the forward has of its own, besides managed arrays
   */
  public record Code(Tapes tapes, Forward forward, String description, Runnable release) {
    /** Returns that of a network that is differentiated automatically. */
    public static Code recorded(Recompute recompute, Forward forward, Runnable release) {
      return new Code(
          Tapes.of(recompute), forward, "TorchScript, differentiated automatically", release);
    }
  }

  public RecordedNetwork(NDManager parent, Parameters parameters, Code code) {
    this.code = code;
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
    Asked asked = Asked.of(input, noise);
    return scope -> forward(scope, asked);
  }

  private TrainingPass forward(NDManager parent, Asked asked) {
    NDManager scope = parent.newSubManager();
    Tape tape = code.tapes.begin(autograd, scope, asked);
    Question question = uploaded(scope, asked);
    NDArray logits = autograd.record(() -> code.forward.logits(scope, question, tape));
    return new Pass(scope, tape, new RecordedLogits(loss, upload, logits));
  }

  private Question uploaded(NDManager scope, Asked asked) {
    NetworkInput input = asked.input;
    upload.begin((long) Long.BYTES * (asked.flat.length + asked.rows.length));
    NDArray zt = upload.longs(scope, asked.flat, new Shape(input.batchSize(), input.length()));
    NDArray rows = upload.longs(scope, asked.rows, new Shape(asked.rows.length));
    upload.end();
    return new Question(zt, input.condition(), rows, asked.noise);
  }

  @Override
  public FlatArrays gradients() {
    return gradients;
  }

  @Override
  public OptimizerKernels optimizer() {
    return optimizer;
  }

  @Override
  public String description() {
    return code.description;
  }

  @Override
  public void close() {
    autograd.close();
    loss.close();
    optimizer.close();
    upload.close();
    gradients.close();
    code.release.run();
  }

  private final class Pass implements TrainingPass {
    private final NDManager scope;
    private final Tape tape;
    private final RecordedLogits logits;

    Pass(NDManager scope, Tape tape, RecordedLogits logits) {
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
