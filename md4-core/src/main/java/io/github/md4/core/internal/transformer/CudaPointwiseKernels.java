// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.Precision;
import io.github.md4.core.internal.cuda.CudaDevice;
import io.github.md4.core.internal.cuda.CudaProgram;
import io.github.md4.core.internal.cuda.CudaProgram.Absent;
import io.github.md4.core.internal.cuda.CudaProgram.Grid;
import io.github.md4.core.internal.cuda.Nvrtc;
import io.github.md4.core.internal.torch.BufferPool;
import io.github.md4.core.internal.torch.FlatArrays;
import io.github.md4.core.internal.torch.OptimizerKernels;
import io.github.md4.core.internal.torch.TorchScript;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** The CUDA kernels of {@code fused.cu}, compiled when a network is built. */
final class CudaPointwiseKernels implements PointwiseKernels, PointwiseKernels.ChosenRows {
  private static final int LANES = 32;
  private static final int WARPS = 4;
  private static final int OCTET = 8;
  private static final int CROSS_ENTROPY_THREADS = 512;
  private static final int UPDATE_THREADS = 256;

  /** The static shared memory of a kernel, rounded up. */
  private static final int DECLARED_SHARED_BYTES = 1024;

  private static final String BACKWARD =
      BufferPool.ROWS
          + """
      def like(self: __torch__.M, x: Tensor) -> Tensor:
        return self.rows(x, x.size(0), x.size(1), x.dtype)
      def rowsLike(self: __torch__.M, x: Tensor, at: Tensor) -> Tensor:
        return self.rows(x, at.size(0), x.size(1), x.dtype)
      def zeros(self: __torch__.M, x: Tensor, rows: int) -> Tensor:
        return torch.zeros([rows, x.size(1)], dtype=x.dtype, device=x.device)
      def sums(self: __torch__.M, x: Tensor, rows: int) -> Tensor:
        return torch.zeros([rows, x.size(1)], dtype=6, device=x.device)
      def columns(self: __torch__.M, x: Tensor, columns: int) -> Tensor:
        return self.rows(x, x.size(0), columns, x.dtype)
      def losses(self: __torch__.M, x: Tensor) -> Tensor:
        return torch.empty([x.size(0)], dtype=6, device=x.device)
      """;

  private final TransformerKernels.Options options;
  private final BufferPool pool;
  private final TorchScript script;
  private final CudaProgram program;
  private final int forwardBlocks;
  private final int backwardBlocks;
  private final int updateBlocks;
  private final CudaGenMd4Loss genMd4Loss;
  private final int sharedBytes;

  CudaPointwiseKernels(
      NDManager parent,
      CudaDevice device,
      Nvrtc compiler,
      FusedKernels.Options fused,
      BufferPool pool) {
    this.options = fused.network();
    this.pool = pool;
    this.script = TorchScript.load(parent, Map.of(), BACKWARD);
    Map<String, Integer> constants = new LinkedHashMap<>();
    constants.put("D", options.heads() * options.headWidth());
    constants.put("W", options.headWidth());
    constants.put("GATE", options.activation().number);
    constants.put("WIDE", fused.stream() == Precision.FLOAT32 ? 1 : 0);
    this.program =
        CudaProgram.compile(compiler, device, KernelSource.behindNumbers("fused.cu"), constants);
    this.forwardBlocks = program.residentBlocks("residualNormModulate", WARPS * LANES);
    this.backwardBlocks = program.residentBlocks("residualNormModulateBackward", WARPS * LANES);
    this.updateBlocks = program.residentBlocks("adamW", UPDATE_THREADS);
    this.sharedBytes = device.sharedBytesOfBlock() - DECLARED_SHARED_BYTES;
    program.allowSharedBytes("crossEntropyByBlock", sharedBytes);
    this.genMd4Loss = new CudaGenMd4Loss(program, device, sharedBytes);
  }

  @Override
  public ModulatedRows residualNormModulate(
      NDManager scope, NDArray h, Optional<GatedBranch> before, Norm norm) {
    Rows rows = norm.rows();
    NDList made =
        before
            .map(gated -> pool.residualBuffers(scope, h, gated.x(), rows.count()))
            .orElseGet(() -> pool.normBuffers(scope, h));
    NDArray stream = before.isPresent() ? made.get(0) : h;
    ModulatedRows modulated =
        new ModulatedRows(
            stream,
            made.get(made.size() - 2),
            new NDList(made.get(made.size() - 1)), // float32 [N, 2]
            h.getShape().get(0));
    program.launchEarly(
        "residualNormModulate",
        new Grid(blocks(rows.count()), LANES, WARPS),
        h,
        picked(rows, modulated),
        x(before),
        gates(before, before.map(gated -> gated.vectors().values())),
        before.map(gated -> gated.vectors().count()).orElse(0),
        before.map(GatedBranch::gate).orElse(0),
        norm.vectors().values(),
        norm.vectors().count(),
        norm.shift(),
        stream,
        modulated.input(),
        modulated.saved().get(0),
        rows.starts(),
        rows.examples());
    return modulated;
  }

