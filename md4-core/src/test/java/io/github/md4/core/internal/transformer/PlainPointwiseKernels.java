// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.Precision;
import io.github.md4.core.internal.cuda.Upload;
import io.github.md4.core.internal.torch.BufferPool;
import io.github.md4.core.internal.torch.FlatArrays;
import io.github.md4.core.internal.torch.OptimizerKernels;
import io.github.md4.core.internal.torch.Products;
import io.github.md4.core.internal.torch.TorchScript;
import java.util.Map;
import java.util.Optional;

/**
 * The pointwise kernels in plain operations, float32 on the CPU: the oracle of {@link
 * CudaPointwiseKernels}.
 */
public final class PlainPointwiseKernels implements PointwiseKernels, PointwiseKernels.ChosenRows {
  private final TorchScript script;
  private final TransformerKernels.Options options;
  private final BufferPool pool;

  PlainPointwiseKernels(NDManager manager, TransformerKernels.Options options, BufferPool pool) {
    this.options = options;
    this.pool = pool;
    this.script =
        TorchScript.load(
            manager,
            Map.of("headWidth", options.headWidth()),
            options.activation().functions()
                + options.activation().backward()
                + TorchScript.resource(PlainPointwiseKernels.class, "pointwise.torchscript"));
  }

  /** Returns the hand-written pass's kernels with these pointwise kernels. */
  public static FusedKernels kernels(NDManager manager, FusedKernels.Options options) {
    return new FusedKernels(manager, options, new PlainBackend(options));
  }

  /** Returns the same with attention of chosen queries alone. */
  public static FusedKernels chosenQueries(NDManager manager, FusedKernels.Options options) {
    PlainChosenQueries attention = new PlainChosenQueries(manager, options);
    FusedKernels kernels =
        new FusedKernels(
            manager,
            options,
            new PlainBackend(options) {
              @Override
              public Optional<AttentionKernels> ownAttention(NDManager parent, BufferPool pool) {
                return Optional.of(attention);
              }
            });
    attention.by(new LibtorchAttention(kernels, options.dropout().attention()));
    return kernels;
  }

  /** Returns the same with the dropout of our own attention. */
  public static FusedKernels masked(NDManager manager, FusedKernels.Options options) {
    PlainMaskedAttention attention = new PlainMaskedAttention(manager, options);
    FusedKernels kernels =
        new FusedKernels(
            manager,
            options,
            new PlainBackend(options) {
              @Override
              public Optional<AttentionKernels> ownAttention(NDManager parent, BufferPool pool) {
                return Optional.of(attention);
              }
            });
    attention.turnBy(kernels.pointwise());
    return kernels;
  }

  /** Returns the kernels of frozen weights, with the same buffers for every block. */
  public static FusedKernels frozen(NDManager manager, FusedKernels.Options options) {
    return new FusedKernels(
        manager,
        options,
        new PlainBackend(options) {
          @Override
          public BufferPool bufferPool(NDManager parent) {
            return new BufferPool.Reused(parent, Precision.FLOAT32, Precision.FLOAT32);
          }

          @Override
          public Optional<Products> products(NDManager parent, BufferPool pool) {
            return Optional.of(new Products.Script(parent, pool));
          }
        });
  }

  private static class PlainBackend implements FusedBackend {
    private final FusedKernels.Options options;

    PlainBackend(FusedKernels.Options options) {
      this.options = options;
    }

    @Override
    public PointwiseKernels pointwiseKernels(NDManager parent, BufferPool pool) {
      return new PlainPointwiseKernels(parent, options.network(), pool);
    }

    @Override
    public String description() {
      return "plain operations";
    }

    @Override
    public Upload upload(NDManager parent) {
      return Upload.plain();
    }

    @Override
    public Optional<String> attention() {
      return Optional.of(
          TorchScript.resource(PlainPointwiseKernels.class, "attention.torchscript"));
    }

    @Override
    public BufferPool bufferPool(NDManager parent) {
      return new BufferPool.Fresh(parent, Precision.FLOAT32);
    }

    @Override
    public Optional<Products> products(NDManager parent, BufferPool pool) {
      return Optional.empty();
    }
  }

  @Override
  public ModulatedRows residualNormModulate(
      NDManager scope, NDArray h, Optional<GatedBranch> before, Norm norm) {
    NDArray example = examples(scope, norm.rows());
    boolean isPicked = h.getShape().get(0) != norm.rows().count();
    NDArray picked = isPicked ? one(scope, "take", h, chosen(norm.rows())) : h;
    NDArray stream =
        before
            .map(
                gated ->
                    one(
                        scope,
                        "addGated",
                        picked,
                        gated.x(),
                        gated.vectors().values(),
                        gated.gate(),
                        example))
            .orElse(picked);
    NDList made =
        script.run(
            scope, "residualNormModulate", stream, norm.vectors().values(), norm.shift(), example);
    if (before.isEmpty()) {
      NDList of = pool.normBuffers(scope, h);
      return new ModulatedRows(
          stream,
          put(made.get(0), of.get(0)),
          new NDList(put(made.get(1), of.get(1))),
          h.getShape().get(0));
    }
    NDList of = pool.residualBuffers(scope, h, before.get().x(), norm.rows().count());
    return new ModulatedRows(
        put(stream, of.get(0)),
        put(made.get(0), of.get(1)),
        new NDList(put(made.get(1), of.get(2))),
        h.getShape().get(0));
  }

