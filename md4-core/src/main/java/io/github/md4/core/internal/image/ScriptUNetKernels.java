// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.image;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.jni.JniUtils;
import io.github.md4.core.MemoryFormat;
import io.github.md4.core.internal.torch.Hidden;
import io.github.md4.core.internal.torch.KernelCalls;
import io.github.md4.core.internal.torch.TorchScript;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The functions of {@code unet.torchscript}, run or recorded. */
final class ScriptUNetKernels implements UNetKernels {
  private static final String SOURCE =
      TorchScript.resource(ScriptUNetKernels.class, "unet.torchscript");

  private final KernelCalls calls;

  private ScriptUNetKernels(KernelCalls calls) {
    this.calls = calls;
  }

  static ScriptUNetKernels forInference(NDManager parent, Options options) {
    return new ScriptUNetKernels(KernelCalls.run(load(parent, options, 0)));
  }

  static ScriptUNetKernels forTraining(NDManager parent, Options options, double dropout) {
    JniUtils.setBenchmarkCuDNN(true); // every step has the same shapes: the search pays once
    return new ScriptUNetKernels(KernelCalls.record(load(parent, options, dropout)));
  }

  private static TorchScript load(NDManager parent, Options options, double dropout) {
    Map<String, Object> constants = new LinkedHashMap<>();
    constants.put("dtype", options.precision().scalarType);
    constants.put("stream", options.stream().scalarType);
    constants.put("channelsLast", options.memoryFormat() == MemoryFormat.CHANNELS_LAST);
    constants.put("fillsChannels", !ConvolutionCheck.isRight(parent.getDevice()));
    constants.put("height", options.height());
    constants.put("width", options.width());
    constants.put("colours", options.colours());
    constants.put("groups", GROUPS);
    constants.put("epsilon", EPSILON);
    constants.put("dropout", dropout);
    return TorchScript.load(parent, constants, SOURCE);
  }

  @Override
  public Hidden embed(NDManager scope, NDArray zt, NDArray table, NDList filtersAndBias) {
    return calls.hidden(scope, "embed", zt, table, filtersAndBias.get(0), filtersAndBias.get(1));
  }

  @Override
  public Hidden affineActivated(NDManager scope, List<Hidden> x, NDList norm) {
    return calls.hidden(scope, "affineActivated", only(x), norm.get(0), norm.get(1));
  }

  @Override
  public Hidden adaptiveActivated(NDManager scope, List<Hidden> x, NDArray c, NDList norm) {
    return calls.hidden(scope, "adaptiveActivated", only(x), c, norm.get(0), norm.get(1));
  }

  @Override
  public Hidden plainResidual(NDManager scope, List<Hidden> x, Hidden a, NDList weights) {
    return calls.hidden(scope, "plainResidual", only(x), a.array, weights);
  }

  @Override
  public Hidden addedResidual(
      NDManager scope, List<Hidden> x, Hidden a, NDArray c, KnownProducts known, NDList weights) {
    return calls.hidden(scope, "addedResidual", only(x), a.array, c, weights);
  }

  @Override
  public Hidden adaptiveResidual(
      NDManager scope, List<Hidden> x, Hidden a, NDArray c, NDList weights) {
    return calls.hidden(scope, "adaptiveResidual", only(x), a.array, c, weights);
  }

  @Override
  public List<Hidden> joined(NDManager scope, Hidden x, Hidden skip) {
    return List.of(calls.hidden(scope, "joined", x.array, skip.array));
  }

  /** Returns the one map of what {@link #joined} makes. */
  private static NDArray only(List<Hidden> x) {
    return x.get(0).array;
  }

  @Override
  public Hidden halved(NDManager scope, Hidden x) {
    return calls.hidden(scope, "halved", x.array);
  }

  @Override
  public Hidden doubled(NDManager scope, Hidden x) {
    return calls.hidden(scope, "doubled", x.array);
  }

  @Override
  public Hidden attended(NDManager scope, Hidden x, NDList weights) {
    return calls.hidden(scope, "attended", x.array, weights);
  }

  @Override
  public Hidden head(NDManager scope, Hidden a, NDArray rows, NDList filtersAndBias) {
    return calls.hidden(scope, "head", a.array, rows, filtersAndBias.get(0), filtersAndBias.get(1));
  }

  @Override
  public NDArray exact(NDManager scope, Hidden logits) {
    try (logits) {
      return calls.array(scope, "exact", logits.array);
    }
  }

  @Override
  public Hidden part(NDManager scope, Hidden x, NDList condition, NDList weights, Part part) {
    return part.of(scope, x, condition);
  }

  @Override
  public void close() {
    calls.close();
  }
}
