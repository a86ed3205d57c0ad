// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.Precision;
import io.github.md4.core.internal.cuda.RecordingStream;
import io.github.md4.core.internal.cuda.Upload;
import io.github.md4.core.internal.torch.BufferPool;
import io.github.md4.core.internal.torch.FlatArrays;
import io.github.md4.core.internal.torch.Hidden;
import io.github.md4.core.internal.torch.OptimizerKernels;
import io.github.md4.core.internal.torch.Products;
import io.github.md4.core.internal.torch.TorchScript;
import io.github.md4.core.internal.transformer.FusedConditionKernels.Modulation;
import io.github.md4.core.internal.transformer.PointwiseKernels.GatedBranch;
import io.github.md4.core.internal.transformer.PointwiseKernels.InputGradients;
import io.github.md4.core.internal.transformer.PointwiseKernels.ModulatedRows;
import io.github.md4.core.internal.transformer.PointwiseKernels.Norm;
import io.github.md4.core.internal.transformer.PointwiseKernels.OutputGradients;
import io.github.md4.core.loss.Logits;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The kernels of the transformer's hand-written forward and backward: products by libtorch,
 * attention by libtorch or by ours, everything between them by our pointwise kernels. Nothing is
 * recorded.
 *
 * <p>N rows (all positions of B examples of length L, or chosen ones), D width, W head width, F
 * hidden width of the feed-forward, k vectors of a modulation. Weights are [out, in], in the
 * products' type unless float32 is said. Results belong to {@code scope}.
 */
public final class FusedKernels implements AutoCloseable {
  private final NDManager manager;
  private final Options options;
  private final FusedBackend backend;
  private final BufferPool pool;
  private final PointwiseKernels pointwise;
  private final Optional<Products> products;
  private final AttentionKernels attention;
  private final Upload upload;
  private final Optional<TransformerStepKernels> steps;
  private final TorchScript script;

  /**
   * The network, its dropout and the type of its residual stream.
   *
   * @param stream the type of the residual stream and of its gradient
   */
  public record Options(
      TransformerKernels.Options network, TransformerKernels.Dropout dropout, Precision stream) {}

  FusedKernels(NDManager parent, Options options, FusedBackend backend) {
    this.manager = parent.newSubManager();
    this.options = options;
    this.backend = backend;
    this.pool = backend.bufferPool(manager);
    this.pointwise = backend.pointwiseKernels(manager, pool);
    this.products = backend.products(manager, pool);
    this.attention =
        backend
            .ownAttention(manager, pool)
            .orElseGet(() -> new LibtorchAttention(this, options.dropout.attention()));
    this.upload = backend.upload(manager);
    this.steps = backend.steps();
    String text =
        options.network.activation().functions()
            + options.network.activation().backward()
            + backend.productFunctions()
            + backend.modulationFunctions()
            + backend.attention().map(FusedKernels::attending).orElse("")
            + BufferPool.ROWS
            + TorchScript.resource(TorchScript.class, "condition.torchscript")
            + TorchScript.resource(FusedKernels.class, "fused.torchscript");
    this.script = TorchScript.load(manager, constants(options), text);
  }

  private static String attending(String attention) {
    return attention + TorchScript.resource(FusedKernels.class, "attend.torchscript");
  }

  private static Map<String, Object> constants(Options options) {
    Map<String, Object> constants = new LinkedHashMap<>();
    constants.put("dtype", options.network.precision().scalarType);
    constants.put("stream", options.stream.scalarType);
    constants.put("heads", options.network.heads());
    constants.put("keyValueHeads", options.network.keyValueHeads());
    constants.put("headWidth", options.network.headWidth());
    constants.put("causal", options.network.causal());
    constants.put("dropoutScale", 1 / (1 - options.dropout.channel()));
    constants.put("embeddingDropout", options.dropout.embedding());
    constants.put("attentionDropout", options.dropout.attention());
    return constants;
  }

  /**
   * Returns the kernels for a GPU in bfloat16, or for a CPU in float32; empty where they do not
   * run: without a CUDA compiler, on a GPU older than Ampere, or on one for widths that are not
   * multiples of 8.
   */
  public static Optional<FusedKernels> find(NDManager parent, Options options) {
    if (CpuBackend.fits(parent.getDevice(), options)) {
      return Optional.of(new FusedKernels(parent, options, new CpuBackend(options)));
    }
    return CudaBackend.device(parent, options)
        .map(cuda -> new FusedKernels(parent, options, new CudaBackend(cuda, options)));
  }

