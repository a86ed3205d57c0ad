// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.method;

import io.github.md4.core.Choices;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The numbers of tokens that the steps of a block reveal, for {@link PublishedMethod.Blocks}. */
public enum BlockCounts {
  /**
   * LLaDA's (arXiv 2502.09992, its generate.py): equal parts, the remainder one each in the first
   * steps.
   */
  LLADA {
    @Override
    int[] of(int masks, int steps, int blocks) {
      int own = Math.max(1, steps / blocks);
      int[] counts = new int[own];
      Arrays.setAll(counts, i -> masks / own + (i < masks % own ? 1 : 0));
      return counts;
    }
  },
  /**
   * Those of dllm's MDLMSampler: a share of what is left, by a linear schedule in float32 and
   * rounded half to even; steps without a token are left out.
   */
  DLLM {
    @Override
    int[] of(int masks, int steps, int blocks) {
      int own = (steps + blocks - 1) / blocks;
      List<Integer> counts = new ArrayList<>();
      int left = masks;
      for (int j = 0; j < own; j++) {
        float t = (float) (own - j) / own;
        float s = (float) (own - j - 1) / own;
        float keep = (1 - (1 - s)) / (1 - (1 - t));
        int count = (int) Math.rint(left * (1 - (double) keep));
        if (count > 0) {
          counts.add(count);
          left -= count;
        }
      }
      return counts.stream().mapToInt(Integer::intValue).toArray();
    }
  };

  /**
   * Returns the numbers of a block's steps; their sum is the number of its masks.
   *
   * @param steps of all blocks together
   */
  abstract int[] of(int masks, int steps, int blocks);

  @Override
  public String toString() {
    return Choices.name(this);
  }
}