  /** Returns the blocks of a pass over rows: as many as run at once, or of a row a warp. */
  private int blocks(int rows) {
    return Math.min((rows + WARPS - 1) / WARPS, forwardBlocks);
  }

  @Override
  public InputGradients residualNormModulateBackward(
      NDManager scope,
      OutputGradients output,
      ModulatedRows modulated,
      Optional<GatedBranch> before,
      Norm norm) {
    Rows rows = norm.rows();
    boolean isPicked = modulated.rowsBefore() != rows.count();
    NDArray dh =
        isPicked
            ? one(scope, "zeros", modulated.stream(), modulated.rowsBefore())
            : one(scope, "like", modulated.stream());
    Optional<NDArray> dx = before.map(gated -> one(scope, "like", gated.x()));
    program.launch(
        "residualNormModulateBackward",
        new Grid(backwardBlocks, LANES, WARPS),
        output.input(),
        orAbsent(output.stream()),
        modulated.stream(),
        modulated.saved().get(0),
        x(before),
        gates(before, before.map(gated -> gated.vectors().values())),
        before.map(gated -> gated.vectors().count()).orElse(0),
        before.map(GatedBranch::gate).orElse(0),
        norm.vectors().values(),
        norm.vectors().count(),
        norm.shift(),
        gates(before, before.map(gated -> gated.vectors().gradients())),
        norm.vectors().gradients(),
        dh,
        picked(rows, modulated),
        orAbsent(dx),
        rows.starts(),
        rows.examples());
    return new InputGradients(dh, dx);
  }

  @Override
  public void rotate(NDArray qkv, NDList rotary, int length) {
    rotate(qkv, rotary, length, Absent.ARRAY, new Heads(0, options.heads() + keys(), all()));
  }

  @Override
  public Optional<NDArray> rowsAt(NDManager scope, NDArray x, NDArray rows, Precision type) {
    NDArray into = one(scope, "rowsLike", x, rows);
    int packs = (int) x.getShape().get(1) / (type == Precision.FLOAT32 ? OCTET / 2 : OCTET);
    int count = (int) rows.getShape().get(0);
    program.launch("takeRows", Grid.of((long) count * packs), x, rows, into, packs, count);
    return Optional.of(into);
  }

  @Override
  public Optional<ChosenRows> chosenRows() {
    return Optional.of(this);
  }

  @Override
  public void rotateKeys(NDArray qkv, NDList rotary, int length) {
    rotate(qkv, rotary, length, Absent.ARRAY, new Heads(options.heads(), keys(), all()));
  }

  @Override
  public void rotateQueries(NDArray q, NDList rotary, Rows rows) {
    NDArray positions = rows.chosen().orElseThrow().ints();
    rotate(q, rotary, rows.length(), positions, new Heads(0, options.heads(), options.heads()));
  }

  /** Some of the heads of a row. */
  private record Heads(int first, int count, int ofRow) {}

  private int keys() {
    return options.keyValueHeads();
  }

  private int all() {
    return options.heads() + 2 * options.keyValueHeads();
  }

  private void rotate(NDArray x, NDList rotary, int length, Object positions, Heads heads) {
    long rows = x.getShape().get(0);
    program.launch(
        "rotate",
        Grid.of(rows * heads.count * (options.headWidth() / OCTET)),
        x,
        rotary.get(0),
        rotary.get(1),
        positions,
        length,
        heads.ofRow,
        heads.first,
        heads.count,
        (int) rows);
  }

  @Override
  public void addRows(NDArray x, Rows rows, NDArray y) {
    program.launch(
        "addRows",
        Grid.of(x.getShape().size() / OCTET),
        x,
        rows.chosen().orElseThrow().ints(),
        y,
        rows.count());
  }

  @Override
  public NDArray rotateBackward(NDManager scope, NDList gradients, NDList rotary, int length) {
    int heads = options.heads() + 2 * options.keyValueHeads();
    NDArray dq = gradients.get(0);
    NDArray dqkv = one(scope, "columns", dq, heads * options.headWidth());
    program.launch(
        "rotateBackward",
        Grid.of(dqkv.getShape().size() / OCTET),
        dq,
        gradients.get(1),
        gradients.get(2),
        dqkv,
        rotary.get(0),
        rotary.get(1),
        length,
        options.heads(),
        options.keyValueHeads(),
        (int) dq.getShape().get(0));
    return dqkv;
  }

