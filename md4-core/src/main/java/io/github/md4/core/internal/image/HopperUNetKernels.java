// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.image;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.internal.image.FilterPacks.Pack;
import io.github.md4.core.internal.image.HopperConvolutions.Base;
import io.github.md4.core.internal.image.HopperConvolutions.Norm;
import io.github.md4.core.internal.image.ResBlockSteps.Modulation;
import io.github.md4.core.internal.image.ResBlockSteps.SecondHalf;
import io.github.md4.core.internal.torch.Hidden;
import io.github.md4.core.internal.torch.TorchScript;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * {@link InferenceUNetKernels} with convolutions of our own wherever maps have few channels and
 * weights never change: two kernels a ResBlock. Such a map is followed in memory by its moments,
 * whoever made it.
 */
final class HopperUNetKernels extends InferenceUNetKernels {
  private static final String SOURCE =
      """
      def product(self: __torch__.M, c: Tensor, w: Tensor, b: Tensor) -> Tensor:
        return torch.linear(c, w, b)
      # x + attention(normed), maps [B, C, H, W], their channels last in memory
      def attended(self: __torch__.M, x: Tensor, normed: Tensor, w: List[Tensor]) -> Tensor:
        t = torch.flatten(torch.permute(normed, [0, 2, 3, 1]), 1, 2)  # [B, H W, C]
        q, k, v = torch.chunk(torch.linear(t, w[0], w[1]).unsqueeze(1), 3, -1)  # [B, 1, H W, C]
        o = torch.scaled_dot_product_attention(q, k, v, None, 0.0, False).squeeze(1)
        y = torch.unflatten(torch.linear(o, w[2], w[3]), 1, [x.size(2), x.size(3)])
        return torch.add(x, torch.permute(y, [0, 3, 1, 2]))
      # logits: a map [B, C V, H, W], its channels last in memory
      def rows(self: __torch__.M, logits: Tensor, rows: Tensor, vocabulary: int) -> Tensor:
        all = torch.permute(logits, [0, 2, 3, 1]).reshape([-1, vocabulary])
        return torch.index_select(all, 0, rows)
      """;

  private static final int PACK = 8; // logits that a kernel writes together

  private final HopperConvolutions convolutions;
  private final TorchScript script;
  private final int colours;

  HopperUNetKernels(
      NDManager parent,
      Options options,
      UNetKernels others,
      NormActivationKernels.Factory factory,
      HopperConvolutions convolutions) {
    super(parent, options, others, factory);
    this.convolutions = convolutions;
    this.script = TorchScript.load(parent, Map.of(), SOURCE);
    this.colours = options.colours();
  }

  @Override
  public Optional<FilterPacks> packs(NDManager parent) {
    return Optional.of(convolutions.packs(parent));
  }

  @Override
  public Hidden plainBlock(
      NDManager scope, Optional<FilterPacks> packs, List<Hidden> x, NDList norm, NDList w) {
    if (packs.isEmpty()) { // nobody reads moments
      return super.plainResidual(scope, x, affineActivated(scope, x, norm), w);
    }
    return taking(packs, x, w.get(0))
        .map(
            of -> {
              SecondHalf second = SecondHalf.of(w, FirstHalf.Plain.TAKEN);
              return block(scope, of, x, norm(norm), w.get(0), w.get(1), norm(w, 2), second);
            })
        .orElseGet(() -> super.plainBlock(scope, packs, x, norm, w));
  }

  @Override
  public Hidden addedBlock(
      NDManager scope,
      Optional<FilterPacks> packs,
      List<Hidden> x,
      NDArray c,
      KnownProducts known,
      NDList norm,
      NDList w) {
    if (packs.isEmpty()) {
      return super.addedResidual(scope, x, affineActivated(scope, x, norm), c, known, w);
    }
    return taking(packs, x, w.get(1))
        .map(
            of -> {
              NDArray product =
                  known.of(w.get(0)).orElseGet(() -> one(scope, "product", c, w.get(0), w.get(2)));
              SecondHalf second = SecondHalf.of(w, FirstHalf.Biased.TAKEN);
              return block(scope, of, x, norm(norm), w.get(1), product, norm(w, 3), second);
            })
        .orElseGet(() -> super.addedBlock(scope, packs, x, c, known, norm, w));
  }

  @Override
  public Hidden adaptiveBlock(
      NDManager scope,
      Optional<FilterPacks> packs,
      List<Hidden> x,
      NDArray c,
      NDList norm,
      NDList w) {
    if (packs.isEmpty()) {
      return super.adaptiveResidual(scope, x, adaptiveActivated(scope, x, c, norm), c, w);
    }
    return taking(packs, x, w.get(0))
        .map(
            of -> {
              Norm first = norm(modulation(scope, c, norm));
              Norm inside = norm(modulation(scope, c, w.subNDList(2)));
              SecondHalf second = SecondHalf.of(w, FirstHalf.Modulated.TAKEN);
              return block(scope, of, x, first, w.get(0), w.get(1), inside, second);
            })
        .orElseGet(() -> super.adaptiveBlock(scope, packs, x, c, norm, w));
  }

