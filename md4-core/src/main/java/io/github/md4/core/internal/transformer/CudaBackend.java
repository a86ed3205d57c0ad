// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.Precision;
import io.github.md4.core.internal.cuda.CudaDevice;
import io.github.md4.core.internal.cuda.Nvrtc;
import io.github.md4.core.internal.cuda.PinnedUpload;
import io.github.md4.core.internal.cuda.RecordingStream;
import io.github.md4.core.internal.cuda.Upload;
import io.github.md4.core.internal.torch.BufferPool;
import io.github.md4.core.internal.torch.Cublas;
import io.github.md4.core.internal.torch.CublasLtLibrary;
import io.github.md4.core.internal.torch.Products;
import io.github.md4.core.internal.torch.SplitWeightGradients;
import io.github.md4.core.internal.torch.TorchScript;
import io.github.md4.core.internal.torch.TunedProducts;
import java.util.Optional;

/** The GPU's implementation of the transformer's hand-written pass in training. */
class CudaBackend implements FusedBackend {
  private static final int OCTET = 8;
  private static final int WIDEST = 2048;
  private static final int WIDEST_HEAD = 256;

  final CudaDevice cuda;
  final FusedKernels.Options options;

  CudaBackend(CudaDevice cuda, FusedKernels.Options options) {
    this.cuda = cuda;
    this.options = options;
  }

  /** Returns the GPU, if the kernels run on it for a network of these widths in bfloat16. */
  static Optional<CudaDevice> device(NDManager manager, FusedKernels.Options options) {
    return fits(options.network()) ? CudaDevice.forKernels(manager) : Optional.empty();
  }

  private static boolean fits(TransformerKernels.Options network) {
    int width = network.heads() * network.headWidth();
    return network.precision() == Precision.BFLOAT16
        && width % OCTET == 0
        && width <= WIDEST
        && network.headWidth() % OCTET == 0
        && network.headWidth() <= WIDEST_HEAD;
  }

  @Override
  public PointwiseKernels pointwiseKernels(NDManager manager, BufferPool pool) {
    return new CudaPointwiseKernels(manager, cuda, Nvrtc.find().orElseThrow(), options, pool);
  }

  @Override
  public String description() {
    String libraries = cuda.isHopper() ? CublasLtLibrary.descriptions() : "";
    return "hand-written backward, CUDA kernels of our own"
        + (libraries.isEmpty() ? "" : "; products by " + libraries);
  }

  @Override
  public Upload upload(NDManager manager) {
    return new PinnedUpload(cuda);
  }

  @Override
  public Optional<String> attention() {
    return Optional.of(TorchScript.resource(CudaBackend.class, "flash.torchscript"));
  }

  @Override
  public BufferPool bufferPool(NDManager manager) {
    return new BufferPool.Fresh(manager, options.network().precision());
  }

  @Override
  public Optional<Products> products(NDManager manager, BufferPool pool) {
    return cuda.isHopper()
        ? TunedProducts.find(manager, cuda, pool)
            .map(tuned -> SplitWeightGradients.before(tuned, manager, cuda))
        : Optional.empty();
  }

  @Override
  public Optional<AttentionKernels> ownAttention(NDManager manager, BufferPool pool) {
    return HopperAttention.find(cuda, options, pool);
  }

  /** The GPU's implementation of the forward pass with frozen weights. */
  static final class Frozen extends CudaBackend {
    Frozen(CudaDevice cuda, FusedKernels.Options options) {
      super(cuda, options);
    }

    @Override
    public Optional<RecordingStream> recordingStream() {
      return cuda.isHopper() ? RecordingStream.find(cuda) : Optional.empty();
    }

    @Override
    public BufferPool bufferPool(NDManager manager) {
      return new BufferPool.Reused(manager, options.stream(), options.network().precision());
    }

    @Override
    public Optional<AttentionKernels> ownAttention(NDManager manager, BufferPool pool) {
      return HopperAttention.findFrozen(cuda, options.network(), pool);
    }

    @Override
    public Optional<Products> products(NDManager manager, BufferPool pool) {
      Products products =
          Cublas.find(cuda, pool).orElseGet(() -> new Products.Script(manager, pool));
      return Optional.of(cuda.isHopper() ? own(pool, products) : products);
    }

    /** Products of our own in front of others. */
    private Products own(BufferPool pool, Products others) {
      Nvrtc compiler = Nvrtc.find().orElseThrow();
      Products large = new HopperLargeProducts(cuda, compiler, options, pool, others);
      return new HopperProducts(cuda, compiler, options.network(), pool, large);
    }

    @Override
    public Optional<TransformerStepKernels> steps() {
      return TransformerStepKernels.find(cuda, options);
    }
  }
}
