// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.kernel;

import ai.djl.ndarray.NDManager;
import java.util.Optional;

/** What a GPU gives to the transformer's hand-written pass in training. */
class CudaParts implements FusedKernels.DeviceParts {
  final CudaDevice cuda;
  final FusedKernels.Options options;

  CudaParts(CudaDevice cuda, FusedKernels.Options options) {
    this.cuda = cuda;
    this.options = options;
  }

  @Override
  public Passes passes(NDManager manager, Room room) {
    return new CudaPasses(manager, cuda, Nvrtc.find().orElseThrow(), options, room);
  }

  @Override
  public Upload upload(NDManager manager) {
    return new PinnedUpload(cuda);
  }

  @Override
  public String attention() {
    return TorchScript.resource("flash.torchscript");
  }

  @Override
  public Room room(NDManager manager) {
    return new Room.Fresh(manager, options.network().precision());
  }

  @Override
  public Optional<Products> products(NDManager manager, Room room) {
    return Optional.empty();
  }

  /** And to its forward with frozen weights. */
  static final class Frozen extends CudaParts {
    Frozen(CudaDevice cuda, FusedKernels.Options options) {
      super(cuda, options);
    }

    @Override
    public Room room(NDManager manager) {
      return new Room.Kept(manager, options.stream(), options.network().precision());
    }

    @Override
    public Optional<Products> products(NDManager manager, Room room) {
      return Cublas.find(cuda, room).or(() -> Optional.of(new Products.Script(manager, room)));
    }
  }
}
