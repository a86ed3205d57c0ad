// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.image;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.internal.cuda.CudaDevice;
import io.github.md4.core.internal.cuda.RecordingStream;
import io.github.md4.core.internal.torch.TorchScript;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/** {@link FilterPacks} for the kernels of {@code convolution.cu}. Safe for use by threads. */
final class LaidOutFilters implements FilterPacks {
  private static final String SOURCE =
      """
      # w: [O, places, C], O filled up with zeros to a multiple of N
      def laidOut(self: __torch__.M, w: Tensor, N: int) -> Tensor:
        filled = torch.constant_pad_nd(w, [0, 0, 0, 0, 0, (N - w.size(0) % N) % N], 0)
        eights = filled.view([-1, N, w.size(1), w.size(2) // 16, 2, 8])
        return torch.permute(eights, [0, 3, 2, 4, 1, 5]).contiguous().to(15)
      def filters(self: __torch__.M, w: Tensor, N: int) -> Tensor:
        return self.laidOut(torch.flatten(w, 1, 2), N)
      def product(self: __torch__.M, w: Tensor, N: int) -> Tensor:
        return self.laidOut(w.unsqueeze(1), N)
      def exact(self: __torch__.M, b: Tensor, more: List[Tensor]) -> Tensor:
        sum = torch.clone(b.to(6))
        for each in more:
          sum.add_(each.to(6))
        return sum
      """;

  private final CudaDevice device;
  private final NDManager manager;
  private final TorchScript script;
  private final Map<Integer, Map<NDArray, Pack>> packs = new HashMap<>(); // by columns

  LaidOutFilters(NDManager parent, CudaDevice device) {
    this.device = device;
    this.manager = parent.newSubManager();
    this.script = TorchScript.load(manager, Map.of(), SOURCE);
  }

  @Override
  public synchronized Pack of(int columns, NDArray filters) {
    return packs(columns)
        .computeIfAbsent(
            filters, made -> whole(new Pack(one("filters", made, columns), List.of(), List.of())));
  }

  @Override
  public synchronized Pack of(
      int columns, NDArray filters, NDArray bias, List<NDArray> projection) {
    return packs(columns)
        .computeIfAbsent(filters, made -> whole(pack(columns, made, bias, projection)));
  }

  private Map<NDArray, Pack> packs(int columns) {
    return packs.computeIfAbsent(columns, unseen -> new IdentityHashMap<>());
  }

  private Pack pack(int columns, NDArray filters, NDArray bias, List<NDArray> projection) {
    boolean isProjected = !projection.isEmpty();
    NDArray sum = one("exact", bias, isProjected ? projection.subList(1, 2) : List.of());
    return new Pack(
        one("filters", filters, columns),
        List.of(sum),
        isProjected ? List.of(one("product", projection.get(0), columns)) : List.of());
  }

  /** Waits for the pack: kernels read it before what is queued in front of them has ended. */
  private Pack whole(Pack pack) {
    RecordingStream.awaitCurrent(device);
    return pack;
  }

  private NDArray one(String function, Object... arguments) {
    NDList made = script.run(manager, function, arguments);
    return made.singletonOrThrow();
  }

  @Override
  public void close() {
    script.close();
    manager.close();
  }
}