  @Override
  public Hidden attended(NDManager scope, Optional<FilterPacks> packs, Hidden x, NDList weights) {
    if (packs.isEmpty() || !HopperConvolutions.takes(List.of(x.array))) {
      return super.attended(scope, packs, x, weights);
    }
    try (NDManager inner = scope.newSubManager()) {
      NDArray normed = convolutions.normalised(inner, x.array, norm(weights));
      NDArray y = one(inner, "attended", x.array, normed, weights.subNDList(2));
      return new Hidden(convolutions.measured(scope, y));
    }
  }

  @Override
  public Hidden normedHead(
      NDManager scope,
      Optional<FilterPacks> packs,
      Hidden x,
      NDList norm,
      NDArray rows,
      NDList filtersAndBias) {
    int columns = (int) filtersAndBias.get(0).getShape().get(0);
    if (packs.isEmpty() || columns % PACK != 0 || !HopperConvolutions.takes(List.of(x.array))) {
      return super.normedHead(scope, packs, x, norm, rows, filtersAndBias);
    }
    Pack pack =
        packs
            .get()
            .of(
                convolutions.columns(x.array, columns),
                filtersAndBias.get(0),
                filtersAndBias.get(1),
                List.of());
    try (NDManager inner = scope.newSubManager()) {
      NDArray logits =
          convolutions.logits(
              inner, List.of(x.array), norm(norm), pack.filters(), pack.bias().get(0), columns);
      return new Hidden(one(scope, "rows", logits, rows, columns / colours));
    }
  }

  /** Returns the packs of a ResBlock that the convolutions take, by its first filters. */
  private Optional<FilterPacks> taking(
      Optional<FilterPacks> packs, List<Hidden> x, NDArray filters) {
    long out = filters.getShape().get(0);
    return packs.filter(
        known -> HopperConvolutions.takes(arrays(x)) && HopperConvolutions.takes(out));
  }

  private Hidden block(
      NDManager scope,
      FilterPacks packs,
      List<Hidden> x,
      Norm norm,
      NDArray filters,
      NDArray bias,
      Norm inside,
      SecondHalf second) {
    int channels = (int) filters.getShape().get(0);
    int columns = convolutions.columns(x.get(0).array, channels);
    Pack pack = packs.of(columns, second.filters(), second.bias(), second.projection());
    Base base = new Base(arrays(x), pack.projection());
    try (NDManager inner = scope.newSubManager()) {
      NDArray h =
          convolutions.map(
              inner,
              arrays(x),
              norm,
              packs.of(columns, filters).filters(),
              bias,
              Base.NOTHING,
              channels);
      return new Hidden(
          convolutions.map(
              scope, List.of(h), inside, pack.filters(), pack.bias().get(0), base, channels));
    }
  }

  private NDList modulation(NDManager scope, NDArray c, NDList productAndBias) {
    return Modulation.of(c, productAndBias).values(steps().script(), scope);
  }

  private static Norm norm(NDList scaleAndShift) {
    return norm(scaleAndShift, 0);
  }

  private static Norm norm(NDList weights, int at) {
    return new Norm(weights.get(at), weights.get(at + 1));
  }

  private static List<NDArray> arrays(List<Hidden> maps) {
    return maps.stream().map(map -> map.array).toList();
  }

  private NDArray one(NDManager scope, String function, Object... arguments) {
    return script.run(scope, function, arguments).singletonOrThrow();
  }

  @Override
  public Hidden plainResidual(NDManager scope, List<Hidden> x, Hidden a, NDList w) {
    return measured(scope, super.plainResidual(scope, x, a, w));
  }

  @Override
  public Hidden addedResidual(
      NDManager scope, List<Hidden> x, Hidden a, NDArray c, KnownProducts known, NDList w) {
    return measured(scope, super.addedResidual(scope, x, a, c, known, w));
  }

  @Override
  public Hidden adaptiveResidual(NDManager scope, List<Hidden> x, Hidden a, NDArray c, NDList w) {
    return measured(scope, super.adaptiveResidual(scope, x, a, c, w));
  }

  @Override
  Hidden dense(NDManager scope, Hidden map) {
    return measured(scope, super.dense(scope, map));
  }

  /**
   * Returns a map as others find it: with its moments, if it has few channels; closes the given
   * one.
   */
  private Hidden measured(NDManager scope, Hidden map) {
    if (!HopperConvolutions.takes(map.array.getShape().get(1))) {
      return map;
    }
    try (map) {
      return new Hidden(convolutions.measured(scope, map.array));
    }
  }

  @Override
  public String description() {
    return super.description() + ", and convolutions of our own";
  }

  @Override
  public synchronized void close() {
    convolutions.close();
    script.close();
    super.close();
  }
}
