// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.plan;

import io.github.md4.core.Precision;
import io.github.md4.core.network.TrainingOptions.Recompute;
import io.github.md4.core.network.transformer.TransformerConfig;
import io.github.md4.train.config.Batching;
import io.github.md4.train.config.Computation;
import io.github.md4.train.config.TrainingConfig;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The memory that a transformer's training by the hand-written pass takes on an NVIDIA GPU, from
 * the arrays that the pass keeps. What CUDA, its libraries and the engine's cache take beside them,
 * and the temporary arrays of the backward pass, are fitted to the recorded runs of
 * docs/lab/performance.md, which the sum meets within 4%.
 *
 * @param length of a sequence
 * @param parameters their number
 */
record GpuArithmetic(
    TransformerConfig network,
    int length,
    int vocabularySize,
    long parameters,
    TrainingConfig training) {
  private static final long MIB = 1L << 20;
  private static final int NARROW = 2;
  private static final int WIDE = 4;

  /** CUDA's context and libraries, workspaces and what the cache of the engine loses. */
  private static final double BESIDE_MIB = 3078;

  /** Bytes of a backward pass's temporary arrays, for each token and unit of the width. */
  private static final double TEMPORARY = 22.4;

  /** The head's rows are padded to whole numbers of these. */
  private static final int PADDING = 64;

  /** Half of all positions are masked on average; the head and the last feed-forward see these. */
  private static final double ASKED = 0.5;

  /** Returns whether the hand-written pass would run, on a GPU that has it. */
  boolean isOfThisPass() {
    return training.computation().precision() == Precision.BFLOAT16
        && network.width() % 8 == 0
        && !network.causal();
  }

  /** Returns the bytes by part. */
  Map<String, Long> parts() {
    Map<String, Long> parts = new LinkedHashMap<>();
    parts.put("weights", (long) (WIDE + NARROW) * parameters);
    parts.put("moments", 2L * WIDE * parameters);
    parts.put("average", training.optimization().average().emaRate() == 0 ? 0 : WIDE * parameters);
    parts.put("gradients", (NARROW + sums()) * parameters);
    parts.put("activations", (long) activations());
    parts.put("logits", (long) logits());
    parts.put("the rest", (long) (BESIDE_MIB * MIB + temporary()));
    return parts;
  }

  /** Returns the bytes a parameter that micro-batches are added up in. */
  private long sums() {
    return batching().microBatch() < batching().batchSize() || batching().samples() > 1 ? WIDE : 0;
  }

  private Batching batching() {
    return training.batching();
  }

  private Computation computation() {
    return training.computation();
  }

  private double tokens() {
    return (double) batching().microBatch() * length;
  }

  private int stream() {
    return computation().residual() == Precision.BFLOAT16 ? NARROW : WIDE;
  }

  private double activations() {
    double width = network.width();
    double qkv = width + 2.0 * network.keyValueHeads() * network.headWidth();
    double hidden = 3.0 * network.hiddenWidth();
    double ofLayer = NARROW * (5 * width + qkv + hidden) + 2 * stream() * width;
    if (computation().recompute() == Recompute.LAYER) {
      return tokens() * (network.layers() * (stream() + NARROW) * width + ofLayer);
    }
    double afterAttention = NARROW * (3 * width + hidden) + stream() * width;
    return tokens() * (network.layers() * ofLayer - (1 - ASKED) * afterAttention);
  }

  private double logits() {
    double padded = Math.ceil((double) vocabularySize / PADDING) * PADDING;
    return NARROW * ASKED * tokens() * padded;
  }

  private double temporary() {
    return tokens() * network.width() * (2 * stream() + TEMPORARY);
  }
}