  /**
   * Returns the kernels of {@link #find} on a GPU for forward passes only, with the same buffers
   * for every block.
   */
  public static Optional<FusedKernels> findFrozen(NDManager parent, Options options) {
    return CudaBackend.device(parent, options)
        .map(cuda -> new FusedKernels(parent, options, new CudaBackend.Frozen(cuda, options)));
  }

  // ---- branches ----

  /**
   * The output of a branch and its gate.
   *
   * @param gate its index in the modulation
   */
  public record Branch(Hidden output, Modulation modulation, int gate) {
    GatedBranch forPointwise() {
      return new GatedBranch(output.array, modulation.vectors, modulation.first + gate);
    }
  }

  /**
   * The modulated LayerNorm before a branch.
   *
   * @param shift index of the shift in the modulation; the scale follows it
   */
  public record BranchNorm(Rows rows, Modulation modulation, int shift) {
    Norm forPointwise() {
      return new Norm(rows, modulation.vectors, modulation.first + shift);
    }
  }

  /** The result of {@link #residualNormModulate}. */
  public static final class Modulated {
    private final ModulatedRows rows;

    private Modulated(ModulatedRows rows) {
      this.rows = rows;
    }

    /** Returns the residual stream [N, D]. */
    public Hidden stream() {
      return new Hidden(rows.stream());
    }

    /** Returns the branch's input [N, D]. */
    public Hidden input() {
      return new Hidden(rows.input());
    }
  }

  /**
   * Adds a branch's gated output to the stream, normalises and modulates: returns {@code h + gate *
   * output} and the input of the next branch.
   *
   * @param h [N, D], or all positions where the norm is at chosen rows
   */
  public Modulated residualNormModulate(
      NDManager scope, Hidden h, Optional<Branch> before, BranchNorm norm) {
    return new Modulated(
        pointwise.residualNormModulate(
            scope, h.array, before.map(Branch::forPointwise), norm.forPointwise()));
  }

  /**
   * The gradients by the inputs of {@link #residualNormModulate}: by the stream and by the branch's
   * output.
   */
  public record ResidualGradients(Hidden stream, Optional<Hidden> branch) {}

  /**
   * The gradients by the results of {@link #residualNormModulate}: by the next branch's input, and
   * by the stream if it is read further on.
   */
  public record ModulatedGradients(Hidden input, Optional<Hidden> stream) {}

  /** Returns the gradients by the inputs of {@link #residualNormModulate}. */
  public ResidualGradients residualNormModulateBackward(
      NDManager scope,
      ModulatedGradients known,
      Modulated modulated,
      Optional<Branch> before,
      BranchNorm norm) {
    OutputGradients output = new OutputGradients(known.input.array, known.stream.map(h -> h.array));
    InputGradients gradients =
        pointwise.residualNormModulateBackward(
            scope, output, modulated.rows, before.map(Branch::forPointwise), norm.forPointwise());
    return new ResidualGradients(
        new Hidden(gradients.stream()), gradients.branch().map(Hidden::new));
  }

  // ---- products ----

  /** Returns {@code x w^T}, [N, out]. */
  public Hidden product(NDManager scope, Hidden x, Hidden w) {
    return products
        .map(own -> new Hidden(own.product(scope, x.array, w.array)))
        .orElseGet(() -> hidden(scope, "product", x.array, w.array));
  }

  /** Returns the gradient by the input of a product, {@code dy w}, [N, in]. */
  public Hidden inputGradient(NDManager scope, Hidden dy, Hidden w) {
    return products
        .flatMap(own -> own.inputGradient(scope, dy.array, w.array))
        .map(Hidden::new)
        .orElseGet(() -> hidden(scope, "inputGradient", dy.array, w.array));
  }

  /** Writes the gradient by the weight of a product, {@code dy^T x}. */
  public void weightGradient(NDManager scope, Hidden dy, Hidden x, Hidden into) {
    if (!products.map(own -> own.weightGradient(dy.array, x.array, into.array)).orElse(false)) {
      change(scope, "weightGradient", dy.array, x.array, into.array);
    }
  }

  /**
   * The gated activation of a product.
   *
   * @param u the product [N, 2 F]; empty where it was not kept
   * @param output [N, F]
   */
  public record Gated(Optional<Hidden> u, Hidden output) {}

  /** Returns {@code value * activation(gate)} of the product u = {@code x w^T}. */
  public Gated gatedProduct(NDManager scope, Hidden x, Hidden w) {
    return products
        .flatMap(own -> own.gated(scope, x.array, w.array))
        .map(output -> new Gated(Optional.empty(), new Hidden(output)))
        .orElseGet(
            () -> {
              Hidden u = product(scope, x, w);
              return new Gated(
                  Optional.of(u), new Hidden(pointwise.gatedActivation(scope, u.array)));
            });
  }

