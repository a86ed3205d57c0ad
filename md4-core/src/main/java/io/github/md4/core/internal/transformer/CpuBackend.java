// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import ai.djl.Device;
import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.Precision;
import io.github.md4.core.internal.cuda.Upload;
import io.github.md4.core.internal.torch.BufferPool;
import io.github.md4.core.internal.torch.Products;
import io.github.md4.core.internal.torch.TorchScript;
import java.util.Map;
import java.util.Optional;

/** The CPU's implementation of the transformer's hand-written pass in training, in float32. */
final class CpuBackend implements FusedBackend {
  private final FusedKernels.Options options;

  CpuBackend(FusedKernels.Options options) {
    this.options = options;
  }

  /** Returns whether this runs: on a CPU, where all is float32. */
  static boolean fits(Device device, FusedKernels.Options options) {
    return !device.isGpu()
        && options.network().precision() == Precision.FLOAT32
        && options.stream() == Precision.FLOAT32;
  }

  @Override
  public PointwiseKernels pointwiseKernels(NDManager manager, BufferPool pool) {
    return new CpuPointwiseKernels(manager, options.network());
  }

  @Override
  public String description() {
    return "hand-written backward, operations of libtorch";
  }

  @Override
  public Upload upload(NDManager manager) {
    return Upload.plain();
  }

  @Override
  public Optional<String> attention() {
    return Optional.empty();
  }

  @Override
  public Optional<AttentionKernels> ownAttention(NDManager manager, BufferPool pool) {
    return Optional.of(new CpuAttention(manager, options));
  }

  @Override
  public BufferPool bufferPool(NDManager manager) {
    return new BufferPool.Fresh(manager, Precision.FLOAT32);
  }

  @Override
  public Optional<Products> products(NDManager manager, BufferPool pool) {
    return Optional.empty();
  }

  @Override
  public String modulationFunctions() {
    return TorchScript.resource(CpuBackend.class, "modulations-apart.torchscript");
  }

  /** Returns products by oneDNN where libtorch was built with it. */
  @Override
  public String productFunctions() {
    String oneDnn = TorchScript.resource(CpuBackend.class, "products-onednn.torchscript");
    try (NDManager manager = NDManager.newBaseManager(Device.cpu())) {
      TorchScript.load(manager, Map.of(), oneDnn).close();
      return oneDnn;
    } catch (EngineException e) {
      return FusedBackend.super.productFunctions();
    }
  }
}
