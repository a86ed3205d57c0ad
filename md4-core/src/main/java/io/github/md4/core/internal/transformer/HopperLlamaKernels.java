// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.Activation;
import io.github.md4.core.Precision;
import io.github.md4.core.internal.cuda.CudaDevice;
import io.github.md4.core.internal.cuda.CudaProgram;
import io.github.md4.core.internal.cuda.CudaProgram.Absent;
import io.github.md4.core.internal.cuda.CudaProgram.Grid;
import io.github.md4.core.internal.cuda.Nvrtc;
import io.github.md4.core.internal.torch.BufferPool;
import io.github.md4.core.internal.torch.Hidden;
import java.util.Map;
import java.util.Optional;

/**
 * The Llama kind's forward pass in bfloat16 with attention of our own and {@code llama.cu} between
 * the products. What is added to the products of queries and keys is left to TorchScript.
 */
final class HopperLlamaKernels extends LlamaKernels {
  private static final int ROW_THREADS = 256;
  private static final int PACK = 8;

  /** Weights of attention before the biases and the norms of heads. */
  private static final int PROJECTIONS = 5;

  private final Options options;
  private final BufferPool pool;
  private final CudaProgram program;
  private final AttentionKernels attention;

  private HopperLlamaKernels(
      NDManager parent,
      Options options,
      BufferPool pool,
      CudaProgram program,
      AttentionKernels attention) {
    super(PieceKernels.forInference(parent, RESOURCE, options.constants()));
    this.options = options;
    this.pool = pool;
    this.program = program;
    this.attention = attention;
  }

  /**
   * Returns these kernels; empty but for bfloat16, Hopper, heads of width 64 or 128, and widths
   * that are multiples of 8.
   */
  static Optional<LlamaKernels> find(NDManager parent, Options options) {
    boolean inPacks = options.width() % PACK == 0 && options.hiddenWidth() % PACK == 0;
    return options.precision() == Precision.BFLOAT16 && inPacks
        ? CudaDevice.forKernels(parent).flatMap(device -> on(device, parent, options))
        : Optional.empty();
  }

  private static Optional<LlamaKernels> on(CudaDevice device, NDManager parent, Options options) {
    BufferPool pool = new BufferPool.Fresh(parent, options.precision());
    Optional<AttentionKernels> attention =
        HopperAttention.findFrozen(device, ofAttention(options), pool);
    if (attention.isEmpty()) {
      pool.close();
      return Optional.empty();
    }
    CudaProgram program =
        CudaProgram.compile(
            Nvrtc.find().orElseThrow(),
            device,
            KernelSource.behindNumbers("llama.cu"),
            Map.of("W", options.headWidth(), "NORMS", options.hasHeadNorms() ? 1 : 0));
    return Optional.of(
        new HopperLlamaKernels(parent, options, pool, program, attention.orElseThrow()));
  }

  private static TransformerKernels.Options ofAttention(Options options) {
    return new TransformerKernels.Options(
        options.precision(),
        Activation.SWIGLU,
        options.heads(),
        options.keyValueHeads(),
        options.headWidth(),
        false,
        options.epsilon());
  }

  @Override
  public Hidden attention(NDManager scope, Hidden h, NDList weights, NDList places) {
    if (places.size() > 2) {
      return super.attention(scope, h, weights, places);
    }
    NDArray input = normalised(scope, h.array, weights.get(0)); // [B, L, D]
    NDList projected = pieces.call(scope, "projections", input, weights);
    int length = (int) h.array.getShape().get(1);
    NDArray attended = attended(scope, rotated(scope, projected, weights, places), length);
    return hidden(scope, "added", h.array, attended, weights.get(PROJECTIONS - 1));
  }

  /** Returns queries, keys and values side by side, [N, (H + 2 K) W], those that turn turned. */
  private NDArray rotated(NDManager scope, NDList projected, NDList weights, NDList places) {
    NDArray query = pieces.array(scope, "rows", projected.get(0)); // [N, H W]
    int heads = options.heads() + 2 * options.keyValueHeads();
    int rows = (int) query.getShape().get(0);
    NDArray qkv = pool.columns(scope, query, heads * options.headWidth());
    int norms = weights.size() - 2;
    program.launch(
        "rotated",
        Grid.of((long) rows * heads * options.headWidth() / PACK),
        query,
        projected.get(1),
        projected.get(2),
        places.get(0),
        places.get(1),
        options.hasHeadNorms() ? weights.get(norms) : Absent.ARRAY,
        options.hasHeadNorms() ? weights.get(norms + 1) : Absent.ARRAY,
        qkv,
        options.heads(),
        options.keyValueHeads(),
        (int) (places.get(0).getShape().size() / options.headWidth()),
        rows,
        epsilon());
    return qkv;
  }

  /** Launches are queued one after another; what is compiled at the first is compiled once. */
  private synchronized NDArray attended(NDManager scope, NDArray qkv, int length) {
    return attention.attend(scope, qkv, length, 0).get(0);
  }

  @Override
  public Hidden feedForward(NDManager scope, Hidden h, NDList weights) {
    NDArray input = normalised(scope, h.array, weights.get(0));
    NDList both = pieces.call(scope, "gateAndUp", input, weights.get(1), weights.get(2));
    long packs = both.get(0).getShape().size() / PACK;
    program.launch("gated", Grid.of(packs), both.get(0), both.get(1), packs);
    return hidden(scope, "added", h.array, both.get(0), weights.get(3));
  }

  @Override
  public NDArray head(NDManager scope, Hidden h, NDArray norm, NDArray w) {
    return pieces.array(scope, "productOf", normalised(scope, h.array, norm), w);
  }

  private NDArray normalised(NDManager scope, NDArray h, NDArray scale) {
    NDArray y = pieces.array(scope, "like", h);
    int width = (int) scale.getShape().get(0);
    long rows = h.getShape().size() / width;
    program.launch("rmsNorm", new Grid(rows, ROW_THREADS, 1), h, scale, y, width, epsilon());
    return y;
  }

  private float[] epsilon() {
    return new float[] {(float) options.epsilon()};
  }

  @Override
  public String description() {
    return "attention and CUDA kernels of our own between the products";
  }

  @Override
  public void close() {
    attention.close();
    program.close();
    pool.close();
    super.close();
  }
}
