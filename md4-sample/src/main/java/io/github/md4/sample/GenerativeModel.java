// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.diffusion.TokenSpace;
import io.github.md4.core.schedule.Schedule;
import java.util.Objects;

/** A masked diffusion model as samplers see it: a network, its tokens, and its schedule. */
public record GenerativeModel(Denoiser denoiser, TokenSpace space, Schedule schedule) {

  /** Checks that all are there. */
  public GenerativeModel {
    Objects.requireNonNull(denoiser, "denoiser");
    Objects.requireNonNull(space, "space");
    Objects.requireNonNull(schedule, "schedule");
  }
}
