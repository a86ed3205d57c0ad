// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.Activation;
import io.github.md4.core.internal.torch.FlatArrays;
import io.github.md4.core.internal.torch.OptimizerKernels;
import io.github.md4.core.internal.torch.TorchScript;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** The pointwise kernels on a CPU in float32, written in {@code cpu.torchscript}. */
final class CpuPointwiseKernels implements PointwiseKernels {
  private static final String GLU_BACKWARD =
      """
      def gatedActivationBackward(self: __torch__.M, dg: Tensor, u: Tensor) -> Tensor:
        return torch.glu_backward(dg, u, 1)
      """;
  private static final String GATED_BACKWARD =
      """
      def gatedActivationBackward(self: __torch__.M, dg: Tensor, u: Tensor) -> Tensor:
        value, x = torch.chunk(u, 2, 1)
        dx = self.activateBackward(dg * value, x)
        value.copy_(self.activate(x).mul_(dg))
        x.copy_(dx)
        return u
      """;

  private final TorchScript script;
  private final OptimizerKernels optimizer;

  CpuPointwiseKernels(NDManager parent, TransformerKernels.Options options) {
    this.script = script(parent, options, TransformerKernels.Dropout.NONE);
    this.optimizer = new OptimizerKernels(parent);
  }

  /** Returns the functions of {@code cpu.torchscript}. */
  static TorchScript script(
      NDManager parent, TransformerKernels.Options options, TransformerKernels.Dropout dropout) {
    Map<String, Object> constants = new LinkedHashMap<>();
    constants.put("heads", options.heads());
    constants.put("keyValueHeads", options.keyValueHeads());
    constants.put("headWidth", options.headWidth());
    constants.put("causal", options.causal());
    constants.put("epsilon", options.epsilon());
    constants.put("attentionDropout", dropout.attention());
    Activation activation = options.activation();
    return TorchScript.load(
        parent,
        constants,
        activation.functions()
            + activation.backward()
            + (activation == Activation.GLU ? GLU_BACKWARD : GATED_BACKWARD)
            + TorchScript.resource(CpuPointwiseKernels.class, "cpu.torchscript"));
  }

  @Override
  public ModulatedRows residualNormModulate(
      NDManager scope, NDArray h, Optional<GatedBranch> before, Norm norm) {
    NDList made =
        script.run(
            scope,
            "residualNormModulate",
            h,
            before
                .map(gated -> new NDList(gated.x(), gated.vectors().values()))
                .orElseGet(NDList::new),
            before.map(GatedBranch::gate).orElse(0),
            norm.vectors().values(),
            norm.shift(),
            chosen(scope, norm.rows()));
    return new ModulatedRows(
        made.get(0), made.get(1), new NDList(made.subList(2, made.size())), h.getShape().get(0));
  }

  @Override
  public InputGradients residualNormModulateBackward(
      NDManager scope,
      OutputGradients output,
      ModulatedRows modulated,
      Optional<GatedBranch> before,
      Norm norm) {
    NDList made =
        script.run(
            scope,
            "residualNormModulateBackward",
            output.input(),
            output.stream().map(NDList::new).orElseGet(NDList::new),
            new NDList(modulated.stream(), modulated.input()).addAll(modulated.saved()),
            norm.vectors().values(),
            norm.vectors().gradients(),
            norm.shift(),
            before.map(CpuPointwiseKernels::arrays).orElseGet(NDList::new),
            before.map(GatedBranch::gate).orElse(0),
            chosen(scope, norm.rows()),
            modulated.rowsBefore());
    return new InputGradients(made.get(0), before.map(gated -> made.get(1)));
  }

  private static NDList arrays(GatedBranch gated) {
    return new NDList(gated.x(), gated.vectors().values(), gated.vectors().gradients());
  }

  /** Returns the positions and the examples of chosen rows; nothing for all rows. */
  private NDList chosen(NDManager scope, Rows rows) {
    return rows.chosen()
        .map(
            chosen ->
                new NDList(chosen.longs(), one(scope, "examples", chosen.longs(), rows.length())))
        .orElseGet(NDList::new);
  }

  @Override
  public void rotate(NDArray qkv, NDList rotary, int length) {
    try (NDManager scope = qkv.getManager().newSubManager()) {
      one(scope, "rotate", qkv, rotary).close();
    }
  }

  @Override
  public NDArray rotateBackward(NDManager scope, NDList gradients, NDList rotary, int length) {
    return one(
        scope, "rotateBackward", gradients.get(0), gradients.get(1), gradients.get(2), rotary);
  }

  @Override
  public NDArray gatedActivation(NDManager scope, NDArray u) {
    return one(scope, "gatedActivation", u);
  }

  @Override
  public NDArray gatedActivationBackward(NDManager scope, NDArray dg, NDArray u) {
    return one(scope, "gatedActivationBackward", dg, u);
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
    optimizer.update(trained, gradient, numbers);
    optimizer.copy(copy, trained.parameters());
  }

  @Override
  public void close() {
    optimizer.close();
    script.close();
  }

  private NDArray one(NDManager scope, String function, Object... arguments) {
    return script.run(scope, function, arguments).singletonOrThrow();
  }
}
