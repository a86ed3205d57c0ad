// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.diffusion.Generation;
import io.github.md4.core.diffusion.Objective;
import io.github.md4.core.internal.torch.ComputeThreads;
import io.github.md4.core.model.SavedModel;
import io.github.md4.core.schedule.Schedule;
import io.github.md4.core.token.Tokenizer;
import io.github.md4.sample.trajectory.NoDistributionException;

/**
 * A model on a CPU whose calls are divided among threads that compute alone.
 *
 * @param denoiser its network, divided among {@code threads}
 */
record DividedContent(ModelContent content, Denoiser denoiser, ComputeThreads threads)
    implements ModelContent {
  @Override
  public Schedule schedule() {
    return content.schedule();
  }

  @Override
  public Tokenizer tokenizer() {
    return content.tokenizer();
  }

  @Override
  public int length() {
    return content.length();
  }

  @Override
  public Generation generation() {
    return content.generation();
  }

  @Override
  public Objective objective() {
    return content.objective();
  }

  @Override
  public RuntimeException damage(NoDistributionException e) {
    return content.damage(e);
  }

  @Override
  public SavedModel.Description description() {
    return content.description();
  }

  @Override
  public boolean computesAlone() {
    return true;
  }

  @Override
  public void close() {
    threads.close();
    content.close();
  }
}
