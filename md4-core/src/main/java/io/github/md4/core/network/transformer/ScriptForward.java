// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.Precision;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.diffusion.Decoder;
import io.github.md4.core.diffusion.MixedLengths;
import io.github.md4.core.internal.torch.Hidden;
import io.github.md4.core.internal.torch.TorchScript;
import io.github.md4.core.internal.transformer.TransformerForward;
import io.github.md4.core.internal.transformer.TransformerForward.ConditionInputs;
import io.github.md4.core.internal.transformer.TransformerKernels;
import io.github.md4.core.network.TimeFeatures;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The forward pass of a transformer with frozen weights as one TorchScript function, on any device;
 * safe for several threads.
 */
final class ScriptForward implements FrozenForward {
  /** A product of fewer rows adds in another order. */
  private static final int LEAST_ROWS = 4;

  /** The numbers that the engine computes together at most: two vectors of a processor. */
  private static final int VECTOR = 32;

  /** A narrower network is not the same in a batch. */
  private static final int LEAST_WIDTH = 16;

  private final NDManager manager;
  private final TransformerConfig config;
  private final Precision precision;
  private final TransformerForward forward;
  private final Map<Integer, NDList> angles = new ConcurrentHashMap<>();

  /**
   * @param frozen closed by the caller, after this
   */
  ScriptForward(NDManager parent, TransformerKernels.Options options, FrozenWeights frozen) {
    this.manager = parent.newSubManager();
    this.config = frozen.config();
    this.precision = options.precision();
    ConditionInputs inputs =
        new ConditionInputs(config.timeFeatures() == TimeFeatures.T, config.classes() > 0);
    this.forward =
        new TransformerForward(manager, options, inputs, frozen.vocabularySize(), weights(frozen));
  }

  private TransformerForward.Weights weights(FrozenWeights frozen) {
    FusedWeights of = frozen.weights();
    List<Hidden> before = new ArrayList<>(List.of(frozen.table(), of.paddedCopy("head.weight")));
    before.addAll(
        config.isConditional() ? frozen.modulation() : List.of(norm(of, "head.norm.weight")));
    List<Hidden> ofLayers = new ArrayList<>();
    for (int layer = 0; layer < config.layers(); layer++) {
      ofLayers.addAll(branch(of, "layers." + layer + ".attention.", "qkv", "out"));
      ofLayers.addAll(branch(of, "layers." + layer + ".feedForward.", "in", "out"));
    }
    return new TransformerForward.Weights(condition(of), before, config.layers(), ofLayers);
  }

  private List<Hidden> branch(FusedWeights of, String name, String first, String second) {
    Hidden enter = of.copy(name + first + ".weight");
    Hidden leave = of.copy(name + second + ".weight");
    return config.isConditional()
        ? List.of(enter, leave)
        : List.of(norm(of, name + "norm.weight"), enter, leave);
  }

  private static Hidden norm(FusedWeights of, String name) {
    return TransformerForward.exact(of.exact(name));
  }

  private NDList condition(FusedWeights of) {
    boolean isTimed = config.timeFeatures() == TimeFeatures.T;
    NDList condition = isTimed ? of.exact(FusedCondition.DENSE) : new NDList();
    if (config.classes() > 0) {
      condition.add(of.exact(FusedCondition.CLASSES));
    }
    return condition;
  }

  @Override
  public NDArray logits(NDArray zt, Condition condition, NDArray rows) {
    try (NDManager scope = zt.getManager().newSubManager()) {
      NDArray logits =
          forward.logits(scope, zt, conditionInputs(scope, condition), rows, this::rotary);
      logits.attach(zt.getManager());
      return logits;
    }
  }

  @Override
  public Optional<MixedLengths> mixedLengths() {
    return Optional.of(
        (zts, condition, rows) -> {
          try (NDManager scope = rows.getManager().newSubManager()) {
            NDArray logits =
                forward.mixedLogits(
                    scope, zts, conditionInputs(scope, condition), rows, this::rotary);
            logits.attach(rows.getManager());
            return logits;
          }
        });
  }

  @Override
  public OptionalInt widthIfSame() {
    int width = config.heads() * config.headWidth();
    boolean isSame =
        !manager.getDevice().isGpu() && precision == Precision.FLOAT32 && width >= LEAST_WIDTH;
    return isSame ? OptionalInt.of(width) : OptionalInt.empty();
  }

  private NDList conditionInputs(NDManager scope, Condition condition) {
    FusedCondition.HostCondition host = FusedCondition.HostCondition.of(config, condition);
    NDList arrays = new NDList();
    if (config.timeFeatures() == TimeFeatures.T) {
      int width = config.headWidth();
      float[] features = host.timeFeatures();
      int rows = rows(features.length / width);
      float[] all = Arrays.copyOf(features, rows * width);
      for (int i = features.length; i < all.length; i++) {
        all[i] = all[i - width];
      }
      arrays.add(scope.create(all, new Shape(rows, width)));
    }
    if (config.classes() > 0) {
      long[] labels = host.labels();
      long[] all = Arrays.copyOf(labels, rows(labels.length));
      Arrays.fill(all, labels.length, all.length, labels[labels.length - 1]);
      arrays.add(scope.create(all));
    }
    return arrays;
  }

  /** Returns how often the condition is computed: {@code frozen.torchscript} has the reason. */
  private int rows(int examples) {
    int step = VECTOR / Math.min(VECTOR, Integer.lowestOneBit(config.headWidth()));
    return (Math.max(LEAST_ROWS, examples) + step - 1) / step * step;
  }

  private NDList rotary(int length) {
    return angles.computeIfAbsent(length, each -> Rotary.halves(manager, each, config.headWidth()));
  }

  /** Returns this network as one that keeps keys and values; it is closed before this. */
  Decoder keeping(NDManager parent, int slots, int length) {
    NDManager memory = parent.newSubManager();
    NDArray like = memory.create(0f);
    TorchScript.SharedList kept =
        new TorchScript.SharedList(forward.cache(memory, like, slots, length));
    TorchScript.SharedList angles = new TorchScript.SharedList(rotary(length));
    return new Decoder() {
      @Override
      public NDArray next(
          NDManager scope, int[] of, int past, int[][] tokens, Condition condition) {
        long[] flat = Arrays.stream(tokens).flatMapToInt(Arrays::stream).asLongStream().toArray();
        try (NDManager inner = scope.newSubManager()) {
          NDArray zt = inner.create(flat, new Shape(tokens.length, tokens[0].length));
          NDArray places = inner.create(Arrays.stream(of).asLongStream().toArray());
          return forward.next(
              scope, zt, conditionInputs(inner, condition), angles, kept, places, past);
        }
      }

      @Override
      public void close() {
        kept.close();
        angles.close();
        memory.close();
      }
    };
  }

  @Override
  public String description() {
    return "TorchScript";
  }

  @Override
  public void close() {
    forward.close();
    manager.close();
  }
}