  @Override
  public NDArray gatedActivation(NDManager scope, NDArray u) {
    int width = (int) u.getShape().get(1) / 2;
    NDArray g = pool.columns(scope, u, width);
    int rows = (int) u.getShape().get(0);
    program.launch("gatedActivation", Grid.of(g.getShape().size() / OCTET), u, g, width, rows);
    return g;
  }

  @Override
  public NDArray gatedActivationBackward(NDManager scope, NDArray dg, NDArray u) {
    int width = (int) dg.getShape().get(1);
    int rows = (int) dg.getShape().get(0);
    program.launch(
        "gatedActivationBackward", Grid.of(dg.getShape().size() / OCTET), dg, u, u, width, rows);
    return u;
  }

  @Override
  public NDArray sumByToken(NDManager scope, NDArray dh, TokenRuns runs, int tokens) {
    NDArray sums = one(scope, "sums", dh, tokens);
    int threads = (int) Math.min(1024, (dh.getShape().get(1) / OCTET + LANES - 1) / LANES * LANES);
    program.launch(
        "sumByToken",
        new Grid(runs.runs(), threads, 1),
        dh,
        runs.order(),
        runs.starts(),
        runs.tokens(),
        sums);
    return sums;
  }

  @Override
  public NDArray crossEntropy(
      NDManager scope, NDArray logits, int vocabularySize, NDArray targets, NDArray weights) {
    NDArray losses = one(scope, "losses", logits);
    int rows = (int) logits.getShape().get(0);
    int stride = (int) logits.getShape().get(1);
    int rowBytes = stride * Short.BYTES;
    if (stride > CROSS_ENTROPY_THREADS && rowBytes <= sharedBytes) {
      Grid grid = new Grid(rows, CROSS_ENTROPY_THREADS, 1, rowBytes);
      program.launch(
          "crossEntropyByBlock", grid, logits, targets, weights, losses, vocabularySize, stride);
    } else {
      Grid grid = new Grid((rows + WARPS - 1) / WARPS, LANES, WARPS);
      program.launch(
          "crossEntropyByWarp",
          grid,
          logits,
          targets,
          weights,
          losses,
          vocabularySize,
          stride,
          rows);
    }
    return losses;
  }

  @Override
  public GenMd4Sums genMd4(NDManager scope, NDArray logits, int vocabularySize, GenMd4Rows rows) {
    return genMd4Loss.of(scope, logits, vocabularySize, rows);
  }

  @Override
  public void update(
      OptimizerKernels.Trained trained,
      FlatArrays gradient,
      FlatArrays copy,
      OptimizerKernels.Numbers n) {
    boolean isNarrow = gradient.precision() == Precision.BFLOAT16;
    program.launch(
        "adamW",
        new Grid(updateBlocks, UPDATE_THREADS, 1),
        trained.parameters().whole(),
        trained.first().whole(),
        trained.second().whole(),
        trained.isAveraged(n) ? trained.average().whole() : Absent.ARRAY,
        copy.whole(),
        isNarrow ? gradient.whole() : Absent.ARRAY,
        isNarrow ? Absent.ARRAY : gradient.whole(),
        orAbsent(n.good()),
        new float[] {
          (float) n.rate(),
          (float) n.beta1(),
          (float) n.beta2(),
          (float) n.epsilon(),
          (float) n.decay(),
          (float) n.correction1(),
          (float) n.correction2(),
          (float) n.emaRate()
        },
        gradient.whole().getShape().size());
  }

  @Override
  public void close() {
    program.close();
    script.close();
  }

  private NDArray one(NDManager scope, String function, Object... arguments) {
    return script.run(scope, function, arguments).singletonOrThrow();
  }

  /** Returns the rows' positions where the stream had all positions before, else a null pointer. */
  private static Object picked(Rows rows, ModulatedRows modulated) {
    return modulated.rowsBefore() == rows.count()
        ? Absent.ARRAY
        : rows.chosen().orElseThrow().ints();
  }

  private static Object x(Optional<GatedBranch> before) {
    return orAbsent(before.map(GatedBranch::x));
  }

  private static Object gates(Optional<GatedBranch> before, Optional<NDArray> vectors) {
    return before.isPresent() ? orAbsent(vectors) : Absent.ARRAY;
  }

  private static Object orAbsent(Optional<NDArray> array) {
    return array.<Object>map(present -> present).orElse(Absent.ARRAY);
  }
}