  /**
   * Returns the gradient by u, which may take the place of u, given the gradient by {@link
   * #gatedProduct}.
   */
  public Hidden gatedActivationBackward(NDManager scope, Hidden dg, Hidden u) {
    return new Hidden(pointwise.gatedActivationBackward(scope, dg.array, u.array));
  }

  /** Returns the chosen rows of x. */
  public Hidden rowsOf(NDManager scope, Hidden x, Rows rows) {
    Rows.Chosen chosen = rows.chosen().orElseThrow();
    if (steps.isEmpty()) {
      return pointwise
          .rowsAt(scope, x.array, chosen.ints(), options.network.precision())
          .map(Hidden::new)
          .orElseGet(() -> hidden(scope, "rowsOf", x.array, chosen.longs()));
    }
    NDArray into = pool.columns(scope, chosen.ints(), (int) x.array.getShape().get(1));
    steps.get().gather(x.array, rows, into);
    return new Hidden(into);
  }

  /** Returns x scattered to its positions, zero elsewhere. */
  public Hidden scattered(NDManager scope, Hidden x, Rows rows) {
    return hidden(
        scope, "scattered", x.array, rows.chosen().orElseThrow().longs(), rows.positions());
  }

  // ---- loss and update ----

  /** Returns the logits for a loss, which overwrites them with their gradient. */
  public Logits logits(Hidden logits, int vocabularySize) {
    return new FusedLogits(this, logits, vocabularySize);
  }

  /** Returns the first V columns of the head's product, float32 [R, V]. */
  public NDArray exactLogits(NDManager scope, Hidden logits, int vocabularySize) {
    return one(scope, "logits", logits.array, vocabularySize);
  }

  /** Overwrites logits with their gradient, float32 [R, V]. */
  public void overwrite(NDManager scope, Hidden logits, NDArray gradient) {
    change(scope, "overwrite", logits.array, 0, gradient);
  }

  /** Returns an optimizer's kernels that keep {@code copy} equal to the parameters. */
  public OptimizerKernels optimizer(NDManager parent, FlatArrays copy) {
    return new OptimizerKernels(parent, movement(copy));
  }

  /** Returns the movement of parameters that keeps {@code copy} equal to them. */
  public OptimizerKernels.Movement movement(FlatArrays copy) {
    return (trained, g, numbers) -> pointwise.update(trained, g, copy, numbers);
  }

  @Override
  public void close() {
    steps.ifPresent(TransformerStepKernels::close);
    products.ifPresent(Products::close);
    attention.close();
    pointwise.close();
    pool.close();
    upload.close();
    script.close();
    manager.close();
  }

  private Hidden hidden(NDManager scope, String function, Object... arguments) {
    return new Hidden(one(scope, function, arguments));
  }

  /** Returns the uploads of batches. */
  public FusedUploads uploads() {
    return new FusedUploads(upload);
  }

  /** Returns the kernels of condition and modulation. */
  public FusedConditionKernels condition() {
    return new FusedConditionKernels(this);
  }

  /** Returns the kernels of attention. */
  public FusedAttentionKernels attention() {
    return new FusedAttentionKernels(this);
  }

  /** Returns the kernels of the embedding. */
  public FusedEmbeddingKernels embedding() {
    return new FusedEmbeddingKernels(this, options.dropout.embedding() > 0);
  }

  /** Returns the further kernels of a forward pass with frozen weights. */
  public FusedInferenceKernels inference() {
    return new FusedInferenceKernels(this);
  }

  /** Returns the kernels of whole steps of sampling, where there are such. */
  public Optional<TransformerStepKernels> steps() {
    return steps;
  }

  Optional<Products> products() {
    return products;
  }

  PointwiseKernels pointwise() {
    return pointwise;
  }

  Optional<RecordingStream> recordingStream() {
    return backend.recordingStream();
  }

  AttentionKernels attentionKernels() {
    return attention;
  }

  BufferPool bufferPool() {
    return pool;
  }

  /** Returns a line that names the implementation. */
  public String description() {
    return backend.description();
  }

  public Upload upload() {
    return upload;
  }

  public Precision stream() {
    return options.stream;
  }

  NDList run(NDManager scope, String function, Object... arguments) {
    return script.run(scope, function, arguments);
  }

  /** Calls a function for its side effect. */
  void change(NDManager scope, String function, Object... arguments) {
    one(scope, function, arguments).close();
  }

  NDArray one(NDManager scope, String function, Object... arguments) {
    return script.run(scope, function, arguments).singletonOrThrow();
  }
}
