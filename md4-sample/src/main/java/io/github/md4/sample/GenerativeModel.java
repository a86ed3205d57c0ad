// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.diffusion.Generation;
import io.github.md4.core.diffusion.TokenSpace;
import io.github.md4.core.schedule.Schedule;
import java.util.Objects;

/**
 * A model as samplers see it: a network, its tokens, its schedule, and the way in which its
 * sequences come about.
 *
 * @param denoiser the network: from partly masked tokens int64 [B, N], times and asked rows to
 *     logits float32 [R, V]; stays the caller's
 * @param space the vocabulary: ids 0 to V - 1 are tokens, V is the mask
 * @param schedule the schedule, shared or with a power for each token
 * @param generation how sequences come about: by unmasking, from left to right, by uniform noise
 */
public record GenerativeModel(
    Denoiser denoiser, TokenSpace space, Schedule schedule, Generation generation) {

  /**
   * Checks that all are there.
   *
   * @param denoiser the network: from partly masked tokens int64 [B, N], times and asked rows to
   *     logits float32 [R, V]; stays the caller's
   * @param space the vocabulary: ids 0 to V - 1 are tokens, V is the mask
   * @param schedule the schedule, shared or with a power for each token
   * @param generation how sequences come about: by unmasking, from left to right, by uniform noise
   * @throws NullPointerException if one is null
   */
  public GenerativeModel {
    Objects.requireNonNull(denoiser, "denoiser");
    Objects.requireNonNull(space, "space");
    Objects.requireNonNull(schedule, "schedule");
    Objects.requireNonNull(generation, "generation");
  }

  /**
   * Makes a masked diffusion model whose network guesses clean tokens.
   *
   * @param denoiser the network: from partly masked tokens int64 [B, N], times and asked rows to
   *     logits float32 [R, V]; stays the caller's
   * @param space the vocabulary: ids 0 to V - 1 are tokens, V is the mask
   * @param schedule the schedule, shared or with a power for each token
   */
  public GenerativeModel(Denoiser denoiser, TokenSpace space, Schedule schedule) {
    this(denoiser, space, schedule, new Generation.Unmasking());
  }
}
