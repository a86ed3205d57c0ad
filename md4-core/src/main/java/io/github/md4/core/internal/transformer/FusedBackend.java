// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.internal.cuda.RecordingStream;
import io.github.md4.core.internal.cuda.Upload;
import io.github.md4.core.internal.torch.BufferPool;
import io.github.md4.core.internal.torch.Products;
import io.github.md4.core.internal.torch.TorchScript;
import java.util.Optional;

/** The device-dependent parts of {@link FusedKernels}. */
interface FusedBackend {
  PointwiseKernels pointwiseKernels(NDManager manager, BufferPool pool);

  /** Returns a line that names the implementation. */
  String description();

  Upload upload(NDManager manager);

  /**
   * Returns the TorchScript functions {@code attention} and {@code attentionBackward}; empty where
   * there is always {@link #ownAttention}.
   */
  Optional<String> attention();

  /** Returns the TorchScript functions {@code product} and {@code inputGradient}. */
  default String productFunctions() {
    return TorchScript.resource(FusedBackend.class, "products.torchscript");
  }

  /** Returns the TorchScript functions {@code modulations} and {@code modulationsBackward}. */
  default String modulationFunctions() {
    return TorchScript.resource(FusedBackend.class, "modulations.torchscript");
  }

  /** Returns attention of our own; without it libtorch attends. */
  default Optional<AttentionKernels> ownAttention(NDManager manager, BufferPool pool) {
    return Optional.empty();
  }

  /** Returns the kernels of whole steps of sampling; empty where there are none. */
  default Optional<TransformerStepKernels> steps() {
    return Optional.empty();
  }

  /** Returns a stream to record forward passes on; empty where that was not tried. */
  default Optional<RecordingStream> recordingStream() {
    return Optional.empty();
  }

  /** Returns the pool of the buffers that a forward pass writes into. */
  BufferPool bufferPool(NDManager manager);

  /**
   * Returns products that write into the pool's buffers; without them libtorch makes new arrays.
   */
  Optional<Products> products(NDManager manager, BufferPool pool);
}