  private NDArray put(NDArray source, NDArray into) {
    try (NDManager scope = source.getManager().newSubManager()) {
      one(scope, "put", source, into).close();
      return into;
    }
  }

  @Override
  public InputGradients residualNormModulateBackward(
      NDManager scope,
      OutputGradients output,
      ModulatedRows modulated,
      Optional<GatedBranch> before,
      Norm norm) {
    NDArray example = examples(scope, norm.rows());
    Vectors mods = norm.vectors();
    NDArray inner =
        one(
            scope,
            "residualNormModulateBackward",
            output.input(),
            modulated.stream(),
            modulated.saved().get(0),
            mods.values(),
            mods.gradients(),
            norm.shift(),
            example);
    NDArray dh = output.stream().map(inner::add).orElse(inner);
    Optional<NDArray> dx =
        before.map(
            gated ->
                one(
                    scope,
                    "gateBefore",
                    dh,
                    gated.x(),
                    gated.vectors().values(),
                    gated.vectors().gradients(),
                    gated.gate(),
                    example));
    boolean isPicked = modulated.rowsBefore() != norm.rows().count();
    NDArray everywhere =
        isPicked ? one(scope, "give", dh, chosen(norm.rows()), modulated.rowsBefore()) : dh;
    return new InputGradients(everywhere, dx);
  }

  @Override
  public void rotate(NDArray qkv, NDList rotary, int length) {
    int width = (options.heads() + options.keyValueHeads()) * options.headWidth();
    try (NDManager scope = qkv.getManager().newSubManager()) {
      one(scope, "rotate", qkv, width, rotary.get(0), rotary.get(1), length).close();
    }
  }

  @Override
  public Optional<ChosenRows> chosenRows() {
    return Optional.of(this);
  }

  @Override
  public void rotateKeys(NDArray qkv, NDList rotary, int length) {
    int first = options.heads() * options.headWidth();
    int end = first + options.keyValueHeads() * options.headWidth();
    try (NDManager scope = qkv.getManager().newSubManager()) {
      one(scope, "rotateKeys", qkv, first, end, rotary.get(0), rotary.get(1), length).close();
    }
  }

  @Override
  public void rotateQueries(NDArray q, NDList rotary, Rows rows) {
    try (NDManager scope = q.getManager().newSubManager()) {
      one(scope, "rotateQueries", q, rotary.get(0), rotary.get(1), chosen(rows)).close();
    }
  }

  @Override
  public void addRows(NDArray x, Rows rows, NDArray y) {
    try (NDManager scope = y.getManager().newSubManager()) {
      one(scope, "addRows", y, chosen(rows), x).close();
    }
  }

  @Override
  public NDArray rotateBackward(NDManager scope, NDList gradients, NDList rotary, int length) {
    return one(
        scope,
        "rotateBackward",
        gradients.get(0),
        gradients.get(1),
        gradients.get(2),
        rotary.get(0),
        rotary.get(1),
        length);
  }

  @Override
  public NDArray gatedActivation(NDManager scope, NDArray u) {
    NDArray into = pool.columns(scope, u, (int) u.getShape().get(1) / 2);
    return put(one(scope, "gatedActivation", u), into);
  }

  @Override
  public NDArray gatedActivationBackward(NDManager scope, NDArray dg, NDArray u) {
    one(scope, "gatedActivationBackward", dg, u).close();
    return u;
  }

  @Override
  public NDArray sumByToken(NDManager scope, NDArray dh, TokenRuns runs, int tokens) {
    return one(scope, "sumByToken", dh, runs.zt(), tokens);
  }

  @Override
  public NDArray crossEntropy(
      NDManager scope, NDArray logits, int vocabularySize, NDArray targets, NDArray weights) {
    return one(scope, "crossEntropy", logits, vocabularySize, targets, weights);
  }

  @Override
  public GenMd4Sums genMd4(NDManager scope, NDArray logits, int vocabularySize, GenMd4Rows rows) {
    NDList made =
        script.run(
            scope, "genMd4", logits, vocabularySize, rows.targets(), rows.weights(), rows.powers());
    return new GenMd4Sums(made.get(0), made.get(1));
  }

  @Override
  public void update(
      OptimizerKernels.Trained trained,
      FlatArrays gradient,
      FlatArrays copy,
      OptimizerKernels.Numbers numbers) {
    NDManager manager = copy.whole().getManager();
    try (OptimizerKernels kernels = new OptimizerKernels(manager)) {
      kernels.update(trained, gradient, numbers);
      kernels.copy(copy, trained.parameters());
    }
  }

  @Override
  public void close() {
    script.close();
  }

  /** Returns the example of each row, int64 [N]. */
  private static NDArray examples(NDManager scope, Rows rows) {
    int[] starts = rows.starts().toIntArray();
    long[] examples = new long[rows.count()];
    for (int b = 0; b < rows.examples(); b++) {
      for (int row = starts[b]; row < starts[b + 1]; row++) {
        examples[row] = b;
      }
    }
    return scope.create(examples);
  }

  private static NDArray chosen(Rows rows) {
    return rows.chosen().orElseThrow().longs();
  }

  private NDArray one(NDManager scope, String function, Object... arguments) {
    return script.run(scope, function, arguments).singletonOrThrow();
  }
}
